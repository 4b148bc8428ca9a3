import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connect, keepUntilEnd, type System, startConnect, startSystem } from '../support/index.ts'
import { backendsOf } from './scratch.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let connect: Connect

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10 }, env: { HOOP_DRAIN_SECONDS: '20' } }))
  connect = await keep(startConnect('sample', { home: await system.home('ada') }))
})

const startAgain = () => system.startGatewayAgain({ HOOP_DRAIN_SECONDS: '1' })

interface Watched {
  readonly client: pg.Client
  /** What ended it, from the server's side. */
  readonly ended: Promise<Error & { code?: string }>
}

async function open(): Promise<Watched> {
  const client = new pg.Client({ connectionString: connect.url })
  const ended = new Promise<Error>((resolve) => client.once('error', resolve))
  client.on('error', () => {})
  await client.connect()
  return { client, ended }
}

const running = () => expect.poll(() => backendsOf(system.sample, 'active')).toHaveLength(1)

/** `hoop connect` tells so, the times that it has not told before. */
async function told(name: string, times: number): Promise<void> {
  const count = () => connect.program.output('stdout').split(`{"event":"${name}"`).length - 1
  await expect.poll(count, { timeout: 30_000 }).toBe(times)
}

async function worksAgain(): Promise<void> {
  const { client } = await open()
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await client.end()
}

test('a gateway that is told to stop ends what is at rest, and lets a statement and a transaction come to their end', async () => {
  const [idle, busy, transaction] = [await open(), await open(), await open()]
  await idle.client.query('select 1')
  await transaction.client.query('begin')
  const slow = busy.client.query("select pg_sleep(3), 'done' as how")
  await running()
  const stopped = system.gateway.stop()
  expect(await idle.ended).toMatchObject({ code: '57P01', message: 'The gateway is stopping.' })
  expect((await transaction.client.query('select 2 as two')).rows).toEqual([{ two: 2 }])
  expect((await transaction.client.query('commit')).command).toBe('COMMIT')
  expect(await transaction.ended).toMatchObject({ code: '57P01' })
  expect((await slow).rows).toMatchObject([{ how: 'done' }])
  expect(await busy.ended).toMatchObject({ code: '57P01' })
  expect(await stopped).toMatchObject({ code: 0 })
  expect(await backendsOf(system.sample)).toEqual([])
  await startAgain()
  await told('restored', 1)
  await worksAgain()
})

test('what does not come to its end in time is told so', async () => {
  const { client } = await open()
  const slow = expect(client.query('select pg_sleep(300)')).rejects.toMatchObject({ code: '57P01' })
  await running()
  expect(await system.gateway.stop()).toMatchObject({ code: 0 })
  await slow
  await startAgain()
  await told('restored', 2)
  await worksAgain()
})

test('a gateway that is killed is come back from too', async () => {
  const { client, ended } = await open()
  await client.query('begin')
  system.gateway.kill('SIGKILL')
  await system.gateway.exited
  await startAgain()
  expect((await ended).message).toContain('terminated unexpectedly')
  await told('restored', 3)
  await worksAgain()
})
