import { createHash } from 'node:crypto'
import type { ValueMask } from '@hoop/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ByteReader } from '../bytes.ts'
import type { CatalogueType } from './catalogue.ts'
import { read, write } from './codec.ts'
import { maskOf, type TypesOf } from './masked-values.ts'
import { ValueStyles } from './value-styles.ts'
import { execute, outline, rows, type WireClient } from './wire.fixture.ts'
import { WireServer } from './wire-server.fixture.ts'

/** Types and a value of each: what must not appear is the value itself, and the words that stand behind it. */
const samples: readonly (readonly [type: string, value: string, ...words: string[]])[] = [
  ['bool', 't'],
  ['bytea', '\\x6578616d706c65', '6578616d', 'example'],
  ['"char"', 'x'],
  ['name', 'ada_lovelace', 'lovelace'],
  ['text', 'ada@example.com', 'ada@'],
  ['varchar', 'ada@example.com', 'ada@'],
  ['bpchar', 'ada@example.com', 'ada@'],
  ['int2', '4711'],
  ['int4', '-471147'],
  ['int8', '4111111111111111'],
  ['oid', '471147'],
  ['numeric', '4111.50'],
  ['numeric', '-0.00042'],
  ['numeric', 'NaN'],
  ['numeric', 'Infinity'],
  ['float4', '4711.5'],
  ['float8', '4711.25'],
  ['float8', '-Infinity'],
  ['money', '$4,711.50', '711'],
  ['money', '-$0.42', '42'],
  ['date', '1990-05-06', '1990'],
  ['date', 'infinity'],
  ['time', '04:05:06.789', '04:05'],
  ['timetz', '04:05:06.789+01', '04:05'],
  ['timestamp', '1990-05-06 04:05:06.789', '1990'],
  ['timestamp', '0044-03-15 00:00:00 BC', '0044'],
  ['timestamptz', '1990-05-06 04:05:06.789+00', '1990'],
  ['interval', '3 days 04:05:06', '04:05'],
  ['uuid', '01234567-89ab-cdef-0123-456789abcdef', '89ab'],
  ['inet', '192.168.7.9/24', '192.168'],
  ['inet', '2001:db8::7', '2001'],
  ['cidr', '192.168.7.0/24', '192.168'],
  ['cidr', '2001:db8::/32', '2001'],
  ['macaddr', '08:00:2b:01:02:03', '2b:01'],
  ['macaddr8', '08:00:2b:01:02:03:04:05', '2b:01'],
  ['bit(5)', '10110'],
  ['varbit', '1011011'],
  ['json', '{"name": "Ada", "n": 4711, "list": [true, null, "Byron"]}', 'Ada', '4711', 'Byron', 'true'],
  ['jsonb', '{"name": "Ada", "n": 4711, "list": [true, null, "Byron"]}', 'Ada', '4711', 'Byron', 'true'],
  ['jsonb', '"Ada Byron"', 'Ada', 'Byron'],
  ['jsonb', '{"ada@example.com": 1, "Ada": 2}', 'ada@', 'Ada'],
  ['jsonpath', '$."secret"', 'secret'],
  ['xml', '<secret>words</secret>', 'secret', 'words'],
  ['tsvector', "'ada':1 'byron':2", 'byron'],
  ['tsquery', "'ada' & 'byron'", 'byron'],
  ['point', '(47.11,8.15)', '47.11'],
  ['lseg', '[(47.11,8.15),(1,2)]', '47.11'],
  ['path', '((47.11,8.15),(1,2))', '47.11'],
  ['path', '[(47.11,8.15),(1,2)]', '47.11'],
  ['box', '(47.11,8.15),(1,2)', '47.11'],
  ['polygon', '((47.11,8.15),(1,2))', '47.11'],
  ['line', '{47.11,8.15,3}', '47.11'],
  ['circle', '<(47.11,8.15),3>', '47.11'],
  ['pg_lsn', '16/B374D848', 'B374'],
  ['txid_snapshot', '10:20:10,14', '14'],
  ['pg_snapshot', '10:20:10,14', '14'],
  ['xid', '471147'],
  ['xid8', '471147'],
  ['cid', '471147'],
  ['tid', '(4711,3)'],
  ['regclass', 'pg_class', 'pg_class'],
  ['regproc', 'pg_backend_pid'],
  ['regprocedure', 'abs(bigint)', 'abs'],
  ['regoper', '#-'],
  ['regoperator', '+(integer,integer)', 'integer'],
  ['regtype', 'integer'],
  ['regrole', 'postgres'],
  ['regnamespace', 'public'],
  ['regconfig', 'english'],
  ['regdictionary', 'simple'],
  ['regcollation', '"C"'],
  ['text[]', '{ada,NULL,"By\\"ron, \\\\",""}', 'ada', 'By'],
  ['text[]', '[3:4][0:1]={{ada,byron},{"NULL",NULL}}', 'ada', 'byron'],
  ['int4[]', '{4711,NULL,4712}', '4711', '4712'],
  ['numeric[]', '{{4711.5},{4712.5}}', '4711', '4712'],
  ['date[]', '{1990-05-06}', '1990'],
  ['jsonb[]', '{"{\\"a\\": \\"Byron\\"}"}', 'Byron'],
  ['box[]', '{(47.11,8.15),(1,2);(47.12,8.15),(1,2)}', '47.11', '47.12'],
  ['uuid[]', '{01234567-89ab-cdef-0123-456789abcdef}', '89ab'],
  ['int4range[]', '{"[4711,4712)"}', '4711'],
  ['moods[]', '{sad}', 'sad'],
  ['person[]', '{"(ada,4711)"}', 'ada', '4711'],
  ['text[]', '{}'],
  ['int4range', '[4711,4800)', '4711'],
  ['int8range', '[4711,4800)', '4711'],
  ['numrange', '[4711.5,4800.5]', '4711'],
  ['tsrange', '["1990-05-06 00:00:00","1990-06-06 00:00:00")', '1990'],
  ['tstzrange', '["1990-05-06 00:00:00+00","1990-06-06 00:00:00+00")', '1990'],
  ['daterange', '[1990-05-06,1990-06-06)', '1990'],
  ['int4multirange', '{[4711,4800)}', '4711'],
  ['datemultirange', '{[1990-05-06,1990-06-06)}', '1990'],
  ['ages', '[47,48)', '47'],
  ['person', '("ada, (the first)",4711)', 'ada', '4711'],
  ['moods', 'sad'],
  ['citext', 'Ada Byron', 'Byron'],
  ['hstore', '"ada"=>"byron"', 'byron'],
  ['hstore[]', '{"\\"ada\\"=>\\"byron\\""}', 'byron'],
]

