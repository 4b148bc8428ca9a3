import { HoopError, type Profile } from '@hoop/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { localPassword, ScriptedGate } from '../scripted-gate.fixture.ts'
import { fixtureCatalogue } from './catalogue.fixture.ts'
import { withSearchPath } from './catalogue.ts'
import { write } from './codec.ts'
import { readStatement } from './operations.ts'
import { SessionState } from './session-state.ts'
import { bind, execute, extended, fields, hides, outline, parse, rows, type Served, serve } from './wire.fixture.ts'
import { WireServer } from './wire-server.fixture.ts'

let server: WireServer
beforeAll(async () => {
  server = await WireServer.start({ max_prepared_transactions: '2' })
  const { client } = await open()
  await client.query(`create table people (id int primary key, email text, city text);
    insert into people values (1, 'ada@example.com', 'Lagos'), (2, 'bob@example.com', 'Bonn');
    create schema other; create table other.people (id int, email text); insert into other.people values (7, 'public');
    create role clerk; grant all on all tables in schema public to clerk; create schema clerk; create view clerk.people as select 1 as id`)
})
afterAll(() => server.stop())

const open = (gate = new ScriptedGate(), profile: Profile = 'strict'): Promise<Served> => server.open({ gate, profile })
async function masked(): Promise<Served> {
  const gate = new ScriptedGate()
  gate.masks = hides('public.people.email')
  return await open(gate)
}
const sync = write.sync()
const email = 'select email from people where id = 1'

test('rows are counted for their operation, in however many pieces they are read', async () => {
  const { client, gate } = await open()
  const ofRows = (text: string) => gate.admitted.filter((each) => each.text === text).map(({ outcomes }) => outcomes[0]?.rows)
  const three = 'select generate_series(1, 3)'
  client.send(parse('', three), bind('', ''), execute('', 1), execute('', 1), execute('', 1), sync)
  expect(outline(await client.ready())).toEqual(['1', '2', 'D', 's', 'D', 's', 'D', 's', 'Z:I'])
  await client.query(`begin; declare c scroll cursor for ${three}`)
  client.send(execute('c', 1), write.flush())
  await client.until(({ tag }) => tag === 's')
  client.send(execute('c', 2), sync)
  await client.ready()
  await client.query('move absolute 0 in c')
  for (const count of [2, 5]) await client.query(`fetch ${count} from c`)
  await client.query('commit')
  // As SQL and the protocol were asked: once for the portal, once for the cursor, and each FETCH by itself.
  expect(ofRows(three)).toEqual([3, 3])
  expect([ofRows('fetch 2 from c'), ofRows('fetch 5 from c')]).toEqual([[2], [1]])
})

