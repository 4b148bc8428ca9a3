import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScriptedGate } from '../scripted-gate.fixture.ts'
import { write } from './codec.ts'
import { execute, extended, fields, hides, outline, parse, raw, rows, type Served } from './wire.fixture.ts'
import { WireServer } from './wire-server.fixture.ts'

let server: WireServer
let served: Served

beforeAll(async () => {
  server = await WireServer.start()
  const own = await server.direct()
  await own.query(
    'create table people (id int primary key, email text, notes jsonb, mails text[]); create view folk as table people',
  )
  await own.query(
    "create function put() returns trigger language plpgsql as 'begin insert into people values (new.*); return null; end'",
  )
  await own.query('create trigger put instead of insert on folk for each row execute function put()')
  const gate = new ScriptedGate()
  gate.masks = hides('public.people.email', 'public.people.notes', 'public.people.mails')
  served = await server.open({ gate })
})
afterAll(() => server.stop())

const data = (...pieces: readonly (Buffer | string)[]): Buffer =>
  Buffer.concat(pieces.map((piece) => raw('d', Buffer.from(piece))))
const done = write.copyDone()

function field(value: Buffer | string | null): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(value === null ? -1 : Buffer.byteLength(value))
  return Buffer.concat([length, Buffer.from(value ?? '')])
}
function int32(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length)
  for (const [i, number] of numbers.entries()) bytes.writeInt32BE(number, 4 * i)
  return bytes
}
const binary = (...values: readonly (Buffer | string | null)[]): Buffer =>
  Buffer.concat([
    Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'),
    Buffer.alloc(8),
    Buffer.from([0, values.length]),
    ...values.map(field),
    Buffer.from([0xff, 0xff]),
  ])
/** text[] of one dimension. */
const array = (...texts: readonly string[]): Buffer =>
  Buffer.concat([int32(1, 0, 25, texts.length, 1), ...texts.map((text) => field(text))])

const refused: readonly [string, string, ...(Buffer | string)[]][] = [
  ['text', 'copy people from stdin', '7\t(hidden)\t\\N\t\\N\n'],
  ['text, escaped', 'copy people from stdin', '7\t(hid\\x64en)\t\\N\t\\N\n'],
  ['text, in pieces', 'copy people from stdin', '7\t(hid', 'den)\t\\N', '\t\\N\n8\tx\t\\N\t\\N\n'],
  ['text, its last line without an end', 'copy people (email, id) from stdin', '(hidden)\t7'],
  ['text, behind lines that are good', 'copy people (id, email) from stdin', '7\ta\n8\tb\n9\t(hidden)\n'],
  ['CSV', 'copy people (id, email) from stdin csv', '7,"(hidden)"\n'],
  ['CSV, half in quotes', 'copy people (id, email) from stdin csv', '7,"(hid"den)\n'],
  ['CSV with a heading', 'copy people (id, email) from stdin (format csv, header)', 'id,email\n7,(hidden)\n'],
  ['within a document', 'copy people (id, notes) from stdin', '7\t{"a": ["(hidden)"]}\n'],
  ['within an array', 'copy people (id, mails) from stdin', '7\t{x,(hidden)}\n'],
  ['through a view', 'copy folk (id, email) from stdin', '7\t(hidden)\n'],
  ['binary', 'copy people (id, email) from stdin binary', binary(int32(7), '(hidden)')],
  ['a binary document', 'copy people (id, notes) from stdin binary', binary(int32(7), '\x01{"a": "(hidden)"}')],
  ['a binary array', 'copy people (id, mails) from stdin binary', binary(int32(7), array('x', '(hidden)'))],
]

