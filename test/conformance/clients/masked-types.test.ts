import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Connect, keepUntilEnd, requires } from '../../support/index.ts'
import { casesOf, expectCase } from './python.ts'
import { type ClientsSystem, startClientsSystem } from './system.ts'

const keep = keepUntilEnd(afterAll)
const sql = readFileSync(fileURLToPath(new URL('programs/typed.sql', import.meta.url)), 'utf8')
const columns = Array.from(sql.matchAll(/(\w+) [\w"]+(?:\(\d+\)|\[\])? not null/g), ([, name]) => name ?? '')
/** What stands in the table's values: numbers as wholes, since some of their digits may stand in a digest by chance. */
const originals = /(?<![0-9a-z])(?:4711)+(?:47)?(?![0-9a-z])|private|1947-11|(?<!\d)47\.11|47:11:47/

const methods = ['redact', 'partial', 'hash', 'fixed', 'null'] as const
let system: ClientsSystem
let connect: Connect

beforeAll(async () => {
  const documents = methods.map((method) => ({
    kind: 'Mask',
    name: method,
    connections: { labels: { masks: 'yes' } },
    columns: [`public.typed_${method}.{${columns.join()}}`],
    method,
  }))
  system = await keep(startClientsSystem({ documents }))
  await system.run(sql, { superuser: true })
  for (const method of methods)
    await system.run(
      `create table typed_${method} (like typed); insert into typed_${method} select * from typed; grant all on typed_${method} to public`,
      { superuser: true },
    )
  connect = await system.connect('masked')
}, 120_000)

/** Whether a value of a driver's says nothing of the original. */
function expectHidden(value: unknown, column: string, method: string): void {
  const said = Buffer.isBuffer(value)
    ? `${value.toString('hex')} ${value.toString('latin1')}`
    : (JSON.stringify(value) ?? String(value))
  expect(said, `${column} by ${method}`).not.toMatch(originals)
  if (method === 'null') expect(value, column).toBeNull()
  else expect(value, `${column} by ${method}`).not.toBeNull()
}

test('every type is among the columns', () => {
  expect(columns.length).toBeGreaterThan(50)
})

describe.each(methods)('%s', (method) => {
  test.each([false, true])('node-postgres, binary: %s', async (binary) => {
    const client = new pg.Client(connect.url)
    await client.connect()
    const query: pg.QueryConfig & { binary: boolean } = {
      text: `select * from typed_${method} where id <= $1`,
      values: [3],
      binary,
    }
    const { rows } = await client.query(query)
    await client.end()
    expect(rows).toHaveLength(3)
    for (const row of rows) for (const column of columns) expectHidden(row[column], column, method)
  })

  test.each([true, false])('postgres.js, prepared: %s', async (prepare) => {
    const client = postgres(connect.url, { prepare, max: 1 })
    const rows = await client.unsafe(`select * from typed_${method} where id <= $1`, [3], { prepare })
    await client.end()
    expect(rows).toHaveLength(3)
    for (const row of rows) for (const column of columns) expectHidden(row[column], column, method)
  })

  describe('Python', () => {
    beforeEach((context) => requires(context, ...['psycopg', 'psycopg2', 'asyncpg'].map((name) => `python:${name}`)))
    test.each(casesOf('typed_cases'))('%s', (name) =>
      expectCase('typed_cases', name, `${connect.url}?application_name=${method}`),
    )
  })
})

test.each([
  ['redact', '[masked]'],
  ['fixed', '*****'],
  ['partial', '**************text'],
  ['hash', 'h_0123456789abcdef'],
])('what %s shows is not written back', async (method, shown) => {
  const client = new pg.Client(connect.url)
  await client.connect()
  onTestFinished(() => client.end())
  const refused = (query: string, values: unknown[] = []) =>
    expect(client.query(query, values), query).rejects.toThrow('a masked placeholder never overwrites the truth')
  const table = `typed_${method}`
  await refused(`update ${table} set a_text = '${shown}' where id = 1`)
  await refused(`update ${table} set a_text = $1 where id = 1`, [shown])
  await refused(`update ${table} set a_text = $1 where id = 1`, [Buffer.from(shown)])
  await refused(`update ${table} set texts = $1 where id = 1`, [[shown]])
  await refused(`update ${table} set a_jsonb = $1 where id = 1`, [{ word: shown }])
  await refused(
    `merge into ${table} t using (values (1, '${shown}')) v (id, x) on t.id = v.id when matched then update set a_text = v.x`,
  )
  await client.query(`update ${table} set a_text = $1 where id = 1`, ['a private-text of its own'])
})