describe('prepared statements have one space of names', () => {
  test('what SQL prepared is bound, described and executed by the protocol, masked', async () => {
    const { client, gate } = await masked()
    await client.query('prepare zz (int) as select email from people where id = $1')
    client.send(write.describe({ kind: 'S', name: 'zz' }), bind('', 'zz', ['1']), execute(''), sync)
    const replies = await client.ready()
    expect(outline(replies)).toEqual(['t:1', 'T:1', '2', 'D', 'C:SELECT 1', 'Z:I'])
    expect(rows(replies)).toEqual([['(hidden)']])
    const bound = gate.of('select email from people where id = $1')
    expect(bound?.operation.parameters).toMatchObject([{ value: '1' }])
    expect(bound?.operation.objects).toMatchObject([{ name: 'public.people' }])
  })

  test('what the protocol prepared is executed by SQL, judged and recorded as what it is', async () => {
    const { client, gate } = await masked()
    client.send(parse('yy', email), sync)
    await client.ready()
    expect(rows(await client.query('execute yy'))).toEqual([['(hidden)']])
    const { operation } = gate.of('execute yy') ?? {}
    expect(operation?.objects).toMatchObject([{ name: 'public.people', access: 'read' }])
    expect(operation?.runs).toMatchObject([{ name: 'yy', text: email }])
  })

  test('in one text, and in one pipeline', async () => {
    const { client } = await masked()
    expect(
      rows(await client.query(`prepare a as ${email}; execute a; deallocate a; prepare a as select city from people; execute a`)),
    ).toEqual([['(hidden)'], ['Lagos'], ['Bonn']])
    client.send(...extended('deallocate a'), ...extended(`prepare a as ${email}`), bind('', 'a'), execute(''), sync)
    expect(rows(await client.ready())).toEqual([['(hidden)']])
  })

  test('a name given away with DEALLOCATE ALL or DISCARD ALL is nobody’s', async () => {
    for (const gone of ['deallocate all', 'discard all', 'deallocate "n"']) {
      const { client } = await open()
      client.send(parse('n', 'select 1'), sync)
      await client.ready()
      await client.query(gone)
      client.send(bind('', 'n'), execute(''), sync)
      expect(outline(await client.ready())).toEqual(['E:26000', 'Z:I'])
    }
  })

  test('a PREPARE that fails takes no name', async () => {
    const { client } = await masked()
    await client.query('prepare p as select city from people')
    expect(outline(await client.query(`prepare p as ${email}`))).toEqual(['E:42P05', 'Z:I'])
    expect(rows(await client.query('execute p'))).toEqual([['Lagos'], ['Bonn']])
  })

  test('a name that hoop has not seen is unknown, and refused as the server would say', async () => {
    const { client, gate } = await open()
    gate.judge = ({ effects }) => (effects.includes('unknown') ? 'unknown' : 'permit')
    for (const [text, code] of [
      ['execute nobody', '26000'],
      ['fetch all from nobody', '34000'],
      ['select p.nothing from people p', '42703'],
      ['select no_such_function(1)', '42883'],
      ["select 'x'::no_such_type", '42704'],
    ] as const) {
      expect(outline(await client.query(text))).toEqual([`E:${code}`, 'Z:I'])
      expect(outline(await client.send(...extended(text), sync).ready()).slice(-2)).toEqual([`E:${code}`, 'Z:I'])
      expect(gate.of(text)?.operation.effects).toContain('unknown')
    }
    const more = "select no_such_function(1), query_to_xml('select 1', true, true, '')"
    expect(outline(await client.query(more))).toEqual(['E:42501', 'Z:I'])
  })

  test('a text that the parser rejects is shown where', async () => {
    const { client } = await open()
    const [error] = await client.query("select 'é𝒳', 1 selec from")
    expect(fields(error).get('C')).toBe('42601')
    expect(fields(error).get('P')).toBe('26')
    const [again] = await client.send(...extended("select 'é𝒳', 1 selec from"), sync).ready()
    expect(fields(again).get('P')).toBe('26')
  })

  test('what the server rejects at Parse is on the record', async () => {
    const { client, gate } = await open()
    client.send(parse('', 'select nonsense from people'), sync)
    expect(outline(await client.ready())).toEqual(['E:42703', 'Z:I'])
    expect(gate.of('select nonsense from people')?.outcomes).toMatchObject([{ kind: 'error', error: { code: '42703' } }])
  })
})

