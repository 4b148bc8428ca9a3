import type { Detectors, MaskPlan, Output, ValueMask } from '@hoop/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copyRewriter } from './copy.ts'
import { type CopyFormat, lineReadings, type MessageRoom, messageHeader } from './copy-format.ts'

const redacted = Buffer.from('(hidden)')
const mask: ValueMask = {
  rule: 'Mask/secret',
  method: 'redact',
  looksMasked: () => false,
  text: () => redacted.toString(),
  ascii: (_bytes, _start, _end, into, at) => {
    into.set(redacted, at)
    return at + redacted.length
  },
}
/** Finds every 7, in its own way. */
const sevens: Detectors = {
  find: (bytes, start, end) =>
    Array.from(bytes.subarray(start, end)).flatMap((byte, i) =>
      byte === 0x37 ? [{ start: start + i, end: start + i + 1, kind: 'card', rule: 'Mask/sevens' }] : [],
    ),
  blank: (bytes, findings) => {
    for (const { start } of findings) bytes[start] = 0x2a
  },
  text: (text) => ({ text, masked: {} }),
}

const columns = ['id', 'secret', 'note', 'secret']
const outputs = columns.map((column): Output => ({ name: column, sources: [{ schema: 'public', table: 't', column }] }))
const planOf = (hasColumns: boolean, detectors: Detectors | null): MaskPlan => ({
  ...{ empty: false, hasColumns, hasFields: false, fields: () => null, detectors },
  column: (sources) => (hasColumns && sources !== 'opaque' && sources[0]?.column === 'secret' ? mask : null),
})

const field = fc
  .array(fc.constantFrom('a', '7', '\\N', '\\t', '\\\\', '\\', '\\.', 'nil', '\r', '\n', '\\\n', 'é', ' ', ','), { maxLength: 4 })
  .map((parts) => parts.join(''))
const line = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom('7', 'ada', '\\N', 'nil', '', 'x'.repeat(80)) }, field), {
      ...{ minLength: 3, maxLength: 5 },
    }),
    fc.constantFrom('\n', '\n', '\n', '\r\n', ''),
  )
  .chain(([fields, ending]) => fc.constantFrom('\t', ' ').map((delimiter) => fields.join(delimiter) + ending))

/** A room that is not empty, in which what lies behind the line must stay. */
function room(): MessageRoom & { readonly bytes: Buffer } {
  const bytes = Buffer.alloc(1000, '!')
  return { bytes, position: 11, reserve: () => bytes }
}

test('a line that is masked on the quick way is what it is on the other', () => {
  let quick = 0
  const options = fc.record({ delimiter: fc.constantFrom('\t', '\t', ' '), null: fc.constantFrom('\\N', 'nil', '') })
  fc.assert(
    fc.property(line, options, fc.boolean(), fc.boolean(), (text, chosen, named, detecting) => {
      const format: CopyFormat = { format: 'text', options: { quote: '"', escape: '"', header: false, ...chosen }, outputs }
      const plan = planOf(named, detecting ? sevens : null)
      const counted: string[][] = [[], []]
      const [one, other] = counted.map((rules) => copyRewriter(format, plan, (rule) => void rules.push(rule)))
      const bytes = Buffer.from(`>${text}<`)
      const end = bytes.length - 1
      const { position, reserve, bytes: into } = room()
      const to = one?.line?.(bytes, 1, end, { position, reserve })
      expect(to).toBeDefined()
      if (to === undefined || to === lineReadings.unread) {
        expect(counted[0]).toEqual([])
        return
      }
      quick++
      const sent = bytes.subarray(1, end)
      const lines = [other?.push(sent), other?.end()].flatMap((lines) => lines?.masked ?? [])
      const written = to === lineReadings.unmasked ? sent : into.subarray(position + messageHeader, to)
      expect(written.toString('latin1')).toBe(Buffer.concat(lines).toString('latin1'))
      expect(counted[0]?.toSorted()).toEqual(counted[1]?.toSorted())
      expect(one?.end()).toEqual(other?.end())
    }),
    { numRuns: 3000 },
  )
  expect(quick).toBeGreaterThan(200)
})
