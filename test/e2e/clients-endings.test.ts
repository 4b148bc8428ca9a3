import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { execa } from 'execa'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { type Connect, hoop, keepUntilEnd, requires, type System, startConnect, startSystem } from '../support/index.ts'
import { backendsOf } from './scratch.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let ada: string
let admin: string

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10 } }))
  admin = await system.home('root-admin')
  ada = await system.home('ada')
})
beforeEach((context) => requires(context, 'psql'))

/** Ended with the test, however that one ends: what it leaves open is in the way of the next. */
const connectAs = (home: string) => keepUntilEnd(onTestFinished)(startConnect('sample', { home }))

/** psql as a person has it open: it waits for the next line. */
function openPsql(connect: Connect) {
  const psql = execa('psql', [connect.url, '-XAtq'], { stdin: 'pipe', reject: false, timeout: 50_000 })
  onTestFinished(() => void psql.kill())
  const said = { out: '', errors: '' }
  psql.stdout.on('data', (bytes: Buffer) => (said.out += bytes))
  psql.stderr.on('data', (bytes: Buffer) => (said.errors += bytes))
  return {
    psql,
    said,
    say: (line: string) => void psql.stdin.write(`${line}\n`),
    async ended() {
      psql.stdin.end()
      return (await psql).exitCode
    },
  }
}

const running = () => expect.poll(() => backendsOf(system.sample, 'active')).toHaveLength(1)
const nobodyLeft = () => expect.poll(() => backendsOf(system.sample)).toEqual([])

async function open(connect: Connect): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: connect.url })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

test('a session is killed while psql is idle', async () => {
  const connect = await connectAs(ada)
  const { said, say, ended } = openPsql(connect)
  say("select 'before';")
  await expect.poll(() => said.out).toBe('before\n')
  const killed = await hoop(['sessions', 'kill', connect.session, '--reason', 'the laptop was stolen'], { home: admin })
  expect(killed).toMatchObject({ code: 0, stderr: '' })
  say("select 'after';")
  expect(await ended()).toBe(2)
  expect(said.out).toBe('before\n')
  expect(said.errors).toMatch(/FATAL: .*the laptop was stolen/)
  await nobodyLeft()
  expect(await connect.program.exited).not.toMatchObject({ code: 0 })
  expect(connect.program.output('stdout')).toContain('the laptop was stolen')
})

test('a session is killed while psql runs a query, which ends in the database too', async () => {
  const connect = await connectAs(ada)
  const { said, say, ended } = openPsql(connect)
  say('select pg_sleep(300);')
  await running()
  await hoop(['sessions', 'kill', connect.session, '--reason', 'it locks a table'], { home: admin })
  expect(await ended()).toBe(2)
  expect(said.errors).toMatch(/FATAL: .*it locks a table/)
  await nobodyLeft()
})

test('Ctrl-C in psql cancels the query that runs', async () => {
  const connect = await connectAs(ada)
  const { psql, said, say, ended } = openPsql(connect)
  say('select pg_sleep(300);')
  await running()
  psql.kill('SIGINT')
  // psql ends a script with 3 when it is interrupted.
  expect(await ended()).toBe(3)
  expect(said.errors).toContain('canceling statement due to user request')
  await nobodyLeft()
})

interface CancelKey {
  readonly processID: number
  readonly secretKey: number
}

/** https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS */
async function sendCancel({ port, host }: Connect, { processID, secretKey }: CancelKey): Promise<void> {
  const socket = connectSocket({ host, port })
  const packet = Buffer.alloc(16)
  packet.writeInt32BE(16, 0)
  packet.writeInt32BE(80877102, 4)
  packet.writeInt32BE(processID, 8)
  packet.writeInt32BE(secretKey, 12)
  socket.end(packet)
  socket.resume()
  await once(socket, 'close')
}

test('a cancel with a foreign key cancels nothing', async () => {
  const grace = await system.home('grace')
  const [ours, theirs] = [await connectAs(ada), await connectAs(grace)]
  const client = await open(ours)
  const key = client as unknown as CancelKey
  const [backend] = await backendsOf(system.sample)
  const sleeping = client.query("select pg_sleep(4), 'slept' as how")
  await running()
  await sendCancel(ours, { ...key, secretKey: key.secretKey ^ 1 })
  // The right key through another's session, and what the server itself calls the process.
  await sendCancel(theirs, key)
  await sendCancel(ours, { ...key, processID: backend ?? 0 })
  expect((await sleeping).rows).toMatchObject([{ how: 'slept' }])
  const cancelled = expect(client.query('select pg_sleep(300)')).rejects.toMatchObject({ code: '57014' })
  await running()
  await sendCancel(ours, key)
  await cancelled
  await client.end()
})

test('the gateway is stopped: psql is told, and hoop connect comes back on the same port', async () => {
  const connect = await connectAs(ada)
  const { said, say, ended } = openPsql(connect)
  say('select pg_sleep(300);')
  await running()
  await system.gateway.stop()
  expect(await ended()).toBe(2)
  expect(said.errors).toMatch(/FATAL: .*gateway/)
  await nobodyLeft()
  await system.startGatewayAgain()
  const event = (name: string) =>
    connect.program.find('stdout', (line) => ((JSON.parse(line) as { event: string }).event === name ? true : undefined))
  await event('restored')
  const client = await open(connect)
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await client.end()
  const sessions = await hoop(['sessions', 'ls', '--json', '--state', 'open'], { home: admin })
  const opened = (JSON.parse(sessions.stdout) as { id: string }[]).map(({ id }) => id)
  expect(opened).toHaveLength(1)
  expect(opened).not.toContain(connect.session)
})
