import type { MaskPlan, Output } from '@hoop/contracts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ProtocolViolation } from '../bytes.ts'
import { write } from './codec.ts'
import { copyRewriter } from './copy.ts'
import type { CopyFormat } from './copy-format.ts'
import { hides, outline, rows, type WireClient } from './wire.fixture.ts'
import { WireServer } from './wire-server.fixture.ts'

const column = (name: string): Output => ({ name, sources: [{ schema: 'public', table: 't', column: name }] })
const outputs = ['id', 'secret', 'note'].map(column)
const noMasks: MaskPlan = {
  empty: false,
  hasColumns: true,
  hasFields: false,
  fields: () => null,
  column: () => null,
  detectors: null,
}

const options = fc.record({
  format: fc.constantFrom('text' as const, 'csv' as const),
  delimiter: fc.constantFrom('\t', ',', '|', 'X', ';'),
  null: fc.constantFrom('\\N', '', 'nil', 'NULL'),
  quote: fc.constantFrom('"', "'", '$'),
  escape: fc.constantFrom('"', "'", '\\', '$'),
  header: fc.boolean(),
})
type Options = typeof options extends fc.Arbitrary<infer T> ? T : never
const formatOf = ({ format, ...rest }: Options): CopyFormat => ({ format, options: rest, outputs })

/** The bytes cut at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}
function run(format: CopyFormat, plan: MaskPlan, pieces: readonly Buffer[]): { masked: Buffer; original: Buffer } {
  const copy = copyRewriter(format, plan, () => undefined)
  const lines = [...pieces.map((piece) => copy.push(piece)), copy.end()]
  return {
    masked: Buffer.concat(lines.flatMap(({ masked }) => masked)),
    original: Buffer.concat(lines.flatMap(({ original }) => original)),
  }
}
const places = fc.array(fc.nat(), { maxLength: 6 })

describe('any bytes', () => {
  const tricky = fc.constantFrom('\n', '\r', '\t', ',', '"', '\\', '\\.', '\\N', "'", 'X', '1', '\x00', '\xff')
  const garbage = fc
    .array(fc.oneof(tricky, fc.string({ maxLength: 3, unit: 'binary' })), { maxLength: 40 })
    .map((parts) => Buffer.from(parts.join(''), 'latin1'))

  test('come out as lines, the same however they are cut', () => {
    fc.assert(
      fc.property(options, garbage, places, (chosen, bytes, cuts) => {
        const format = formatOf(chosen)
        const whole = run(format, hides('public.t.secret'), [bytes])
        expect(whole.original).toEqual(bytes)
        expect(run(format, hides('public.t.secret'), cut(bytes, cuts))).toEqual(whole)
        expect(run(format, noMasks, cut(bytes, cuts)).masked).toEqual(bytes)
      }),
      { numRuns: 500 },
    )
  })

  const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
  test('that are to be rows in binary are rows or a violation, the same however they are cut', () => {
    const small = fc.constantFrom(0, 1, 2, 3, 0xff, 0x7f, 0x80)
    const body = fc.array(fc.oneof({ weight: 4, arbitrary: small }, fc.nat(255)), { maxLength: 60 })
    const outcome = (pieces: readonly Buffer[]): unknown => {
      try {
        return run({ ...formatOf(unused), format: 'binary' }, hides('public.t.secret'), pieces)
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolViolation)
        return 'a violation'
      }
    }
    fc.assert(
      fc.property(body, fc.boolean(), places, (bytes, headed, cuts) => {
        const data = Buffer.concat([headed ? header : Buffer.alloc(0), Buffer.from(bytes)])
        const whole = outcome([data])
        expect(outcome(cut(data, cuts))).toEqual(whole)
      }),
      { numRuns: 1000 },
    )
  })
  const unused: Options = { format: 'text', delimiter: '\t', null: '\\N', quote: '"', escape: '"', header: false }
})

describe('the data of a real COPY', () => {
  let server: WireServer
  let client: WireClient
  beforeAll(async () => {
    server = await WireServer.start()
    client = await server.direct()
    await client.query(
      'create table t (id int, secret text, note text); create table masked (like t); create table plain (like t)',
    )
  })
  afterAll(() => server.stop())

  const value = fc.option(
    fc
      .array(
        fc.oneof(
          fc.constantFrom('\n', '\r', '\t', ',', '"', '\\', '\\.', '\\N', 'nil', "'", 'X', '|', '$', 'é🂡', ''),
          fc.string({ maxLength: 3, unit: 'grapheme' }),
        ),
        { maxLength: 8 },
      )
      .map((parts) => parts.join('').replaceAll('\0', '').toWellFormed()),
    { nil: null },
  )
  const table = fc.array(fc.tuple(value, value), { maxLength: 5 })
  const literal = (text: string | null): string =>
    text === null ? 'NULL' : `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const clause = ({ format, delimiter, null: nothing, quote, escape: escaping, header }: Options): string =>
    `format ${format}, delimiter ${literal(delimiter)}, null ${literal(nothing)}, header ${header}${
      format === 'csv' ? `, quote ${literal(quote)}, escape ${literal(escaping)}` : ''
    }`

  test('is data that the server takes again, with the one column masked and the others as they were', async () => {
    await fc.assert(
      fc.asyncProperty(options, table, places, async (chosen, values, cuts) => {
        const stored = values.map(([secret, note], i) => `(${i}, ${literal(secret)}, ${literal(note)})`)
        await client.query(`truncate t, masked, plain${stored.length === 0 ? '' : `; insert into t values ${stored.join()}`}`)
        const copied = await client.query(`copy t to stdout (${clause(chosen)})`)
        // The server does not take every combination.
        if (outline(copied).some((word) => word.startsWith('E:'))) return
        const data = Buffer.concat(copied.filter(({ tag }) => tag === 'd').map(({ body }) => body))
        const { masked, original } = run(formatOf(chosen), hides('public.t.secret'), cut(data, cuts))
        expect(original).toEqual(data)
        for (const [table, lines] of [
          ['masked', masked],
          ['plain', data],
        ] as const) {
          client.send(write.query(`copy ${table} from stdin (${clause(chosen)})`), write.copyData(lines), write.copyDone())
          expect(outline(await client.ready())).toEqual(['G', `C:COPY ${values.length}`, 'Z:I'])
        }
        // Text and NULL may look alike in the data: what it says without masks is what counts.
        const said = "select id, case when secret is not null then '(hidden)' end, note from plain order by id"
        const expected = rows(await client.query(said))
        expect(rows(await client.query('select id, secret, note from masked order by id'))).toEqual(expected)
      }),
      { numRuns: 150 },
    )
  })
})
