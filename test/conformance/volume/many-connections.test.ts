import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { connect as dial } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { write } from '../../../packages/protocols/src/postgres/codec.ts'
import {
  bind,
  execute,
  extended,
  fields,
  outline,
  parse,
  WireClient,
} from '../../../packages/protocols/src/postgres/wire.fixture.ts'
import { RawCaller } from '../../e2e/security-caller.ts'
import {
  type Connect,
  keepUntilEnd,
  requires,
  type System,
  startConnect,
  startSystem,
  temporaryFolder,
} from '../../support/index.ts'
import { operationsOf, readEvents } from '../../support/recorded.ts'
import { holdings, openFiles, residentMemory } from './processes.ts'

const run = promisify(execFile)
const keep = keepUntilEnd(afterAll)
const atOnce = 300
const wave = 25
const programs = ['gateway', 'connect'] as const
const refused = 'drop table orders'
let system: System
let connect: Connect
let admin: pg.Client

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10, settings: { max_connections: '400' } } }))
  connect = await keep(startConnect('sample', { home: await system.home('ada') }))
  admin = new pg.Client(system.sample.server.url())
  await admin.connect()
})
afterAll(() => admin?.end())

async function open(to: Pick<Connect, 'host' | 'port' | 'user' | 'database' | 'password'> = connect): Promise<WireClient> {
  const client = new WireClient(dial({ host: to.host, port: to.port, noDelay: true }))
  await client.logIn({ user: to.user, database: to.database }, to.password)
  return client
}

async function close(client: WireClient): Promise<void> {
  client.send(write.terminate())
  await client.end()
  client.stream.destroy()
}

async function backends(): Promise<number> {
  const { rows } = await admin.query('select from pg_stat_activity where usename = $1', [system.sample.user])
  return rows.length
}

/** Once the last caller is gone and what it left has been let go. */
async function afterwards() {
  await expect.poll(backends, { timeout: 20_000 }).toBe(0)
  const held = async (pid: number) => ({
    ...(await holdings(pid)),
    files: await openFiles(pid),
    resident: await residentMemory(pid),
  })
  return { gateway: await held(system.gateway.pid), connect: await held(connect.program.pid) }
}

/** Two of a kind may come and go by themselves: connections to the store are kept for a while. */
function expectNothingLeft(before: Awaited<ReturnType<typeof afterwards>>, after: typeof before): void {
  for (const program of programs) {
    expect(after[program].files, `files of ${program}`).toBeLessThanOrEqual(before[program].files + 2)
    for (const [kind, count] of Object.entries(after[program].resources)) {
      expect(count, `${kind} of ${program}`).toBeLessThanOrEqual((before[program].resources[kind] ?? 0) + 2)
    }
  }
}

async function comeAndGo(count: number): Promise<void> {
  for (let n = 0; n < count; n += wave) {
    const clients = await Promise.all(Array.from({ length: wave }, () => open()))
    await Promise.all(clients.map((client) => client.query('select 1')))
    await Promise.all(clients.map(close))
  }
}

describe('connections', () => {
  test('a thousand that come and go leave nothing behind', async () => {
    await comeAndGo(200)
    const before = await afterwards()
    const began = performance.now()
    await comeAndGo(1000)
    expect(performance.now() - began).toBeLessThan(60_000)
    const after = await afterwards()
    expectNothingLeft(before, after)
    for (const program of programs) {
      expect(after[program].memory - before[program].memory, `what ${program} keeps, in MB`).toBeLessThan(4)
      expect(after[program].resident - before[program].resident, `what ${program} grew by, in MB`).toBeLessThan(80)
    }
  })

  test('three hundred at once all work', async () => {
    const before = await afterwards()
    const clients: WireClient[] = []
    while (clients.length < atOnce) clients.push(...(await Promise.all(Array.from({ length: wave }, () => open()))))
    expect(await backends()).toBe(atOnce)
    const answers = await Promise.all(clients.map((client, n) => client.query(`select ${n}`)))
    expect(answers.map((messages) => outline(messages))).toEqual(clients.map(() => ['T:1', 'D', 'C:SELECT 1', 'Z:I']))
    // Without a word: their sockets close.
    for (const client of clients) client.stream.destroy()
    const after = await afterwards()
    expectNothingLeft(before, after)
  })
})

