import type { Detectors, MaskPlan, ValueMask } from '@hoop/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ProtocolViolation } from '../bytes.ts'
import { fixtureCatalogue } from './catalogue.fixture.ts'
import { write } from './codec.ts'
import { lineReadings, type MessageRoom, messageHeader } from './copy-format.ts'
import { integerDigits, numericDigits } from './number-digits.ts'
import { type ColumnAction, planRows, rewriteRow } from './results.ts'
import { RowWriter } from './row-writing.ts'
import { ValueStyles } from './value-styles.ts'
import { binaryText, types } from './values.ts'

const stars: ValueMask = {
  rule: 'Mask/stars',
  method: 'fixed',
  looksMasked: () => false,
  text: () => '*****',
  ascii: (_bytes, _start, _end, into, at) => into.fill(0x2a, at, at + 5) && at + 5,
}
const long: ValueMask = { rule: 'Mask/long', method: 'hash', looksMasked: () => false, text: (value) => `${value}-`.repeat(20) }
const nothing: ValueMask = { rule: 'Mask/nothing', method: 'null', looksMasked: () => false, text: () => null }

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

const int8 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}
const numeric = (weight: number, sign: number, scale: number, groups: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(8 + 2 * groups.length)
  for (const [i, each] of [groups.length, weight & 0xffff, sign, scale, ...groups].entries()) bytes.writeUInt16BE(each, 2 * i)
  return bytes
}
const anyInt8 = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: 0n, max: 10n ** 12n })).map(int8)
const anyNumeric = fc
  .tuple(
    fc.integer({ min: -3, max: 9 }),
    fc.constantFrom(0, 0, 0x4000, 0xc000),
    fc.nat({ max: 18 }),
    fc.array(fc.oneof(fc.nat({ max: 9999 }), fc.constantFrom(0, 7, 70, 0xffff)), { maxLength: 5 }),
  )
  .map((parts) => numeric(...parts))
const value = fc.oneof(
  fc.constantFrom('', 'ada', '17', '7e3', '\\x37', 'é7', '{"a":7}', 'x'.repeat(90)).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  ...[anyInt8, anyNumeric],
)
const column = fc.record({
  mask: fc.constantFrom(null, null, stars, long, nothing),
  typeOid: fc.constantFrom(...Object.values(types), 1007),
  format: fc.constantFrom(0, 1),
  value: fc.option(value, { freq: 8 }),
})

function actionsOf(columns: readonly { mask: ValueMask | null; typeOid: number; format: number }[], detecting: boolean) {
  const outputs = columns.map((_, i) => ({ name: 'x', sources: [{ schema: 'public', table: 't', column: String(i) }] }))
  const masks: MaskPlan = {
    ...{ empty: false, hasColumns: true, hasFields: false, fields: () => null, detectors: detecting ? sevens : null },
    column: (sources) => (sources === 'opaque' ? null : (columns[Number(sources[0]?.column)]?.mask ?? null)),
  }
  const described = columns.map(({ typeOid, format }) => {
    return { ...{ name: 'x', tableOid: 0, attribute: 0, typeSize: -1, typeModifier: -1 }, typeOid, format }
  })
  const [catalogue, styles] = [fixtureCatalogue(), new ValueStyles()]
  return planRows({ masks, columns: described, resultFormats: null, outputs, catalogue, styles }) ?? []
}

/** A room that is not empty, in which what lies behind what was asked for must stay. */
function room(): MessageRoom & { readonly bytes: Buffer; readonly asked: () => number } {
  const bytes = Buffer.alloc(4000, '!')
  let asked = 0
  return {
    bytes,
    position: 11,
    asked: () => asked,
    reserve: (size) => {
      asked = size
      return bytes
    },
  }
}

const outcome = <T>(work: () => T): T | string => {
  try {
    return work()
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolViolation)
    return String(error)
  }
}

test('a row that is written in its place is what it is the other way, whether it is whole or damaged', () => {
  const seen = { written: 0, unmasked: 0, unread: 0, refused: 0 }
  const writer = new RowWriter()
  const damage = fc.option(fc.record({ at: fc.nat({ max: 60 }), byte: fc.nat({ max: 255 }), cut: fc.nat({ max: 3 }) }), {
    freq: 3,
  })
  fc.assert(
    fc.property(fc.array(column, { maxLength: 6 }), fc.boolean(), damage, (columns, detecting, change) => {
      const actions: readonly ColumnAction[] = actionsOf(columns, detecting)
      const whole = write.dataRow(columns.map((each) => each.value)).subarray(messageHeader)
      const body = Buffer.from(change === null ? whole : whole.subarray(0, Math.max(0, whole.length - change.cut)))
      if (change !== null && change.at < body.length) body[change.at] = change.byte
      if (change === null && actions.length !== columns.length) return
      const bytes = Buffer.from(`>>${body.toString('latin1')}<<`, 'latin1')
      const counted: string[] = []
      const slow = outcome(() => rewriteRow(actions, bytes, 2, bytes.length - 2, (rule) => void counted.push(rule)))
      const into = room()
      const to = outcome(() => writer.write(actions, bytes, 2, bytes.length - 2, into))
      expect(into.bytes.subarray(into.position + into.asked()).every((byte) => byte === 0x21)).toBe(true)
      if (typeof to === 'string' || typeof slow === 'string') {
        seen.refused++
        if (to !== lineReadings.unread) expect(to).toBe(slow)
        return
      }
      if (to === lineReadings.unread) {
        seen.unread++
        return
      }
      seen[to === lineReadings.unmasked ? 'unmasked' : 'written']++
      const written = to === lineReadings.unmasked ? body : into.bytes.subarray(into.position + messageHeader, to)
      expect(written.toString('latin1')).toBe((slow?.subarray(messageHeader) ?? body).toString('latin1'))
      expect(writer.masked.toSorted()).toEqual(counted.toSorted())
    }),
    { numRuns: 3000 },
  )
  for (const times of Object.values(seen)) expect(times).toBeGreaterThan(20)
})

test('digits are written as the server prints them, or not at all', () => {
  const into = Buffer.alloc(64)
  let written = 0
  fc.assert(
    fc.property(fc.oneof(anyInt8, anyNumeric), fc.boolean(), (value, whole) => {
      const [of, typeOid] = whole ? [integerDigits, types.int8] : [numericDigits, types.numeric]
      const bytes = Buffer.concat([Buffer.from('>'), value, Buffer.from('<')])
      const length = of(bytes, 1, bytes.length - 1, into)
      if (length < 0) return
      written++
      expect(into.toString('latin1', 0, length)).toBe(binaryText(typeOid, value))
    }),
    { numRuns: 3000 },
  )
  expect(written).toBeGreaterThan(500)
})
