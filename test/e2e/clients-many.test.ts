import { connect as connectSocket } from 'node:net'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Connect, keepUntilEnd, type System, startConnect, startSystem } from '../support/index.ts'
import { backendsOf } from './scratch.ts'

const keep = keepUntilEnd(afterAll)
const connections = 50
let system: System
let connect: Connect

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 50 } }))
  connect = await keep(startConnect('sample', { home: await system.home('ada') }))
})

/** Every test leaves the database as it found it: without anybody. */
afterEach(() => expect.poll(() => backendsOf(system.sample)).toEqual([]))

async function open(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: connect.url })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

test('50 connections at once get each its own answers', async () => {
  const clients = await Promise.all(Array.from({ length: connections }, open))
  const pids = await Promise.all(
    clients.map(async (client, index) => {
      const own = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid
      for (let round = 0; round < 10; round++) {
        const values = [index, round]
        const text = 'select $1::int as index, $2::int as round, pg_backend_pid() as pid, repeat($1::text, 2000) as filler'
        const { rows } = await client.query(text, values)
        expect(rows).toEqual([{ index, round, pid: own, filler: String(index).repeat(2000) }])
      }
      return own
    }),
  )
  expect(new Set(pids).size).toBe(connections)
  await Promise.all(clients.map((client) => client.end()))
})

test('one slow reader does not stop the others', async () => {
  const slow = await open()
  const socket = (slow as unknown as { connection: { stream: import('node:net').Socket } }).connection.stream
  const rows = slow.query("select repeat('x', 1000000) as block from generate_series(1, 60)")
  rows.catch(() => undefined)
  socket.pause()
  const others = await Promise.all(Array.from({ length: 5 }, open))
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(others.map((client) => client.query('select $1::int as round', [round])))
    expect(answers.map((answer) => answer.rows)).toEqual(others.map(() => [{ round }]))
  }
  // A whole result of another passes by the one that stands still.
  const [other] = others
  expect((await other?.query("select repeat('y', 1000000) as block from generate_series(1, 20)"))?.rowCount).toBe(20)
  socket.resume()
  expect((await rows).rowCount).toBe(60)
  await Promise.all([slow, ...others].map((client) => client.end()))
})

test('connections that break off leave nothing behind', async () => {
  const clients = await Promise.all(Array.from({ length: 12 }, open))
  await Promise.all(clients.map((client) => client.query('begin')))
  const running = clients.slice(0, 6).map((client) => client.query('select pg_sleep(300)'))
  for (const query of running) query.catch(() => undefined)
  const unread = clients.slice(6, 9).map((client) => client.query("select repeat('x', 1000000) from generate_series(1, 100)"))
  for (const query of unread) query.catch(() => undefined)
  await expect.poll(async () => (await backendsOf(system.sample)).length).toBe(12)
  for (const client of clients) {
    const socket = (client as unknown as { connection: { stream: import('node:net').Socket } }).connection.stream
    socket.resetAndDestroy()
  }
})

test('so do sockets that never say anything, or not all of it', async () => {
  const sockets = ['', 'GET / HTTP/1.1\r\n\r\n', '\0\0\0\x08\x04\xd2\x16\x2f', '\0\0\0\x20\0\x03\0\0user\0'].map((bytes) => {
    const socket = connectSocket({ host: connect.host, port: connect.port })
    socket.on('error', () => undefined)
    socket.write(bytes, 'latin1')
    return socket
  })
  const client = await open()
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  for (const socket of sockets) socket.destroy()
  await client.end()
})
