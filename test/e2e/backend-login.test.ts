import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { startTestPostgres } from '@hoop/postgres-server/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Authority, type Pair } from '../../packages/protocols/src/certificates.fixture.ts'
import { keepUntilEnd, type System, startConnect, startSystem, temporaryFolder } from '../support/index.ts'
import { readEvents } from '../support/recorded.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let clientPair: Pair
let port: number
const passed: Socket[] = []

/** A port that leads to the database and can be cut. */
async function relay(to: number): Promise<number> {
  const server = createServer((socket) => {
    const onward = createConnection({ host: '127.0.0.1', port: to })
    socket.on('error', () => onward.destroy()).on('close', () => onward.destroy())
    onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    passed.push(socket)
    socket.pipe(onward).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  keep(Promise.resolve({ stop: async () => void server.close() }))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

beforeAll(async () => {
  const folder = await keep(temporaryFolder('backend-login'))
  // SHA-384: channel binding by any other hash would not let the gateway in.
  const authority = await Authority.make('ECDSA with SHA-384')
  const serverPair = await authority.sign('database', ['127.0.0.1'])
  clientPair = await authority.sign('by_certificate')
  const server = await keep(
    startTestPostgres({
      dataFolder: folder.path,
      password: 'admin',
      durable: false,
      tls: { cert: serverPair.certificate, key: serverPair.key, clientCa: authority.certificate },
      access: ['hostssl all by_certificate all cert', 'hostssl all by_scram all scram-sha-256'],
    }),
  )
  const admin = new pg.Client(server.url())
  await admin.connect()
  await admin.query("create role by_certificate login; create role by_scram login password 's3cret-in-transit'")
  await admin.end()
  port = await relay(server.port)
  const connection = (name: string, login: object) => ({
    kind: 'Connection',
    name,
    protocol: 'postgres',
    address: ['127.0.0.1:1', `127.0.0.1:${port}`],
    targetSessionAttrs: 'primary',
    databases: ['postgres'],
    login,
    tls: { mode: 'verify-full', ca: authority.certificate, negotiation: 'direct' },
  })
  const documents = [
    connection('by-certificate', { user: 'by_certificate', ...clientPair }),
    connection('by-scram', { user: 'by_scram', password: 's3cret-in-transit' }),
    { kind: 'Access', name: 'all', groups: ['engineering', 'coding-agents'], connections: {} },
  ]
  system = await keep(startSystem({ documents: () => documents.map((each) => JSON.stringify(each)).join('\n---\n') }))
})

test.each([
  ['by-certificate', 'by_certificate', 'cert:CN=by_certificate'],
  ['by-scram', 'by_scram', 'scram-sha-256:by_scram'],
])('%s, past a host that is down, and the record names the one that answered', async (name, user, method) => {
  const connect = await keep(startConnect(name, { home: await system.home('devin') }))
  const client = new pg.Client(connect.url)
  await client.connect()
  expect((await client.query('select current_user')).rows).toEqual([{ current_user: user }])
  expect((await client.query('select system_user')).rows).toEqual([{ system_user: method }])
  await client.end()
  const logins = (await readEvents(join(system.gateway.dataFolder, 'records', connect.session))).filter(
    ({ type }) => type === 'stream.login',
  )
  expect(logins).toMatchObject([{ host: `127.0.0.1:${port}` }])
})

test('a connection that is cut in a transaction is lost in plain sight', async () => {
  const connect = await keep(startConnect('by-scram', { home: await system.home('devin') }))
  const client = new pg.Client(connect.url)
  await client.connect()
  await client.query('begin')
  const lost = once(client, 'error')
  client.on('error', () => undefined)
  for (const socket of passed) socket.destroy()
  expect((await lost)[0]).toMatchObject({ severity: 'FATAL', code: '08006' })
})
