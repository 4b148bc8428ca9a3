import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { localPassword, ScriptedGate } from '../scripted-gate.fixture.ts'
import { write } from './codec.ts'
import { SessionState } from './session-state.ts'
import { bind, execute, outline, parse, rows, type Served } from './wire.fixture.ts'
import { WireServer } from './wire-server.fixture.ts'

let server: WireServer
beforeAll(async () => {
  server = await WireServer.start()
  const { client } = await server.open()
  await client.query(`create table people (id int, tenant text); insert into people values (1, 'a'), (2, 'b');
    create function enter(tenant text) returns void language plpgsql as $$ begin perform set_config('app.tenant', tenant, false); end $$;
    create function enter_for_now() returns void language plpgsql as $$ begin set local timezone to 'UTC'; end $$`)
})
afterAll(() => server.stop())

const open = (gate = new ScriptedGate()): Promise<Served> => server.open({ gate })
const look = 'select 1 as looked'
/** What the gate is told of the session's settings now: `name=value` each. */
async function told({ client, gate }: Served): Promise<string[] | null> {
  await client.query(look)
  return gate.of(look)?.settings?.map(({ name, value }) => `${name}=${value}`) ?? null
}
const sync = write.sync()

describe('the gate is told what a session has set for itself', () => {
  test.each<[string, string[]]>([
    [`set app.tenant = 'a'`, ['app.tenant=a']],
    [`set timezone = 'Europe/Berlin'; set datestyle to iso, dmy`, ['datestyle=iso, dmy', 'timezone=Europe/Berlin']],
    [`set time zone interval '5' hour to minute`, ['timezone=interval 5 3072']],
    [`set transform_null_equals to on`, ['transform_null_equals=on']],
    [`select set_config('app.tenant', 'a', false)`, ['app.tenant=a']],
    [`set search_path to public`, ['search_path=public']],
    [`set timezone = 'UTC'; reset timezone`, []],
    [`set timezone = 'UTC'; discard all`, []],
    // The server has an empty value for it from then on, where it had none.
    [`set app.tenant = 'a'; reset all`, ['app.tenant=null']],
    [`begin; set local app.tenant = 'a'; commit`, ['app.tenant=null']],
    [`begin; set app.tenant = 'a'; rollback`, ['app.tenant=null']],
    [`begin; set timezone = 'UTC'; savepoint s; set timezone = 'Asia/Tokyo'; rollback to s; commit`, ['timezone=UTC']],
    [`begin; set local timezone = 'UTC'; set app.tenant = 'a'`, ['app.tenant=a', 'timezone=UTC']],
    [`set statement_timeout = '3s'; set work_mem = '8MB'; set application_name = 'x'`, []],
    [`prepare p as select set_config('app.tenant', 'a', false); execute p`, ['app.tenant=a']],
  ])('%s', async (text, expected) => {
    const served = await open()
    for (const each of text.split('; ')) await served.client.query(each)
    expect(await told(served)).toEqual(expected)
  })

  test('what the startup packet set, to which RESET goes back', async () => {
    const gate = new ScriptedGate()
    const served = server.serve({ gate })
    await served.client.logIn({ user: 'ada', options: '-c app.tenant=a -c statement_timeout=9s', TimeZone: 'UTC' }, localPassword)
    expect(await told(served)).toEqual(['app.tenant=a', 'timezone=UTC'])
    await served.client.query(`set app.tenant = 'b'; reset timezone`)
    expect(await told(served)).toEqual(['app.tenant=b', 'timezone=UTC'])
    await served.client.query('reset all')
    expect(await told(served)).toEqual(['app.tenant=a', 'timezone=UTC'])
  })

  test.each([
    `select enter('b')`,
    'select enter_for_now()',
    `do $$ begin perform set_config('app.tenant', 'b', false); end $$`,
    `select set_config('app.tenant', tenant, false) from people`,
    `select set_config(name, 'on', false) from pg_settings where name = 'transform_null_equals'`,
    `begin; declare c cursor for select set_config('app.tenant', 'b', false)`,
    `select set_config('app.tenant', 'b', false), generate_series(1, 3)`,
    `explain analyze select set_config('app.tenant', 'b', false)`,
  ])('nobody knows them any more after: %s', async (text) => {
    const served = await open()
    await served.client.query(text)
    expect(await told(served)).toBeNull()
  })

  test('a setting that only costs time is no reason for that', async () => {
    const served = await open()
    await served.client.query(`select set_config('statement_timeout', tenant, false) from people where id = 0`)
    expect(await told(served)).toEqual([])
  })
})

test('what was judged at Bind is judged again where settings have changed before it runs, sent ahead or not', async () => {
  const remove = 'delete from people where tenant = current_setting($1, true)'
  for (const ahead of [true, false]) {
    const { client, gate } = await open()
    await client.query('begin')
    const before = [parse('d', remove), bind('d', 'd', ['app.tenant'])]
    const after = [parse('s', `set app.tenant = 'nobody'`), bind('s', 's'), execute('s'), execute('d'), sync]
    if (ahead) client.send(...before, ...after)
    else {
      client.send(...before, write.flush())
      await client.until(({ tag }) => tag === '2')
      client.send(...after)
    }
    expect(outline(await client.ready()).filter((each) => each.startsWith('C'))).toEqual(['C:SET', 'C:DELETE 0'])
    const asked = gate.admitted.filter(({ text }) => text === remove)
    expect(asked.map(({ settings }) => settings)).toEqual([[], [{ name: 'app.tenant', value: 'nobody' }]])
    expect(asked.map(({ outcomes }) => outcomes.map(({ kind }) => kind))).toEqual([['not-run'], ['done']])
  }
})

test('a portal sets once what it sets, however often it is asked for more', async () => {
  const served = await open()
  const { client } = served
  await client.query('begin')
  client.send(parse('', `select set_config('app.tenant', 'b', false)`), bind('p', ''), execute('p', 1), sync)
  await client.ready()
  await client.query(`set app.tenant = 'a'`)
  client.send(execute('p'), sync)
  expect(outline(await client.ready())).toEqual(['C:SELECT 0', 'Z:T'])
  const truth = rows(await client.query(`select current_setting('app.tenant')`))
  expect(truth).toEqual([['a']])
  expect(await told(served)).toEqual(['app.tenant=a'])
})

test('what runs unread may have set anything, whatever its transaction comes to', () => {
  const state = new SessionState('ada', null, true, new Map([['timezone', 'UTC']]))
  expect(state.settings).toEqual([{ name: 'timezone', value: 'UTC' }])
  const { revision } = state
  state.configured()
  state.transactionEnded(false)
  expect(state.settings).toBeNull()
  expect(state.revision).not.toBe(revision)
})