describe('cursors and portals have one space of names', () => {
  test('what SQL declared is executed by the protocol, masked, in the format that it was declared with', async () => {
    for (const kind of ['', 'binary']) {
      const { client, gate } = await masked()
      await client.query(`begin; declare cc ${kind} cursor for select id, email from people order by id`)
      client.send(execute('cc', 1), sync)
      const replies = await client.ready()
      expect(outline(replies)).toEqual(['D', 's', 'Z:T'])
      expect(rows(replies)[0]?.[1]).toBe('(hidden)')
      expect(gate.admitted.at(-1)?.operation.objects).toMatchObject([{ name: 'public.people' }])
    }
  })

  test('a portal of the protocol is fetched from by SQL, masked', async () => {
    const { client } = await masked()
    await client.query('begin')
    client.send(parse('', 'select email from people order by id'), bind('pp', ''), execute('pp', 1), sync)
    expect(rows(await client.ready())).toEqual([['(hidden)']])
    expect(rows(await client.query('fetch 5 from pp'))).toEqual([['(hidden)']])
  })

  test('a cursor keeps what it was declared for', async () => {
    const { client } = await masked()
    await client.query('create view shown as select email as c from people')
    await client.query('begin; declare c cursor for select c from shown')
    await client.query('create view other.shown as select city as c from people; set local search_path = other')
    expect(rows(await client.query('fetch 1 from c'))).toEqual([['(hidden)']])
    await client.query('rollback; drop view shown')
  })

  test('one that is kept outlives its transaction, if that commits', async () => {
    const { client, gate } = await masked()
    await client.query(`begin; declare c cursor with hold for select email from people; commit`)
    expect(rows(await client.query('fetch 1 from c'))).toEqual([['(hidden)']])
    await client.query('close c; begin; declare c cursor with hold for select email from people; rollback')
    await client.query('fetch 1 from c')
    expect(gate.of('fetch 1 from c')?.operation.effects).toContain('unknown')
  })

  test('WHERE CURRENT OF', async () => {
    const { client } = await open()
    await client.query('begin; declare c cursor for select id from people where id = 2; fetch 1 from c')
    expect(outline(await client.query("update people set city = 'Köln' where current of c"))).toEqual(['C:UPDATE 1', 'Z:T'])
    await client.query('rollback')
  })
})

describe('what names mean follows the session', () => {
  const read = 'select email from people order by id limit 1'
  const [mine, theirs] = [[['(hidden)']], [['public']]]
  async function shows(client: Served['client']): Promise<unknown> {
    return rows(await client.query(read))
  }

  test('search_path by SET, by set_config and by startup; back by RESET and DISCARD', async () => {
    const { client, gate } = await masked()
    for (const [set, reset] of [
      ['set search_path = other', 'reset search_path'],
      ['set search_path to other, public', 'set search_path to default'],
      ["select set_config('search_path', 'other', false)", 'reset all'],
      ["select pg_catalog.set_config('search_path', '\"other\"', false)", 'discard all'],
    ]) {
      await client.query(set ?? '')
      expect(await shows(client)).toEqual(theirs)
      expect(gate.of(read)?.operation.objects).toMatchObject([{ name: 'other.people' }])
      await client.query(reset ?? '')
      expect(await shows(client)).toEqual(mine)
    }
    const started = server.serve({ gate })
    await started.client.logIn({ user: 'ada', options: '-c search_path=other' }, localPassword)
    expect(await shows(started.client)).toEqual(theirs)
  })

  test('a transaction that rolls back takes it back, and so does a savepoint', async () => {
    const { client } = await masked()
    await client.query('begin; set search_path = other; rollback')
    expect(await shows(client)).toEqual(mine)
    expect(outline(await client.query('set search_path = other; select 1/0')).at(-1)).toBe('Z:I')
    expect(await shows(client)).toEqual(mine)
    await client.query('begin; savepoint s; set search_path = other')
    expect(await shows(client)).toEqual(theirs)
    await client.query('rollback to s')
    expect(await shows(client)).toEqual(mine)
    await client.query('set local search_path = other; release s')
    expect(await shows(client)).toEqual(theirs)
    await client.query('commit')
    expect(await shows(client)).toEqual(mine)
    await client.query('begin; set search_path = other; savepoint t; set search_path = public; rollback to t; commit')
    expect(await shows(client)).toEqual(theirs)
  })

  test('a pipeline behind SET waits for it', async () => {
    const { client } = await masked()
    client.send(
      ...extended('set search_path = other'),
      ...extended(read),
      sync,
      write.query('reset search_path'),
      write.query(read),
    )
    expect(rows(await client.ready(3))).toEqual([...theirs, ...mine])
  })

  test('a prepared statement is judged by the path of its run', async () => {
    const { client } = await masked()
    await client.query('set search_path = other')
    client.send(parse('p', read), bind('', 'p'), execute(''), sync)
    expect(rows(await client.ready())).toEqual(theirs)
    await client.query('reset search_path')
    client.send(bind('', 'p'), execute(''), sync)
    expect(rows(await client.ready())).toEqual(mine)
  })

  test('"$user" is the role that the session has taken', async () => {
    const { client, gate } = await masked()
    await client.query('set role clerk')
    await client.query('select id from people')
    expect(gate.of('select id from people')?.operation.objects[0]).toMatchObject({ kind: 'view', name: 'clerk.people' })
    await client.query('reset role')
    await client.query('select id from people')
    expect(gate.of('select id from people')?.operation.objects[0]).toMatchObject({ kind: 'table', name: 'public.people' })
  })

  test('what is set where it cannot be followed is refused', async () => {
    for (const text of [
      "select set_config('search_path', 'other', false) from people",
      "select set_config('sea' || 'rch_path', 'other', false)",
      "select case when true then set_config('search_path', 'other', false) end",
      "explain analyze select set_config('search_path', 'other', false)",
      "select set_config('role', 'clerk', false) where true",
      'set standard_conforming_strings = off',
      'alter role postgres set search_path = other',
    ]) {
      const { client, gate } = await open()
      expect(outline(await client.query(text))).toEqual(['E:42501', 'Z:I'])
      expect(gate.of(text)?.operation.refused?.code).toBe('not_supported')
    }
  })

  test('the name that the server shows stays behind that of the person', async () => {
    const { client, gate } = await open()
    for (const text of [
      "set application_name = 'it''s me'",
      'set application_name to admin',
      "select set_config('application_name', 'x', false)",
      'reset application_name',
      'discard all',
    ]) {
      await client.query(text)
      expect(rows(await client.query('show application_name'))[0]?.[0]).toMatch(/^hoop ada/)
      expect(gate.of(text)?.text).toBe(text)
    }
    client.send(...extended("set application_name = 'it''s me'"), sync)
    await client.ready()
    expect(rows(await client.query('show application_name'))).toEqual([["hoop ada it's me"]])
    for (const text of [
      "prepare p as select set_config('application_name', 'root', false)",
      "select set_config('application_name', 'root', false) limit 1",
    ])
      expect(outline(await client.query(text))).toEqual(['E:42501', 'Z:I'])
  })
})

