import { startHoop } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backendsOf } from '../../e2e/scratch.ts'
import { copyThrough, cutOffs, type DistantSystem, startDistantSystem } from '../../support/cut-off.ts'
import { keepUntilEnd } from '../../support/index.ts'

const keep = keepUntilEnd(afterAll)
let distant: DistantSystem

beforeAll(async () => {
  // As it comes: nothing of time is set.
  distant = await keep(startDistantSystem())
})

/** `hoop connect`, and what it tells of the network: what it tells of the operations is longer than what is kept of a program's output. */
async function startConnect() {
  const told: string[] = []
  const hear = (line: string) => {
    const { event } = JSON.parse(line) as { event: string }
    if (['interrupted', 'resumed', 'lost', 'restored'].includes(event)) told.push(event)
  }
  const program = await startHoop(['connect', 'sample', '--json', '--show-password', '--port', String(await freePort())], {
    home: await distant.system.home('ada'),
    onLine: hear,
  })
  const url = await program.find('stdout', (line) => JSON.parse(line).url as string | undefined)
  return { program, url, told, stop: () => program.stop('SIGINT') }
}

test.each(Object.entries(cutOffs))(
  '%s, for 30 s in the middle of 300 MB each way and of a transaction: nothing is lost',
  async (_, cutOff) => {
    const connect = await keep(startConnect())
    const { proof, expected } = copyThrough(connect, 300, () => cutOff({ ...distant, connect }, 30_000))
    expect(await proof()).toEqual(expected)
    expect(connect.told).toEqual(['interrupted', 'resumed'])
  },
)

test('a network that hands on nothing for good: the transaction ends within 90 s, and a new session takes its place', async () => {
  const connect = await keep(startConnect())
  const client = new pg.Client({ connectionString: connect.url })
  const gone = new Promise<Error>((resolve) => client.once('error', resolve))
  await client.connect()
  await client.query('begin; select txid_current()')
  distant.network.freeze()
  await expect.poll(() => backendsOf(distant.system.sample), { timeout: 90_000, interval: 500 }).toEqual([])
  expect((await gone).message).toContain('terminated unexpectedly')
  distant.network.mend()
  await expect.poll(() => connect.told, { timeout: 60_000 }).toContain('restored')
  const again = new pg.Client({ connectionString: connect.url })
  await again.connect()
  expect((await again.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await again.end()
})
