import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PostgresServer, startPostgres } from '@hoop/postgres-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Upstream } from '../protocol.ts'
import { write } from './codec.ts'
import {
  bind,
  execute,
  extended,
  hides,
  localPassword,
  outline,
  parse,
  rows,
  ScriptedGate,
  type Served,
  serve,
} from './wire.fixture.ts'

let server: PostgresServer
let folder: string
let upstream: Upstream
const shared = new Map<string, unknown>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-wire-'))
  server = await startPostgres({ dataFolder: folder, password: 'wire', durable: false })
  upstream = { host: server.host, port: server.port, user: 'postgres', password: 'wire', tls: null, databases: ['postgres'] }
  const { client } = await open()
  await client.query('create table people (id int primary key, email text, city text)')
  await client.query("insert into people values (1, 'ada@example.com', 'Lagos'), (2, 'bob@example.com', 'Bonn')")
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

async function open(gate = new ScriptedGate()): Promise<Served> {
  const served = serve({ upstream, gate, shared, dial: async ({ host, port }) => connect({ host, port }) })
  await served.client.logIn({ user: 'ada' }, localPassword)
  return served
}
const sync = write.sync()

describe('what names mean is never guessed', () => {
  const evil = "delete from people where id = 1 returning 'evil'"
  const harmless = "select 'harmless'"
  function judged(): ScriptedGate {
    const gate = new ScriptedGate()
    gate.judge = ({ text }) => (text === evil ? 'refuse' : 'permit')
    return gate
  }
  async function survives(): Promise<boolean> {
    const { client } = await open()
    return rows(await client.query('select count(*) from people')).join() === '2'
  }

  test('a named statement whose first Parse fails is judged as the second', async () => {
    const { client } = await open(judged())
    client.send(parse('s', 'select nothing from people'), sync, parse('s', evil), bind('', 's'), execute(''), sync)
    expect(outline(await client.ready(2))).toEqual(['E:42703', 'Z:I', '1', 'E:42501', 'Z:I'])
    expect(await survives()).toBe(true)
  })

  test('a Parse of the unnamed statement that is skipped leaves the old one judged', async () => {
    const { client } = await open(judged())
    client.send(parse('', evil), sync)
    await client.ready()
    client.send(parse('x', 'select nothing from people'), parse('', harmless), sync, bind('', ''), execute(''), sync)
    expect(outline(await client.ready(2))).toEqual(['E:42703', 'Z:I', 'E:42501', 'Z:I'])
    expect(await survives()).toBe(true)
  })

  test('a skipped Parse stays undone when the one behind it is skipped too', async () => {
    const { client } = await open(judged())
    client.send(parse('', evil), sync)
    await client.ready()
    const failing = parse('x', 'select nothing from people')
    client.send(failing, parse('', harmless), sync, failing, parse('', "select 'other'"), sync)
    await client.ready(2)
    client.send(bind('', ''), execute(''), sync)
    expect(outline(await client.ready())).toEqual(['E:42501', 'Z:I'])
    expect(await survives()).toBe(true)
  })

  test('a skipped Close with a new Parse leaves the old text judged', async () => {
    const { client } = await open(judged())
    client.send(parse('s', evil), sync)
    await client.ready()
    client.send(
      parse('x', 'select nothing from people'),
      write.close({ kind: 'S', name: 's' }),
      parse('s', harmless),
      sync,
      bind('', 's'),
      execute(''),
      sync,
    )
    expect(outline(await client.ready(2))).toEqual(['E:42703', 'Z:I', 'E:42501', 'Z:I'])
    expect(await survives()).toBe(true)
  })

  test('Close and a new Parse in one pipeline', async () => {
    const { client, gate } = await open()
    client.send(
      parse('s', harmless),
      write.close({ kind: 'S', name: 's' }),
      parse('s', 'select 2'),
      bind('', 's'),
      execute(''),
      sync,
    )
    expect(outline(await client.ready())).toEqual(['1', '3', '1', '2', 'D', 'C:SELECT 1', 'Z:I'])
    expect(gate.admitted.map(({ text }) => text)).toEqual(['select 2'])
  })

  test('a named statement that a failing Parse wanted to replace is judged and runs as the old text', async () => {
    const { client, gate } = await open()
    client.send(parse('s', harmless), sync, parse('s', evil), sync, bind('', 's'), execute(''), sync)
    const replies = await client.ready(3)
    expect(outline(replies)).toEqual(['1', 'Z:I', 'E:42P05', 'Z:I', '2', 'D', 'C:SELECT 1', 'Z:I'])
    expect(gate.admitted.map(({ text }) => text)).toEqual([harmless])
  })

  test('a portal bound again under its name is masked and recorded as what it is now', async () => {
    const gate = new ScriptedGate()
    gate.masks = hides('public.people.email')
    const { client } = await open(gate)
    const city = 'select city from people order by id'
    const email = 'select email from people order by id'
    client.send(parse('c', city), parse('e', email), sync)
    await client.ready()
    client.send(bind('p', 'c'), sync, bind('p', 'e'), execute('p'), sync)
    expect(rows(await client.ready(2))).toEqual([['(hidden)'], ['(hidden)']])
    expect(gate.of(email)?.outcomes).toMatchObject([{ kind: 'done', rows: 2 }])
    expect(gate.of(city)?.outcomes).toMatchObject([{ kind: 'not-run' }])
  })

  test('so is one bound again after a COMMIT in the same pipeline', async () => {
    const gate = new ScriptedGate()
    gate.masks = hides('public.people.email')
    const { client } = await open(gate)
    await client.query('begin')
    client.send(parse('c', 'select city from people order by id'), parse('e', 'select email from people order by id'), sync)
    await client.ready()
    client.send(bind('p', 'c'), ...extended('commit'), bind('p', 'e'), execute('p'), sync)
    expect(rows(await client.ready())).toEqual([['(hidden)'], ['(hidden)']])
  })

  test('every admitted operation comes to one end', async () => {
    const { client, gate } = await open()
    client.send(parse('', "select 'a'"), bind('', ''), bind('', ''), bind('p', ''), write.close({ kind: 'P', name: 'p' }), sync)
    await client.ready()
    client.send(parse('', "select 'b'"), bind('q', ''), execute('q'), write.close({ kind: 'P', name: 'q' }), sync)
    await client.ready()
    client.send(...extended('begin'), parse('', 'select generate_series(1, 9)'), bind('r', ''), execute('r', 2), sync)
    await client.ready()
    client.send(write.close({ kind: 'P', name: 'r' }), sync)
    await client.ready()
    expect(gate.admitted.map(({ outcomes }) => outcomes.map(({ kind }) => kind))).toEqual([
      ['not-run'],
      ['not-run'],
      ['not-run'],
      ['done'],
      ['done'],
      ['done'],
    ])
  })
})
