import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { luhnDigit } from './cards.ts'
import { cardNumbers, cards } from './rows.ts'
import { type SamplePostgres, startSamplePostgres } from './sample-postgres.ts'

let folder: string
let sample: SamplePostgres
const start = () => startSamplePostgres({ dataFolder: folder, password: 'sample', customers: 500 })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-sample-'))
  sample = await start()
})
afterAll(async () => {
  await sample.stop()
  await rm(folder, { recursive: true })
})

async function query(text: string): Promise<unknown[]> {
  const { host, port, user, password, database, ca } = sample
  const client = new pg.Client({ host, port, user, password, database, ssl: { ca } })
  await client.connect()
  try {
    return (await client.query({ text, rowMode: 'array' })).rows
  } finally {
    await client.end()
  }
}

test('an ordinary role owns the tables, over verified TLS', async () => {
  expect(await query("select count(*)::int from pg_tables where schemaname = 'public' and tableowner = current_user")).toEqual([
    [4],
  ])
  expect(await query('select ssl from pg_stat_ssl where pid = pg_backend_pid()')).toEqual([[true]])
  expect(await query('select rolsuper from pg_roles where rolname = current_user')).toEqual([[false]])
  expect(await query('select count(*)::int from customers')).toEqual([[500]])
  expect(await query('select count(*)::int from order_items join orders on orders.id = order_id where quantity > 3')).toEqual([
    [0],
  ])
})

test('a later start has the rows of the first, whatever was changed', async () => {
  await query('delete from customers')
  await sample.stop()
  sample = await start()
  expect(await query('select count(*)::int from customers')).toEqual([[500]])
})

test('every card number passes the Luhn check and is there once, the same at each run', () => {
  const all = cardNumbers(2000)
  expect(all.size).toBe([...cards(2000)].length)
  expect(cardNumbers(2000)).toEqual(all)
  for (const number of all) expect(luhnDigit(number.slice(0, -1)), number).toBe(number.at(-1))
})
