import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { copyThrough, cutOffs, type DistantSystem, startDistantSystem } from '../support/cut-off.ts'
import { type Connect, keepUntilEnd, startConnect } from '../support/index.ts'
import { backendsOf } from './scratch.ts'
import { RawCaller } from './security-caller.ts'

const keep = keepUntilEnd(afterAll)
const patience = 3
let distant: DistantSystem
let connect: Connect

beforeAll(async () => {
  distant = await keep(startDistantSystem({ HOOP_RESUME_SECONDS: String(patience) }))
  connect = await keep(startConnect('sample', { home: await distant.system.home('ada') }))
})

async function open(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: connect.url })
  client.on('error', () => {})
  await client.connect()
  return client
}

function event(name: string): Promise<true> {
  return connect.program.find('stdout', (line) => ((JSON.parse(line) as { event: string }).event === name ? true : undefined))
}

test.each(Object.entries(cutOffs))('%s, for a second: nobody notices', async (name, cutOff) => {
  const { proof, expected } = copyThrough(connect, 20, () => cutOff({ ...distant, connect }, 1000))
  expect(await proof()).toEqual(expected)
  // The other two look like a slow network for so short a time.
  if (name.includes('resets')) await event('resumed')
  expect(connect.program.output('stdout')).not.toContain('"event":"lost"')
})

test('somebody else, or the same person with another login, cannot take a tunnel over by its id', async () => {
  const { system } = distant
  const owner = await RawCaller.from(system, 'ada')
  const tunnel = await owner.tunnel(randomUUID())
  const stranger = await RawCaller.from(system, 'grace')
  for (const [caller, path] of [
    [stranger, `/v1/tunnel?resume=1&id=${tunnel.id}`],
    [owner, `/v1/tunnel?resume=1&id=${randomUUID()}`],
  ] as const) {
    expect(await upgrade(system.gateway.url, path, await caller.headers('GET', '/v1/tunnel'))).toBe(404)
  }
  expect(await upgrade(system.gateway.url, `/v1/tunnel?resume=1&id=${tunnel.id}`, {})).toBe(401)
  tunnel.close('The test is over.')
})

/** The status of the answer to a WebSocket handshake. */
async function upgrade(url: string, path: string, headers: Record<string, string>): Promise<number> {
  const { request } = await import('node:http')
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const asked = request(`${url}${path}`, {
    headers: {
      ...headers,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      'sec-websocket-protocol': 'hoop.tunnel.v1',
    },
  })
  asked.on('response', (response) => resolve(response.statusCode ?? 0))
  asked.on('upgrade', (_, socket) => {
    socket.destroy()
    resolve(101)
  })
  asked.on('error', reject)
  asked.end()
  return promise
}

test('a network that does not come back: both sides end with words, and the transaction with them', async () => {
  const { system, network } = distant
  const client = await open()
  const gone = new Promise<Error>((resolve) => client.once('error', resolve))
  await client.query('begin; select txid_current()')
  network.cut()
  expect((await gone).message).toContain('terminated unexpectedly')
  await expect.poll(() => backendsOf(system.sample)).toEqual([])
  expect(connect.program.output('stdout')).toContain(`away for more than ${patience} s`)
  network.mend()
  await event('restored')
  const again = await open()
  expect((await again.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await again.end()
  const { body } = await (await RawCaller.from(system, 'otto')).ask('GET', `/v1/sessions/${connect.session}`)
  expect(body).toMatchObject({ state: 'closed', words: expect.stringContaining(`away for more than ${patience} s`) })
}, 60_000)
