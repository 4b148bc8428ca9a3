import type { Detectors } from '@hoop/contracts'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ByteReader } from '../bytes.ts'
import { read, write } from './codec.ts'
import { maskOf } from './masked-values.ts'
import { ValueStyles } from './value-styles.ts'
import { binaryText, detectInValue, types } from './values.ts'
import { execute, outline, type WireClient } from './wire.fixture.ts'
import { WireServer } from './wire-server.fixture.ts'

let server: WireServer
let client: WireClient
beforeAll(async () => {
  server = await WireServer.start()
  client = await server.direct()
})
afterAll(() => server.stop())

/** What the server makes of a value of this type and format, in the wanted format; a text is its SQLSTATE. */
async function taken(typeOid: number, value: Buffer, format: number, wanted: number): Promise<Buffer | null | string> {
  client.send(
    write.parse({ name: '', text: 'select $1', parameterTypes: [typeOid] }),
    write.bind({ portal: '', statement: '', parameterFormats: [format], parameters: [value], resultFormats: [wanted] }),
    execute(''),
    write.sync(),
  )
  const replies = await client.ready()
  const row = replies.find(({ tag }) => tag === 'D')
  if (row === undefined) return outline(replies).find((word) => word.startsWith('E:')) ?? 'nothing'
  return read.dataRow(new ByteReader(row.body))[0] ?? null
}

const card = '4111111111111111'
/** Finds one card number, and blanks it as cards are. */
const detectors: Detectors = {
  find(bytes, start, end) {
    const text = Buffer.from(bytes).toString('latin1', start, end)
    return [...text.matchAll(new RegExp(card, 'g'))].map(({ index }) => ({
      start: start + index,
      end: start + index + card.length,
      kind: 'card',
      rule: 'Mask/cards',
    }))
  },
  blank(bytes, findings) {
    for (const { start, end } of findings) bytes.fill(0x2a, start, end)
  },
  text: (value) => ({ text: value, masked: {} }),
}

const noTypes = { types: new Map(), typesByOid: new Map() }
const styles = new ValueStyles()
const letters = fc.string({
  unit: fc.oneof(fc.constantFrom('"', '\\', "'", '{', ',', 'é', '🂡', ' '), fc.string({ maxLength: 1 })),
})
const withCards = fc.array(fc.oneof(letters, fc.constant(card)), { maxLength: 4 }).map((parts) => parts.join(' '))
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(withCards, tie('value'), { maxKeys: 3 }),
  ),
  leaf: fc.oneof(withCards, fc.constant(Number(card)), fc.constant(-Number(card)), fc.double(), fc.boolean(), fc.constant(null)),
})).value
const number = fc.oneof(
  fc.constant(card),
  fc.constant(`-${card}`),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
)
/** Texts of values, by type. */
const samples: readonly [string, number, fc.Arbitrary<string>][] = [
  ['text', types.text, withCards],
  ['varchar', types.varchar, withCards],
  ['bpchar', types.bpchar, withCards],
  ['name', types.name, withCards],
  ['"char"', types.char, letters],
  ['json', types.json, json.map((value) => JSON.stringify(value))],
  ['jsonb', types.jsonb, json.map((value) => JSON.stringify(value))],
  ['xml', types.xml, withCards.map((text) => `<a>${text.replaceAll(/[^\w ]/g, '')}</a>`)],
  ['int8', types.int8, number],
  ['numeric', types.numeric, number],
  ['float8', types.float8, number],
  ['bytea', types.bytea, withCards.map((text) => `\\x${Buffer.from(text).toString('hex')}`)],
  ['text[]', 1009, fc.array(withCards).map((each) => `{${each.map((text) => JSON.stringify(text)).join()}}`)],
  ['int8[]', 1016, fc.array(number).map((each) => `{${each.join()}}`)],
  ['numeric[]', 1231, fc.array(number).map((each) => `{${each.join()}}`)],
  [
    'date',
    types.date,
    fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-01-01') }).map((date) => date.toISOString()),
  ],
  ['uuid', types.uuid, fc.uuid()],
  ['bool', types.bool, fc.constantFrom('t', 'f')],
]

for (const [name, typeOid, texts] of samples) {
  test(`what is left of a ${name} is taken by the server for one`, async () => {
    await fc.assert(
      fc.asyncProperty(
        texts,
        fc.constantFrom(0, 1),
        fc.oneof(letters, fc.string({ unit: 'binary' })),
        fc.boolean(),
        async (text, format, mask, stored) => {
          const value = await taken(typeOid, Buffer.from(text), 0, format)
          // The sample was no value of the type.
          if (value === null || typeof value === 'string') return
          if (format === 1) expect(binaryText(typeOid, value) ?? '').not.toBe('undefined')
          const shown = mask.replaceAll('\0', '')
          const masked = maskOf(
            { rule: 'Mask/x', method: 'redact', looksMasked: () => false, text: () => shown },
            { typeOid, format, stored, types: noTypes, styles },
          )(value)
          if (masked !== null) expect(await taken(typeOid, masked, format, 0)).toBeInstanceOf(Buffer)
          const searched = detectInValue(detectors, typeOid, format, value, () => undefined)
          if (searched === null || searched === value) return
          expect(searched.includes(card)).toBe(false)
          const again = await taken(typeOid, searched, format, 0)
          expect(again).toBeInstanceOf(Buffer)
          expect(String(again)).not.toContain(card)
        },
      ),
      { numRuns: 60 },
    )
  })
}
