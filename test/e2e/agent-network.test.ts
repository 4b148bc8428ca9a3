import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { AgentList, agentPaths } from '@hoop/contracts'
import { demoDocuments, samplePasswordVariable } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

const keep = keepUntilEnd(afterAll)
let front: Awaited<ReturnType<typeof startFront>>
let startGateway: () => Promise<GatewayProcess>
let gateway: GatewayProcess
let agent: JoinedAgent
let admin: string
let ada: string

/** What stands before the gateway, at the address by which it is known: it can cut the agents' connections. */
async function startFront(to: number) {
  const all = new Set<Socket>()
  const agents = new Set<Socket>()
  const server = createServer((socket) => {
    const onward = connect(to, '127.0.0.1')
    for (const each of [socket, onward]) {
      all.add(each)
      each.on('error', () => undefined)
      each.on('close', () => {
        all.delete(each)
        socket.destroy()
        onward.destroy()
      })
    }
    socket.once('data', (bytes) => {
      if (bytes.includes(`GET ${agentPaths.tunnel}`)) agents.add(socket)
    })
    socket.on('close', () => agents.delete(socket))
    socket.pipe(onward)
    onward.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    /** As a network does that is gone: nobody says goodbye. Answers how many there were. */
    cutAgents: () => {
      const cut = [...agents]
      for (const socket of cut) socket.resetAndDestroy()
      return cut.length
    },
    stop: async () => {
      for (const socket of all) socket.destroy()
      server.close()
    },
  }
}

beforeAll(async () => {
  const port = await freePort()
  const [provider, sample, folder] = await Promise.all([
    keep(startIdentityProvider()),
    keep(startSamplePostgres({ customers: 20 })),
    keep(temporaryFolder('gateway')),
  ])
  front = await keep(startFront(port))
  const env = { [samplePasswordVariable]: sample.password, HOOP_LOG: 'warn', HOOP_PUBLIC_URL: front.url }
  startGateway = () => keep(startGatewayProcess({ provider, dataFolder: folder.path, port, env }))
  gateway = await startGateway()
  ;[admin, ada] = (await Promise.all(['root-admin', 'ada'].map((name) => keep(loginAs(name, { gateway: front.url }))))).map(
    ({ home }) => home,
  ) as [string, string]
  await applyDocuments(admin, demoDocuments({ ...sample, agent: 'private' }))
  agent = await keep(startJoinedAgent({ gateway: front.url, name: 'private', allow: `${sample.host}:${sample.port}`, admin }))
})

async function client(url: string): Promise<pg.Client> {
  const connected = new pg.Client(url)
  connected.on('error', () => undefined)
  await connected.connect()
  return connected
}

test('a transaction goes on when the network of the agent was cut, in the middle of a result too', async () => {
  const local = await startConnect('sample', { home: ada })
  try {
    const database = await client(local.url)
    const pid = async () => (await database.query('select pg_backend_pid() as pid')).rows[0].pid as number
    await database.query('begin')
    const before = await pid()
    expect(front.cutAgents()).toBe(1)
    expect(await pid()).toBe(before)
    const result = database.query("select n, repeat('x', 10000) as x, pg_sleep(0.0005) from generate_series(1, 2000) n")
    expect(front.cutAgents()).toBe(1)
    const { rows } = await result
    expect(rows.map(({ n, x }) => [n, x.length])).toEqual(Array.from({ length: 2000 }, (_, at) => [at + 1, 10_000]))
    await database.query('commit')
    await database.end()
    expect(agent.program.output('stdout')).toContain('"event":"resumed"')
  } finally {
    await local.stop()
  }
})

test('a gateway that was killed and starts again finds its agents, without another token', async () => {
  gateway.kill('SIGKILL')
  await gateway.exited
  gateway = await startGateway()
  await expect
    .poll(
      async () => {
        const { code, stdout } = await hoop(['agents', 'ls', '--json'], { home: admin })
        return code === 0 && AgentList.parse(JSON.parse(stdout)).agents.map(({ id, state }) => [id, state])
      },
      { timeout: 30_000 },
    )
    .toEqual([[agent.id, 'online']])
  const local = await startConnect('sample', { home: ada })
  const database = await client(local.url)
  expect((await database.query('select count(*)::int as n from customers')).rows).toEqual([{ n: 20 }])
  await database.end()
  await local.stop()
})
