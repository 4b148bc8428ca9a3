import type { Detectors } from '@hoop/contracts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ByteReader } from '../bytes.ts'
import { read, write } from './codec.ts'
import { binaryText, detectInValue, types } from './values.ts'
import { bind, execute, parse, type WireClient } from './wire.fixture.ts'
import { WireServer } from './wire-server.fixture.ts'

let server: WireServer
let client: WireClient
beforeAll(async () => {
  server = await WireServer.start()
  client = await server.direct()
})
afterAll(() => server.stop())

/** The server's own binary and text forms of one value. */
async function forms(expression: string): Promise<{ type: number; binary: Buffer; text: string }> {
  const describe = write.describe({ kind: 'P', name: '' })
  client.send(
    parse('', `select ${expression}`),
    bind('', '', [], [1]),
    describe,
    execute(''),
    bind('', '', [], [0]),
    execute(''),
    write.sync(),
  )
  const messages = await client.ready()
  const [binary, text] = messages.filter(({ tag }) => tag === 'D')
  const description = messages.find(({ tag }) => tag === 'T')
  if (binary === undefined || text === undefined || description === undefined) throw new Error(`no value: ${expression}`)
  const [column] = read.rowDescription(new ByteReader(description.body))
  return { type: column?.typeOid ?? 0, binary: binary.body.subarray(6), text: text.body.toString('utf8', 6) }
}

describe('a binary value is read as the server prints it', () => {
  for (const expression of [
    'true',
    '(-7)::int2',
    '2147483647',
    '(-9223372036854775808)::int8',
    '0::numeric',
    '12345678901234567890.00120::numeric',
    '(-0.0001)::numeric',
    '10000::numeric',
    "'NaN'::numeric",
    "'-Infinity'::numeric",
    '1e20::numeric',
    "'é🂡'::text",
    "'x'::varchar(3)",
    '\'{"a": 1}\'::json',
    "'[1, 2]'::jsonb",
    "'01234567-89ab-cdef-0123-456789abcdef'::uuid",
    "'1999-12-31'::date",
    "'2026-02-28 23:59:59.999999'::timestamp",
    "'1999-12-31 23:59:59.999999'::timestamp",
    "'1970-01-01 00:00:00.5'::timestamp",
    "'2026-11-23 06:00:00+00'::timestamptz",
    '1.5::float8',
    '4294967295::oid',
  ]) {
    test(expression, async () => {
      const { type, binary, text } = await forms(expression)
      expect(binaryText(type, binary)).toBe(text)
    })
  }

  test('what has a form of its own is not guessed', async () => {
    for (const expression of ["'infinity'::date", "'0044-03-15 BC'::date", "'-infinity'::timestamp", "'1 day'::interval"]) {
      const { type, binary } = await forms(expression)
      expect(binaryText(type, binary)).toBeNull()
    }
  })
})

/** Finds runs of 16 digits. */
const detectors: Detectors = {
  find: (bytes, start, end) =>
    [
      ...Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
        .toString('latin1', start, end)
        .matchAll(/\d{16}/g),
    ].map(({ index }) => ({
      start: start + index,
      end: start + index + 16,
      kind: 'card',
      rule: 'Mask/cards',
    })),
  blank: (bytes, findings) => {
    for (const { start, end } of findings) bytes.fill(0x30, start, end)
  },
  text: (value) => ({ text: value, masked: {} }),
}
const card = '4111111111111111'

describe('a card number is found in binary', () => {
  for (const expression of [
    `${card}::int8`,
    `${card}::numeric`,
    `${card}::float8`,
    `'${card}'::text`,
    `array[1, ${card}]::int8[]`,
    `array['a', '${card}']`,
    `array[array[${card}]]::numeric[]`,
    `row(1, ${card}::int8)`,
    `row('a', row(array[${card}::int8]))`,
    `jsonb_build_object('n', '${card}')`,
  ]) {
    test(expression, async () => {
      const { type, binary } = await forms(expression)
      const rules: string[] = []
      const shown = detectInValue(detectors, type, 1, binary, (rule) => rules.push(rule))
      expect(shown?.includes(card) ?? false).toBe(false)
      expect(shown).not.toEqual(binary)
      expect(rules).toContain('Mask/cards')
    })
  }
  test('and what has none is left as it is', async () => {
    for (const expression of ['array[1, 2]::int8[]', "row('a', 7)", '12.5::numeric', "'{}'::int8[]"]) {
      const { type, binary } = await forms(expression)
      expect(detectInValue(detectors, type, 1, binary, () => undefined)).toBe(binary)
    }
  })
})

test('an address in binary is found as it is written', async () => {
  for (const [expression, written] of [
    ["'10.1.2.3'::inet", '10.1.2.3'],
    ["'10.1.2.0/24'::cidr", '10.1.2.0/24'],
    ["'2001:db8::1'::inet", '2001:0db8:0000:0000:0000:0000:0000:0001'],
    ["array['10.1.2.3'::inet]", '10.1.2.3'],
  ] as const) {
    const looked: string[] = []
    const finding: Detectors = {
      ...detectors,
      find: (bytes, start, end) => {
        const text = Buffer.from(bytes.subarray(start, end)).toString('latin1')
        looked.push(text)
        return text === written ? [{ start, end, kind: 'ip', rule: 'Mask/ip' }] : []
      },
    }
    const { type, binary } = await forms(expression)
    expect(detectInValue(finding, type, 1, binary, () => undefined)).toBeNull()
    expect(looked).toContain(written)
  }
})

test('garbage is a value that cannot be read, never a crash', () => {
  const typeOid = fc.constantFrom(...Object.values(types), 1016, 2249, 99_999)
  fc.assert(
    fc.property(typeOid, fc.constantFrom(0, 1), fc.uint8Array({ maxLength: 64 }), (type, format, garbage) => {
      const value = Buffer.from(garbage)
      binaryText(type, value)
      detectInValue(detectors, type, format, value, () => undefined)
    }),
    { numRuns: 2000 },
  )
})

test('records within records, deeper than any type goes, are hidden and not searched for ever', () => {
  const levels = 20_000
  const value = Buffer.concat(Array.from({ length: levels }, (_, i) => recordOf(12 * (levels - i - 1))))
  expect(detectInValue(detectors, 2249, 1, value, () => undefined)).toBeNull()
})
function recordOf(length: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeInt32BE(1, 0)
  bytes.writeInt32BE(2249, 4)
  bytes.writeInt32BE(length, 8)
  return bytes
}

test('a card number in JSON leaves JSON', async () => {
  for (const [json, shown] of [
    [`{"n":${card},"s":"no ${card} \\"${card}","k":[1.5,-${card},"é"]}`, '{"n":"0","s":"no 0 \\"0","k":[1.5,"-0","é"]}'],
    [card, '"0"'],
    [`"${card}"`, '"0"'],
  ] as const) {
    const expected = shown.replaceAll('0', '0'.repeat(16))
    expect(detectInValue(detectors, types.json, 0, Buffer.from(json), () => undefined)?.toString()).toBe(expected)
    const binary = Buffer.concat([Buffer.of(1), Buffer.from(json)])
    expect(detectInValue(detectors, types.jsonb, 1, binary, () => undefined)?.toString()).toBe(`\x01${expected}`)
  }
})