const digest = (value: string): string => createHash('sha256').update('key').update(value).digest('hex').slice(0, 16)
const methods: Readonly<Record<ValueMask['method'], ValueMask['text']>> = {
  redact: () => '[masked]',
  fixed: () => '*****',
  partial: (value) => '*'.repeat(Math.max(1, value.length)),
  hash: (value) => `h_${digest(value)}`,
  null: () => null,
}
function maskBy(method: ValueMask['method']): ValueMask {
  return { rule: 'Mask/x', method, looksMasked: () => false, text: methods[method] }
}
/** Of kinds that nothing valid is known of. */
const alwaysNull = ['moods']

let server: WireServer
let client: WireClient
let types: TypesOf
const styles = new ValueStyles()

beforeAll(async () => {
  server = await WireServer.start()
  client = await server.direct()
  await client.query(`create type moods as enum ('sad', 'ok'); create type person as (name text, n int); create extension citext;
    create extension hstore; create type ages as range (subtype = int8); set timezone = 'UTC'`)
  const known = await client.query(
    'select t.oid, nspname, typname, typtype from pg_type t join pg_namespace n on n.oid = typnamespace',
  )
  const all = rows(known).map(
    ([oid, schema, name, kind]): CatalogueType => ({
      oid: Number(oid),
      schema: schema ?? '',
      name: name ?? '',
      kind: kind ?? '',
      userCasts: 'none',
      runs: [],
    }),
  )
  const schemas = Map.groupBy(all, ({ schema }) => schema)
  types = {
    typesByOid: new Map(all.map((type) => [type.oid, type])),
    types: new Map([...schemas].map(([schema, own]) => [schema, new Map(own.map((type) => [type.name, type]))])),
  }
})
afterAll(() => server.stop())

async function oidOf(type: string): Promise<number> {
  return Number(rows(await client.query(`select '${type.replaceAll("'", "''")}'::regtype::oid`))[0]?.[0])
}

/** What the server makes of a value in the wanted format; a text is its refusal. */
async function taken(type: string, typeOid: number, value: Buffer, format: number, wanted: number): Promise<Buffer | string> {
  client.send(
    write.parse({ name: '', text: `select $1::${type}`, parameterTypes: [typeOid] }),
    write.bind({ portal: '', statement: '', parameterFormats: [format], parameters: [value], resultFormats: [wanted] }),
    execute(''),
    write.sync(),
  )
  const replies = await client.ready()
  const row = replies.find(({ tag }) => tag === 'D')
  if (row !== undefined) return read.dataRow(new ByteReader(row.body))[0] ?? 'NULL'
  return outline(replies).find((word) => word.startsWith('E:')) ?? 'nothing'
}

/** Types without a binary form. */
const withoutBinary = /^E:42883/