test('what nobody could read may have set the path: names are not relied upon where the server does not report it', () => {
  const state = new SessionState('ada', null, false)
  state.unreadRan()
  expect(state.searchPath).toEqual({ schemas: 'unseen', user: 'ada' })
  state.transactionEnded(false)
  expect(state.searchPath).toBe(null)
  state.unreadRan()
  state.transactionEnded(true)
  state.apply({ kind: 'search-path', schemas: ['a'], local: true })
  expect(state.searchPath?.schemas).toEqual(['a'])
  state.transactionEnded(true)
  expect(state.searchPath?.schemas).toBe('unseen')
  state.apply({ kind: 'search-path', schemas: null, local: false })
  expect(state.searchPath).toBe(null)
  const reported = new SessionState('ada', ['a'], true)
  reported.unreadRan()
  expect(reported.searchPath?.schemas).toEqual(['a'])
})

test('the role is the one that was chosen, as long as the transaction that chose it stands', () => {
  const state = new SessionState('ada', null, false)
  expect(state.role).toBe(null)
  state.apply({ kind: 'role', name: 'owner', local: false })
  expect(state.role).toBe('owner')
  state.transactionEnded(false)
  expect(state.role).toBe(null)
})

test('after SET the rest of a text is read by a path that is certain, or by none', () => {
  const unseen = withSearchPath(fixtureCatalogue(), { schemas: 'unseen', user: 'ada' })
  expect(readStatement('select email from customers', unseen)).toMatchObject({
    operation: { objects: [{ name: 'public.customers' }] },
    parts: [{ outputs: [{ sources: 'opaque' }] }],
  })
})

