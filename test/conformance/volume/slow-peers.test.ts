import { connect as dial } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { demoDocuments } from '@hoop/demo'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { write } from '../../../packages/protocols/src/postgres/codec.ts'
import { outline, WireClient } from '../../../packages/protocols/src/postgres/wire.fixture.ts'
import { type Connect, keepUntilEnd, type System, startConnect, startSystem } from '../../support/index.ts'
import { residentMemory } from './processes.ts'
import { type Relay, startRelay } from './relay.ts'

const keep = keepUntilEnd(afterAll)
const megabyte = 2 ** 20
let system: System
let connect: Connect
let relay: Relay
let admin: pg.Client
const opened: WireClient[] = []

beforeAll(async () => {
  const relays: Relay[] = []
  // The system is started with the address of the relay, and the relay with that of the system's database.
  let database = { host: '127.0.0.1', port: 0 }
  relay = await keep(
    startRelay({
      host: '127.0.0.1',
      get port() {
        return database.port
      },
    }),
  )
  relays.push(relay)
  system = await keep(
    startSystem({
      sample: { customers: 10 },
      documents: (sample) => {
        database = sample
        return demoDocuments({ ...sample, port: relay.port })
      },
    }),
  )
  connect = await keep(startConnect('sample', { home: await system.home('ada') }))
  admin = new pg.Client(system.sample.server.url())
  await admin.connect()
  const warm = await open()
  await warm.query('create table uploads (line text)')
  await answersQuickly()
})
afterAll(() => admin?.end())
afterEach(() => {
  relay.resume()
  for (const client of opened.splice(0)) client.stream.destroy()
})

async function open(): Promise<WireClient> {
  const client = new WireClient(dial({ host: connect.host, port: connect.port, noDelay: true }))
  await client.logIn({ user: connect.user, database: connect.database }, connect.password)
  opened.push(client)
  return client
}

/** Another connection of the same session works on. */
async function answersQuickly(): Promise<void> {
  const client = await open()
  for (let n = 0; n < 100; n++) {
    const began = performance.now()
    expect(outline(await client.query(`select ${n}`))).toEqual(['T:1', 'D', 'C:SELECT 1', 'Z:I'])
    expect(performance.now() - began, 'ms that another connection waited').toBeLessThan(2000)
  }
}

/** What both programs of ours have grown by, in MB, while `work` runs and for a moment after it. */
async function growth(work: () => Promise<void>): Promise<number> {
  const both = async () => (await residentMemory(system.gateway.pid)) + (await residentMemory(connect.program.pid))
  const idle = await both()
  let [most, over] = [idle, false]
  const sampling = (async () => {
    while (!over) {
      most = Math.max(most, await both())
      await delay(20)
    }
  })()
  await work().finally(() => {
    over = true
  })
  await sampling
  return most - idle
}

/** What the server says of the connection that runs this statement. */
async function serverSide(like: string): Promise<{ wait_event: string | null; state: string } | undefined> {
  const { rows } = await admin.query<{ wait_event: string | null; state: string }>(
    'select wait_event, state from pg_stat_activity where usename = $1 and query like $2',
    [system.sample.user, like],
  )
  return rows[0]
}

test('a caller that never reads a result of 1 GB stops its own connection only', async () => {
  const grown = await growth(async () => {
    const reader = await open()
    reader.stream.pause()
    reader.send(write.query("select repeat('never read', 1000) from generate_series(1, 100000)"))
    // The server's own socket is full: everything on the way is.
    await expect.poll(() => serverSide('%never read%'), { timeout: 20_000 }).toMatchObject({ wait_event: 'ClientWrite' })
    await answersQuickly()
  })
  expect(grown).toBeLessThan(120)
})

test('a caller that sends statements and never reads an answer is not read any more', async () => {
  let sent = 0
  const grown = await growth(async () => {
    const writer = await open()
    writer.stream.pause()
    const text = write.query(`select repeat('no answer is read', 500) /* ${'x'.repeat(2000)} */`)
    const batch = Buffer.concat(Array<Buffer>(100).fill(text))
    const socket = writer.stream
    for (let stuck = 0; stuck < 20 && sent < 1024 * megabyte; ) {
      sent += batch.length
      stuck = 0
      if (!socket.write(batch)) for (; stuck < 20 && socket.writableNeedDrain; stuck++) await delay(100)
    }
    await answersQuickly()
  })
  expect(sent / megabyte, 'MB that were taken before it had to wait').toBeLessThan(64)
  expect(grown).toBeLessThan(120)
})

test('a database that takes no more of an upload stops that upload only', async () => {
  const upload = await open()
  upload.send(write.query('copy uploads from stdin'))
  await upload.until(({ tag }) => tag === 'G')
  relay.stall()
  let sent = 0
  const line = write.copyData(Buffer.from(`${'an upload that waits '.repeat(400)}\n`))
  const batch = Buffer.concat(Array<Buffer>(20).fill(line))
  const grown = await growth(async () => {
    for (let stuck = 0; stuck < 20 && sent < 1024 * megabyte; ) {
      sent += batch.length
      stuck = 0
      if (!upload.stream.write(batch)) for (; stuck < 20 && upload.stream.writableNeedDrain; stuck++) await delay(100)
    }
    await answersQuickly()
  })
  expect(sent / megabyte, 'MB that were taken before it had to wait').toBeLessThan(64)
  expect(grown).toBeLessThan(120)
  relay.resume()
  upload.send(write.copyDone())
  const lines = (sent / batch.length) * 20
  expect(outline(await upload.ready())).toEqual([`C:COPY ${lines}`, 'Z:I'])
})

test('a statement of 60 MiB that comes in small pieces takes its own length while it comes', async () => {
  const client = await open()
  const text = write.query(`select length('${'x'.repeat(60 * megabyte)}')`)
  const piece = 40
  const end = text.length - piece
  const grown = await growth(async () => {
    for (let at = 0; at < end; ) {
      // Many small writes, and a moment for each few of them to leave by themselves.
      for (let n = 0; n < 400 && at < end; n++, at += piece) client.stream.write(text.subarray(at, Math.min(at + piece, end)))
      if (client.stream.writableNeedDrain) await new Promise((resolve) => client.stream.once('drain', resolve))
      else await new Promise(setImmediate)
    }
    await answersQuickly()
  })
  expect(grown).toBeLessThan(250)
  client.send(text.subarray(end))
  expect(outline(await client.ready())).toEqual(['T:1', 'D', 'C:SELECT 1', 'Z:I'])
})
