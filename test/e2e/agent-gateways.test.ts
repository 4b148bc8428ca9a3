import { once } from 'node:events'
import { cp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { AgentList, agentPaths } from '@hoop/contracts'
import { demoDocuments, samplePasswordVariable } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import { startTestPostgres } from '@hoop/postgres-server/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import {
  applyDocuments,
  type GatewayProcess,
  hoop,
  type JoinedAgent,
  keepUntilEnd,
  loginAs,
  startConnect,
  startGatewayProcess,
  startIdentityProvider,
  startJoinedAgent,
  startSamplePostgres,
  temporaryFolder,
} from '../support/index.ts'
import { readEvents } from '../support/recorded.ts'

const keep = keepUntilEnd(afterAll)
let front: Awaited<ReturnType<typeof startFront>>
/** The one that callers reach, and the one that has the agents' tunnels. */
let here: GatewayProcess
let there: GatewayProcess
let ports: { readonly here: number; readonly there: number }
let startAgent: (state?: string) => Promise<JoinedAgent>
let admin: string
let ada: string

/** A load balancer at the address that both gateways have: it sends agents' tunnels where it is told, and all else to one of the two. */
async function startFront() {
  const to = { agents: 0, callers: 0 }
  const all = new Set<Socket>()
  const server = createServer((socket) => {
    socket.once('data', (bytes) => {
      const port = bytes.includes(`GET ${agentPaths.tunnel}`) ? to.agents : to.callers
      const onward = connect(port, '127.0.0.1')
      all.add(onward)
      onward.on('error', () => undefined).on('close', () => socket.destroy())
      socket.on('close', () => onward.destroy())
      onward.write(bytes)
      socket.pipe(onward)
      onward.pipe(socket)
    })
    all.add(socket)
    socket.on('error', () => undefined).on('close', () => all.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    to,
    stop: async () => {
      for (const socket of all) socket.destroy()
      server.close()
    },
  }
}

beforeAll(async () => {
  const folder = () => keep(temporaryFolder('gateway')).then(({ path }) => path)
  const [provider, sample, storeFolder, ...folders] = await Promise.all([
    keep(startIdentityProvider()),
    keep(startSamplePostgres({ customers: 20 })),
    folder(),
    folder(),
    folder(),
  ])
  const store = await keep(startTestPostgres({ dataFolder: storeFolder, password: 'store', durable: false }))
  front = await keep(startFront())
  const [first = '', second = ''] = folders
  const env = {
    [samplePasswordVariable]: sample.password,
    HOOP_LOG: 'info',
    HOOP_PUBLIC_URL: front.url,
    HOOP_DATABASE_URL: store.url(),
  }
  ports = { here: await freePort(), there: await freePort() }
  const start = (dataFolder: string, port: number) => keep(startGatewayProcess({ provider, dataFolder, env, port }))
  here = await start(first, ports.here)
  // They share what a deployment of several shares, and have an id each.
  await cp(join(first, 'keys'), join(second, 'keys'), { recursive: true })
  await rm(join(second, 'keys', 'gateway-id'))
  there = await start(second, ports.there)
  front.to.callers = ports.here
  front.to.agents = ports.there
  ;[admin, ada] = (await Promise.all(['root-admin', 'ada'].map((name) => keep(loginAs(name, { gateway: front.url }))))).map(
    ({ home }) => home,
  ) as [string, string]
  await applyDocuments(admin, demoDocuments({ ...sample, agent: 'private' }))
  startAgent = (state) =>
    keep(
      startJoinedAgent({
        gateway: front.url,
        name: 'private',
        allow: `${sample.host}:${sample.port}`,
        admin,
        ...(state && { state }),
      }),
    )
})

async function client(url: string): Promise<pg.Client> {
  const database = new pg.Client(url)
  database.on('error', () => undefined)
  await database.connect()
  return database
}

async function carriers(session: string): Promise<(string | undefined)[]> {
  const events = await readEvents(join(here.records, session))
  return events.flatMap((event) => (event.type === 'stream.login' ? [event.agent?.instance] : []))
}

async function online(): Promise<string[]> {
  const { stdout } = await hoop(['agents', 'ls', '--json'], { home: admin })
  return AgentList.parse(JSON.parse(stdout)).agents.flatMap(({ id, state }) => (state === 'online' ? [id] : []))
}

const count = async (database: pg.Client) => (await database.query('select count(*)::int as n from customers')).rows[0].n

/** How each of these ends that is asked for something now. */
function outcomes(clients: readonly pg.Client[]): Promise<string[]> {
  const asked = clients.map((each) =>
    each.query('select pg_sleep(2)').then(
      () => 'answered',
      (error: Error & { code?: string }) => `${error.code} ${error.message}`,
    ),
  )
  return Promise.all(asked)
}

const closed = '08006 the connection to the database was closed:'
const lost = (what: string) => `${closed} ${what}; another agent private is online, try again`

test('agents of another gateway: one is killed, only its streams end; it comes back at this gateway, and then the other one is killed', async () => {
  const agents = await Promise.all([startAgent(), startAgent()])
  const [first, second] = agents
  expect((await online()).sort()).toEqual(agents.map(({ id }) => id).sort())
  const listed = await hoop(['ls', '--json'], { home: ada })
  expect(JSON.parse(listed.stdout)).toEqual([expect.objectContaining({ agent: { name: 'private', online: true } })])
  const local = await startConnect('sample', { home: ada })
  onTestFinished(async () => void (await local.stop()))
  const clients = await Promise.all(Array.from({ length: 4 }, () => client(local.url)))
  const masked = await clients[0]!.query('select min(email) as email from customers')
  expect(masked.rows).toEqual([{ email: '[masked]' }])
  const carrying = await carriers(local.session)
  expect(carrying.toSorted()).toEqual([first!.id, first!.id, second!.id, second!.id].sort())

  const whenKilled = outcomes(clients)
  first!.program.kill('SIGKILL')
  await first!.program.exited
  clients.push(await client(local.url))
  expect(await count(clients[4]!)).toBe(20)
  front.to.agents = ports.here
  const back = await startAgent(first!.state)
  expect(back.id).toBe(first!.id)
  expect((await whenKilled).toSorted()).toEqual([
    ...Array(2).fill(lost('the agent private lost its tunnel')),
    'answered',
    'answered',
  ])

  clients.push(await client(local.url))
  expect((await carriers(local.session)).slice(4)).toEqual([second!.id, first!.id])
  const whenGatewayKilled = outcomes(clients.slice(4))
  there.kill('SIGKILL')
  const fresh = await client(local.url)
  expect(await count(fresh)).toBe(20)
  expect(await whenGatewayKilled).toEqual([lost('the gateway that reached the agent private was lost'), 'answered'])
  // The other agent finds its way, too.
  await expect.poll(online, { timeout: 20_000 }).toHaveLength(2)
  await Promise.all([...clients, fresh].map((each) => each.end().catch(() => undefined)))
})