describe('definitions that cannot be looked up', () => {
  test('what somebody locks keeps nobody else waiting; what reads it is not known until then', async () => {
    const { client: other } = await open()
    await other.query(`create table priced (net int, gross int generated always as (net * 2) stored);
      create view shown as select gross from priced`)
    await other.query('begin; lock table priced in access exclusive mode')
    const { client, gate } = await open()
    expect(outline(await client.query('create table fresh (id int); select * from fresh'))).toEqual([
      ...['C:CREATE TABLE', 'T:1', 'C:SELECT 0', 'Z:I'],
    ])
    gate.judge = ({ effects }) => (effects.includes('unknown') ? 'refuse' : 'permit')
    expect(outline(await client.query('select * from shown'))).toEqual(['E:42501', 'Z:I'])
    expect(gate.of('select * from shown')?.operation.unknownBecause).toEqual([
      'another session is altering what public.shown reads; try again when it has done so',
    ])
    await other.query('rollback')
    await other.query('drop view shown; drop table priced, fresh')
  })

  test('without a catalogue a statement is refused, and the connection lives', async () => {
    let dials = 0
    const gate = new ScriptedGate()
    const { client } = serve({
      upstream: server.upstream,
      gate,
      dial: async (to) => {
        if (++dials === 2 || dials === 3) throw new HoopError('connection_unavailable', 'the catalogue is out of reach')
        return await server.dial(to)
      },
    })
    await client.logIn({ user: 'ada' }, localPassword)
    expect(outline(await client.query('select 1'))).toEqual(['E:58000', 'Z:I'])
    expect(gate.of('select 1')?.operation.refused).toEqual({ code: 'unavailable', words: 'the catalogue is out of reach' })
    client.send(...extended('select 2'), sync)
    expect(outline(await client.ready())).toEqual(['E:58000', 'Z:I'])
    expect(rows(await client.query('select 3'))).toEqual([['3']])
  })
})

test('a temporary relation that hides another is told apart from it, and what is about either is about both', async () => {
  const { client, gate } = await masked()
  await client.query("create temp table people (email text); insert into people values ('mine')")
  await client.query('select email from people')
  expect(gate.of('select email from people')?.operation.objects).toEqual([
    { kind: 'table', name: 'pg_temp.people', access: 'read' },
    { kind: 'table', name: 'public.people', access: 'read' },
  ])
  expect(outline(await client.query('drop table people'))).toEqual(['C:DROP TABLE', 'Z:I'])
  expect(gate.of('drop table people')?.operation.objects.map(({ name }) => name)).toEqual(['pg_temp.people', 'public.people'])
  expect(rows(await client.query('select email from public.people where id = 1'))).toEqual([['(hidden)']])
})

