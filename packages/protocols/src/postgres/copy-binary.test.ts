import type { MaskPlan, Sources } from '@hoop/contracts'
import { expect, test } from 'vitest'
import { copyRewriter } from './copy.ts'

const email: Sources = [{ schema: 'public', table: 'customers', column: 'email' }]
const card = '4111111111111111'

/** Masks e-mail addresses by name and the one card by value. */
const plan: MaskPlan = {
  empty: false,
  hasColumns: true,
  hasFields: false,
  fields: () => null,
  column: (sources) =>
    sources === 'opaque' || sources.length > 0
      ? { rule: 'Mask/email', method: 'redact', looksMasked: () => false, text: () => '[masked]' }
      : null,
  detectors: {
    find(bytes, start, end) {
      const at = Buffer.from(bytes.subarray(start, end)).indexOf(card)
      return at < 0 ? [] : [{ start: start + at, end: start + at + card.length, kind: 'card', rule: 'Mask/card' }]
    },
    blank: () => undefined,
    text: (text) => ({ text, masked: {} }),
  },
}

const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
const trailer = Buffer.from([0xff, 0xff])
function row(...values: readonly (Buffer | string | null)[]): Buffer {
  const fields = values.flatMap((value) => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(value === null ? -1 : Buffer.byteLength(value))
    return value === null ? [length] : [length, Buffer.from(value)]
  })
  return Buffer.concat([Buffer.from([0, values.length]), ...fields])
}
function int8(value: string): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

function int32(length: number, value: string): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(length)
  return Buffer.concat([bytes, Buffer.from(value)])
}

const unused = { delimiter: '\t', null: '\\N', quote: '"', escape: '"', header: false }
const counted: string[] = []
function rewriter(...sources: readonly Sources[]) {
  const outputs = sources.map((each) => ({ name: null, sources: each }))
  counted.length = 0
  return copyRewriter({ format: 'binary', options: unused, outputs }, plan, (rule) => counted.push(rule))
}

// Newlines, commas and quotes are bytes like any others.
const sent = Buffer.concat([header, row(',"\n', 'ada@example.com', int8('1')), row(null, null, int8(card)), trailer])
const shown = Buffer.concat([header, row(',"\n', null, int8('1')), row(null, null, null), trailer])

test('masked values become NULL, others pass, wherever the data is cut', () => {
  for (let cut = 0; cut <= sent.length; cut++) {
    const copy = rewriter([], email, [])
    const lines = [copy.push(sent.subarray(0, cut)), copy.push(sent.subarray(cut)), copy.end()]
    expect(Buffer.concat(lines.flatMap(({ masked }) => masked))).toEqual(shown)
    expect(Buffer.concat(lines.flatMap(({ original }) => original))).toEqual(sent)
    expect(counted).toEqual(['Mask/email', 'Mask/card'])
  }
})

test('a number that is a card is found as bigint, numeric and text', () => {
  const numeric = Buffer.from([0, 4, 0, 3, 0, 0, 0, 0, ...[4111, 1111, 1111, 1111].flatMap((group) => [group >> 8, group & 255])])
  const { masked } = rewriter([], [], []).push(Buffer.concat([header, row(int8(card), numeric, `card ${card}`)]))
  expect(Buffer.concat(masked)).toEqual(Buffer.concat([header, row(null, null, null)]))
})

test('one message of whole rows leaves as one', () => {
  const copy = rewriter([], email, [])
  copy.push(header)
  const one = row('a\nb\nc', 'x', 'y')
  expect(copy.push(one).masked).toEqual([row('a\nb\nc', null, 'y')])
})

test.each([
  ['without its signature', [Buffer.from('PGCOPX\n\xff\r\n\0'.padEnd(19, '\0'), 'latin1')]],
  ['after its end', [header, trailer, row('a', 'b', 'c')]],
  ['with another number of columns', [header, row('a', 'b')]],
  ['with a negative length', [header, Buffer.from([0, 3, 0xff, 0xff, 0xff, 0xfe])]],
  ['ends within a row', [header, row('a', 'b', 'c').subarray(0, 9)]],
  ['longer than', [header, Buffer.from([0, 3, 0x7f, 0xff, 0xff, 0xff])]],
])('data that is not of this format is refused: %s', (words, pieces) => {
  const copy = rewriter([], email, [])
  expect(() => {
    for (const piece of pieces) copy.push(piece)
    copy.end()
  }).toThrow(words)
})

test('a row of many columns in pieces of one byte costs its length, not its square', () => {
  const columns = 20_000
  const big = Buffer.concat([Buffer.from([columns >> 8, columns & 255]), ...Array.from({ length: columns }, () => int32(1, 'x'))])
  const copy = copyRewriter({ format: 'binary', options: unused, outputs: 'opaque' }, plan, () => undefined)
  const begun = performance.now()
  const lines = Array.from(Buffer.concat([header, big, trailer]), (byte) => copy.push(Buffer.of(byte)))
  lines.push(copy.end())
  expect(performance.now() - begun).toBeLessThan(3_000)
  expect(Buffer.concat(lines.flatMap(({ original }) => original))).toEqual(Buffer.concat([header, big, trailer]))
  expect(Buffer.concat(lines.flatMap(({ masked }) => masked)).includes('x')).toBe(false)
})