describe('pipelines of 10,000 statements', () => {
  const count = 10_000

  async function answers(messages: readonly Buffer[], syncs = 1): Promise<string[]> {
    const client = await open()
    client.send(...messages)
    const heard = outline(await client.ready(syncs))
    await close(client)
    return heard
  }
  const times = (heard: readonly string[], what: string): number => heard.filter((each) => each === what).length

  test('of unnamed statements, each another text, before one Sync', async () => {
    const heard = await answers([...Array.from({ length: count }, (_, n) => extended(`select ${n}`)).flat(), write.sync()])
    expect([times(heard, 'D'), times(heard, 'C:SELECT 1'), times(heard, 'Z:I')]).toEqual([count, count, 1])
  })

  test('of one prepared statement', async () => {
    const each = [...Array(count).keys()].flatMap((n) => [bind('', 's', [String(n)]), execute('')])
    const heard = await answers([parse('s', 'select $1::int'), ...each, write.sync()])
    expect([times(heard, 'D'), times(heard, 'C:SELECT 1')]).toEqual([count, count])
  })

  test('each with a Sync of its own', async () => {
    const heard = await answers(Array.from({ length: count }, (_, n) => [...extended(`select ${n}`), write.sync()]).flat(), count)
    expect([times(heard, 'D'), times(heard, 'Z:I')]).toEqual([count, count])
  })

  test('of simple queries', async () => {
    const heard = await answers(
      Array.from({ length: count }, (_, n) => write.query(`select ${n}`)),
      count,
    )
    expect([times(heard, 'D'), times(heard, 'Z:I')]).toEqual([count, count])
  })

  test('with one in the middle that is refused: those before are undone, those behind never ran', async () => {
    const direct = await open(system.sample)
    await direct.query('create table volume_marks (n int)')
    const text = (n: number) => (n === count / 2 ? refused : `insert into volume_marks values (${n})`)
    const client = await open()
    client.send(...[...Array(count).keys()].flatMap((n) => extended(text(n))), write.sync())
    const messages = await client.ready()
    expect(times(outline(messages), 'C:INSERT 0 1')).toBe(count / 2)
    expect(messages.filter(({ tag }) => tag === 'E').map((message) => fields(message).get('C'))).toEqual(['42501'])
    expect(outline(messages).at(-1)).toBe('Z:I')
    await close(client)
    expect(outline(await direct.query('select n from volume_marks'))).toEqual(['T:1', 'C:SELECT 0', 'Z:I'])
    await close(direct)
  })

  test('as pgbench sends them', async (context) => {
    requires(context, 'pgbench')
    const folder = await keep(temporaryFolder('pipeline'))
    const script = join(folder.path, 'pipeline.sql')
    const lines = Array.from({ length: count }, (_, n) => `select ${n};`)
    await writeFile(script, ['\\startpipeline', ...lines, '\\endpipeline', ''].join('\n'))
    const { stdout } = await run('pgbench', ['-n', '-f', script, '-M', 'extended', '-t', '1', connect.url])
    expect(stdout).toContain('number of transactions actually processed: 1/1')
  })
})

test('the session ends, and nothing of it is left open', async () => {
  await expect.poll(backends, { timeout: 20_000 }).toBe(0)
  await connect.stop()
  const auditor = await RawCaller.from(system, 'otto')
  const stillOpen = async () => (await auditor.ask('GET', '/v1/sessions?state=open')).body
  await expect.poll(stillOpen, { timeout: 20_000 }).toEqual({ sessions: [] })
  const recorded = operationsOf(connect.session, await readEvents(join(system.gateway.records, connect.session)))
  const unended = recorded.filter(
    ({ operation, outcome }) => operation.verdict === 'permit' && outcome === null && operation.by === 'caller',
  )
  expect(unended).toEqual([])
})