describe('other ways', () => {
  test('notifications come through, without their payload where columns are masked', async () => {
    for (const [session, payload] of [
      [await open(), 'hello'],
      [await masked(), ''],
    ] as const) {
      const { client } = session
      await client.query('listen news')
      await (await open()).client.query("notify news, 'hello'")
      const [note] = (await client.until(({ tag }) => tag === 'A')).slice(-1)
      expect(note?.body.toString('utf8', 4)).toBe(`news\0${payload}\0`)
    }
  })

  const int4 = (...values: number[]) => values.map((value) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]))
  const call = (oid: number, values: Buffer[]) =>
    write.functionCall({ oid, argumentFormats: [1], arguments: values, resultFormat: 1 })

  test('large objects by FunctionCall, on the record', async () => {
    const { client, gate } = await open()
    await client.query('begin')
    const [created] = await client.send(call(957, int4(-1))).ready()
    const oid = created?.body.readInt32BE(4) ?? 0
    await client.send(call(952, int4(oid, 0x60000))).ready()
    await client.send(call(955, [...int4(0), Buffer.from('large')])).ready()
    await client.send(call(956, int4(0, 0, 0))).ready()
    const [content] = await client.send(call(954, int4(0, 100))).ready()
    expect(content?.body.toString('utf8', 4)).toBe('large')
    expect(outline(await client.send(call(954, int4(9, 100))).ready())).toEqual(['E:42704', 'Z:E'])
    await client.query('rollback')
    expect(
      gate.admitted
        .filter(({ text }) => text.startsWith('FunctionCall'))
        .map(({ text, operation }) => [text, ...operation.effects]),
    ).toEqual([
      ['FunctionCall lo_creat', 'write'],
      ['FunctionCall lo_open', 'write'],
      ['FunctionCall lowrite', 'write'],
      ['FunctionCall lo_lseek', 'read'],
      ['FunctionCall loread', 'read'],
      ['FunctionCall loread', 'read'],
    ])
    expect(gate.of('FunctionCall lowrite')?.operation.parameters).toMatchObject([{ value: '0' }, { value: '\\x6c61726765' }])
  })

  test('what large objects hold is not read where columns are masked', async () => {
    const { client } = await masked()
    expect(outline(await client.send(call(954, int4(0, 100))).ready())).toEqual(['E:42501', 'Z:I'])
  })

  test('two-phase commit', async () => {
    const { client, gate } = await open()
    expect(outline(await client.query("begin; insert into other.people values (8, 'x'); prepare transaction 't'"))).toEqual([
      ...['C:BEGIN', 'C:INSERT 0 1', 'C:PREPARE TRANSACTION', 'Z:I'],
    ])
    expect(outline(await client.query("rollback prepared 't'"))).toEqual(['C:ROLLBACK PREPARED', 'Z:I'])
    expect(gate.of("rollback prepared 't'")?.operation.objects).toMatchObject([{ kind: 'prepared transaction', name: 't' }])
  })

  test('a text that is not UTF-8 is refused as the server would', async () => {
    const { client, gate } = await open()
    const broken = Buffer.from([...Buffer.from("select '"), 0x95, 0x5c, ...Buffer.from("'")])
    const [error] = await client.send(write.query(broken)).ready()
    expect(fields(error).get('C')).toBe('22021')
    client.send(write.parse({ name: '', text: broken, parameterTypes: [] }), sync)
    expect(outline(await client.ready())).toEqual(['E:22021', 'Z:I'])
    expect(gate.admitted).toEqual([])
  })
})

describe('a transparent connection', () => {
  async function transparent(): Promise<Served> {
    const gate = new ScriptedGate()
    gate.enforces = false
    return await open(gate, 'transparent')
  }

  test('forwards what cannot be read, and records it as unreadable', async () => {
    const { client, gate } = await transparent()
    expect(outline(await client.query('selec 1'))).toEqual(['E:42601', 'Z:I'])
    expect(outline(await client.send(...extended('selec 1'), sync).ready())).toEqual(['E:42601', 'Z:I'])
    expect(gate.admitted.map(({ text, operation }) => [text, operation.refused?.code])).toEqual([
      ['selec 1', 'unreadable'],
      ['selec 1', 'unreadable'],
    ])
  })

  test('settings, encodings and bytes pass as they came', async () => {
    const { client } = await transparent()
    await client.query(
      "set standard_conforming_strings = off; set client_encoding = 'LATIN1'; set search_path = other; set application_name = 'x'",
    )
    const text = Buffer.from("select 'é' as \"é\", current_setting('application_name'), 'a\\'b'", 'latin1')
    const replies = await client.send(write.query(text)).ready()
    const row = replies.find(({ tag }) => tag === 'D')
    expect(row?.body.subarray(6, 7)).toEqual(Buffer.from('é', 'latin1'))
    expect(rows(replies)[0]?.slice(1)).toEqual(['x', "a'b"])
  })

  test('names that only the server knows', async () => {
    const { client } = await transparent()
    await client.query("do $$ begin execute 'prepare hidden as select 7'; end $$")
    client.send(write.describe({ kind: 'S', name: 'hidden' }), bind('', 'hidden'), execute(''), sync)
    expect(rows(await client.ready())).toEqual([['7']])
    client.send(bind('', 'nobody'), execute(''), sync)
    expect(outline(await client.ready())).toEqual(['E:26000', 'Z:I'])
    expect(outline(await client.send(execute('nobody'), sync).ready())).toEqual(['E:34000', 'Z:I'])
  })
})