describe('what a mask shows is not uploaded over what it hides', () => {
  test.each(refused)('%s, by a simple query', async (_, text, ...pieces) => {
    const { client } = served
    const messages = await client.send(Buffer.concat([write.query(text), data(...pieces), done])).ready()
    expect(outline(messages)).toEqual(['G', 'E:42501', 'Z:I'])
    const error = fields(messages.find(({ tag }) => tag === 'E'))
    expect(error.get('M')).toBe('refused: a masked placeholder never overwrites the truth')
    expect(error.get('D')).toContain('Mask/hidden masks public.people.')
    expect(rows(await client.query('select count(*) from people'))).toEqual([['0']])
    expect(served.gate.of(text)?.outcomes).toMatchObject([{ kind: 'error', error: { code: '42501' } }])
  })

  test('by Execute, with a Sync that comes along', async () => {
    const { client } = served
    const [upload, ending] = [data('7\t(hidden)\t\\N\t\\N\n'), Buffer.concat([done, write.sync()])]
    const begun = Buffer.concat([...extended('copy people from stdin'), write.sync()])
    const messages = await client.send(Buffer.concat([begun, upload, ending])).ready()
    expect(outline(messages)).toEqual(['1', '2', 'n', 'G', 'E:42501', 'Z:I'])
    expect(rows(await client.query('select count(*) from people'))).toEqual([['0']])
  })

  test('what is uploaded behind it is dropped, and what is asked behind it is answered', async () => {
    const { client } = served
    await client.send(write.query('copy people (id, email) from stdin')).until(({ tag }) => tag === 'G')
    client.send(data('7\t(hidden)\n'))
    for (let i = 0; i < 100; i++) client.send(data(`${i}\tx\n`))
    client.send(Buffer.concat([done, write.query('select count(*) from people')]))
    const messages = await client.ready(2)
    expect(outline(messages)).toEqual(['E:42501', 'Z:I', 'T:1', 'D', 'C:SELECT 1', 'Z:I'])
    expect(rows(messages)).toEqual([['0']])
  })

  test('a transaction that it was in has failed', async () => {
    const { client } = served
    await client.query('begin')
    const upload = Buffer.concat([write.query('copy people (id, email) from stdin'), data('7\t(hidden)\n'), done])
    expect(outline(await client.send(upload).ready())).toEqual(['G', 'E:42501', 'Z:E'])
    expect(outline(await client.query('rollback'))).toEqual(['C:ROLLBACK', 'Z:I'])
  })
})

test('what only looks like it, or goes to other columns, is uploaded', async () => {
  const { client } = served
  for (const [text, ...pieces] of [
    ['copy people (id, email) from stdin', '1\t\\N\n2\t\n3\tthe (hidden) one\n'],
    ["copy people (id, email) from stdin (null '(hidden)')", '4\t(hidden)\n'],
    ['copy people (id, email) from stdin (format csv, header)', 'id,(hidden)\n5,"ada@example.com"\n'],
    ['copy people (id, mails) from stdin binary', binary(int32(6), array('x'))],
  ] as const) {
    const messages = await client.send(Buffer.concat([write.query(text), data(...pieces), done])).ready()
    expect(outline(messages), text).toEqual(['G', expect.stringMatching(/^C:COPY [13]$/), 'Z:I'])
  }
  await client.query('create table others (email text)')
  const messages = await client.send(Buffer.concat([write.query('copy others from stdin'), data('(hidden)\n'), done])).ready()
  expect(outline(messages)).toEqual(['G', 'C:COPY 1', 'Z:I'])
})

test('binary parameters are looked into, arrays too, whoever says which type they are', async () => {
  const { client, gate } = served
  const text = 'insert into people (id, email, mails) values (99, $1, $2)'
  for (const parameterTypes of [[], [25, 1009]]) {
    const message = write.bind({
      portal: '',
      statement: 's',
      parameterFormats: [1],
      parameters: [Buffer.from('ada'), array('a,b', 'null', 'c')],
      resultFormats: [],
    })
    await client.send(parse('', 'select 1'), write.sync()).ready()
    client.send(write.parse({ name: 's', text, parameterTypes }), message, execute(''), write.sync())
    await client.ready()
    expect(gate.of(text)?.operation.parameters.map(({ value }) => value)).toContain('{"a,b","null",c}')
    await client.query('deallocate s; delete from people where id = 99')
  }
})