describe.each(samples)('a masked %s: %s', (type, sample, ...words) => {
  test('is one that the server takes, by each method, in each format', async () => {
    const typeOid = await oidOf(type)
    for (const format of [0, 1]) {
      const value = await taken(type, typeOid, Buffer.from(sample), 0, format)
      if (typeof value === 'string') {
        expect(value).toMatch(withoutBinary)
        continue
      }
      for (const method of Object.keys(methods) as ValueMask['method'][]) {
        for (const stored of [true, false]) {
          const masked = maskOf(maskBy(method), { typeOid, format, stored, types, styles })(value)
          const said = `${method}, ${format === 0 ? 'text' : 'binary'}${stored ? '' : ', computed'}: ${masked?.toString('latin1')}`
          if (method === 'null' || alwaysNull.includes(type)) {
            expect(masked, said).toBeNull()
            continue
          }
          expect(masked, said).not.toBeNull()
          const again = await taken(type, typeOid, masked ?? Buffer.alloc(0), format, 0)
          expect(again, said).toBeInstanceOf(Buffer)
          if (sample !== '{}') expect(String(again), said).not.toBe(sample)
          for (const word of words) expect(String(again), said).not.toContain(word)
        }
      }
    }
  })
})

async function maskedText(type: string, sample: string, method: ValueMask['method'] = 'redact'): Promise<string> {
  const typeOid = await oidOf(type)
  return String(maskOf(maskBy(method), { typeOid, format: 0, stored: true, types, styles })(Buffer.from(sample)))
}

test('the shape of stored arrays, documents and rows is kept', async () => {
  expect(await maskedText('text[]', '[3:4][0:1]={{ada,"b\\"c"},{NULL,"NULL"}}')).toBe(
    '[3:4][0:1]={{"[masked]","[masked]"},{NULL,"[masked]"}}',
  )
  expect(await maskedText('jsonb', '{"name": "Ada", "n": [1, true, null, {"x@y.z": 7}]}')).toBe(
    '{"name":"[masked]","n":[0,false,null,{"[masked]":0}]}',
  )
  expect(await maskedText('person', '("a,b",7)')).toBe('(,)')
})

test('a hash is the same in text and in binary, and for equal values only', async () => {
  for (const [type, value, other] of [
    ['int4', '4711', '4712'],
    ['int8', '4711', '4712'],
    ['numeric', '4711.50', '4712'],
    ['float8', '0.1', '0.2'],
    ['float4', '0.1', '0.2'],
    ['uuid', '01234567-89ab-cdef-0123-456789abcdef', '01234567-89ab-cdef-0123-456789abcdee'],
    ['date', '1990-05-06', '1990-05-07'],
    ['timestamp', '1990-05-06 01:02:03', '1990-05-06 01:02:04'],
    ['bytea', '\\x00ff', '\\x00fe'],
  ] as const) {
    const typeOid = await oidOf(type)
    const binary = await taken(type, typeOid, Buffer.from(value), 0, 1)
    const masked = maskOf(maskBy('hash'), { typeOid, format: 1, stored: true, types, styles })(binary as Buffer)
    const shown = await maskedText(type, value, 'hash')
    expect(Number.isNaN(Number(shown)) ? String(await taken(type, typeOid, masked as Buffer, 1, 0)) : Number(shown)).toEqual(
      Number.isNaN(Number(shown)) ? shown : Number(String(await taken(type, typeOid, masked as Buffer, 1, 0))),
    )
    expect(await maskedText(type, other, 'hash')).not.toBe(shown)
  }
  expect(await maskedText('numeric', '1.50', 'hash')).toBe(await maskedText('numeric', '1.5', 'hash'))
})

test('dates, times and intervals are written as the session wants them', async () => {
  const typed = [
    ['date', "'2000-01-01'::date"],
    ['timestamp', "'2000-01-01'::timestamp"],
    ['timestamptz', "'2000-01-01'::timestamptz"],
    ['interval', "'0'::interval"],
  ] as const
  for (const date of ['ISO', 'SQL, DMY', 'SQL, MDY', 'German', 'Postgres, DMY', 'Postgres, MDY']) {
    for (const interval of ['postgres', 'postgres_verbose', 'sql_standard', 'iso_8601']) {
      await client.query(`set datestyle = ${date}; set intervalstyle = ${interval}`)
      const session = new ValueStyles()
      session.report('DateStyle', String(rows(await client.query('show datestyle'))[0]?.[0]))
      session.report('IntervalStyle', interval)
      for (const [type, expression] of typed) {
        const form = { typeOid: await oidOf(type), format: 0, stored: true, types, styles: session }
        const [printed] = rows(await client.query(`select ${expression}::text`))
        expect(String(maskOf(maskBy('fixed'), form)(Buffer.from('x')))).toBe(printed?.[0])
        if (type === 'interval') continue
        const hashed = String(maskOf(maskBy('hash'), form)(Buffer.from('x')))
        expect(rows(await client.query(`select '${hashed}'::${type}::text`))).toEqual([[hashed]])
      }
    }
  }
  await client.query('reset datestyle; reset intervalstyle')
})
