import { readdir, readFile, readlink } from 'node:fs/promises'
import { connect as dial } from 'node:net'
import { join } from 'node:path'
import { demoDocuments } from '@hoop/demo'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { write } from '../../../packages/protocols/src/postgres/codec.ts'
import { WireClient } from '../../../packages/protocols/src/postgres/wire.fixture.ts'
import { RawCaller } from '../../e2e/security-caller.ts'
import { type Connect, keepUntilEnd, type System, startConnect, startSystem } from '../../support/index.ts'
import { operationsOf, readEvents } from '../../support/recorded.ts'
import { type Relay, startRelay } from './relay.ts'

const keep = keepUntilEnd(afterAll)
/** docs/performance.md says so; in ms, with a little for what follows from it. */
const tunnelLimit = 90_000 + 10_000
let system: System
let relay: Relay
let admin: pg.Client

beforeAll(async () => {
  let database = { host: '127.0.0.1', port: 0 }
  relay = await keep(
    startRelay({
      host: '127.0.0.1',
      get port() {
        return database.port
      },
    }),
  )
  system = await keep(
    startSystem({
      sample: { customers: 10 },
      documents: (sample) => {
        database = sample
        return demoDocuments({ ...sample, port: relay.port })
      },
    }),
  )
  admin = new pg.Client(system.sample.server.url())
  await admin.connect()
})
afterAll(() => admin?.end())

async function open(connect: Connect): Promise<WireClient> {
  const client = new WireClient(dial({ host: connect.host, port: connect.port, noDelay: true }))
  await client.logIn({ user: connect.user, database: connect.database }, connect.password)
  return client
}

async function state(session: string): Promise<string | undefined> {
  const { body } = await (await RawCaller.from(system, 'otto')).ask('GET', `/v1/sessions/${session}`)
  return (body as { state?: string } | null)?.state
}

async function backends(): Promise<number> {
  return (await admin.query('select from pg_stat_activity where usename = $1', [system.sample.user])).rows.length
}

test('a laptop that vanishes ends its session: idle, running and held statements with it', async () => {
  const connect = await startConnect('sample', { home: await system.home('ada') })
  const [, running, held] = [await open(connect), await open(connect), await open(connect)]
  running.send(write.query('select pg_sleep(600)'))
  held.send(write.query('delete from orders where id = 1'))
  await held.until(({ tag }) => tag === 'N')
  await expect.poll(backends).toBe(3)
  process.kill(connect.program.pid, 'SIGSTOP')
  try {
    await expect.poll(() => state(connect.session), { timeout: tunnelLimit, interval: 500 }).toBe('closed')
    await expect.poll(backends, { timeout: 10_000 }).toBe(0)
    await expect.poll(() => relay.size, { timeout: 10_000 }).toBe(0)
  } finally {
    process.kill(connect.program.pid, 'SIGCONT')
  }
  const recorded = operationsOf(connect.session, await readEvents(join(system.gateway.records, connect.session)))
  expect(recorded.find(({ held }) => held !== null)?.decided?.decision).toBe('withdrawn')
  expect(recorded.find(({ operation }) => operation.text.includes('pg_sleep'))?.outcome).toMatchObject({ kind: 'no-reply' })
  expect(await connect.stop()).toMatchObject({ code: expect.any(Number) })
})

describe('a database that vanishes', () => {
  test('is asked for a sign of life by the system, on every connection', async () => {
    const connect = await keep(startConnect('sample', { home: await system.home('ada') }))
    await open(connect)
    const timers = await socketTimers(system.gateway.pid, relay.port)
    expect(timers).toEqual(['keepalive'])
  })

  test('leaves nothing behind once the session is over', async () => {
    const connect = await startConnect('sample', { home: await system.home('ada') })
    const dialled = async () => (await socketTimers(system.gateway.pid, relay.port)).length
    const before = await dialled()
    const clients = await Promise.all(Array.from({ length: 4 }, () => open(connect)))
    const [idle, asking, leaving, cut] = clients
    relay.silence()
    asking?.send(write.query('select 1'))
    leaving?.send(write.query('select 1'), write.terminate())
    cut?.send(write.query('select 1'))
    idle?.send(write.terminate())
    cut?.stream.destroy()
    for (const client of clients) client.stream.end()
    await connect.stop()
    await expect.poll(() => state(connect.session), { timeout: 20_000 }).toBe('closed')
    await expect.poll(dialled, { timeout: 20_000 }).toBe(before)
    relay.resume()
  })
})

/** Which timers the kernel runs for the sockets of a process to a port. https://docs.kernel.org/networking/proc_net_tcp.html */
async function socketTimers(pid: number, port: number): Promise<string[]> {
  const kinds: Record<string, string> = { '00': 'none', '01': 'retransmit', '02': 'keepalive' }
  const links = await Promise.all(
    (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
  )
  const inodes = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]))
  const table = await readFile(`/proc/${pid}/net/tcp`, 'latin1')
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote, , , , , , , inode]) => remote?.endsWith(suffix) === true && inodes.has(inode))
    .map(([, , , , , timer]) => kinds[timer?.slice(0, 2) ?? ''] ?? 'other')
}
