import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Connect, keepUntilEnd, requires } from '../../support/index.ts'
import { casesOf, expectCase } from './python.ts'
import { type ClientsSystem, startClientsSystem } from './system.ts'

const keep = keepUntilEnd(afterAll)
const mask = {
  kind: 'Mask',
  name: 'people',
  connections: { labels: { masks: 'yes' } },
  columns: ['public.masked.{email,born,salary,notes,ref}'],
  method: 'partial',
}
let system: ClientsSystem
let connect: Connect

beforeAll(async () => {
  system = await keep(startClientsSystem({ documents: [mask] }))
  await system.run(`create table masked (id int primary key, email text not null, born date, salary numeric, notes jsonb, ref uuid);
    insert into masked select i, 'person' || i || '@example.com', date '1990-05-05', 1000 + i, '{"private": "words"}', lpad(to_hex(i), 32, '0')::uuid
      from generate_series(1, 500) i`)
  connect = await system.connect('masked')
})

describe('Python', () => {
  beforeEach((context) =>
    requires(context, ...['psycopg', 'psycopg2', 'asyncpg', 'pg8000', 'sqlalchemy'].map((name) => `python:${name}`)),
  )

  test.each(casesOf('masked_cases'))('%s', (name) => expectCase('masked_cases', name, connect.url))
})

describe('psql', () => {
  beforeEach((context) => requires(context, 'psql'))

  test.each([
    ['a query', 'select email, born, notes from masked where id = 7'],
    ['a cursor', '\\set FETCH_COUNT 2\nselect email, born, notes from masked where id < 8'],
    ['SQL’s own cursor', 'begin; declare c cursor for select email from masked; fetch 7 from c; commit'],
    ['a prepared statement', 'prepare p as select * from masked where id = $1; execute p (7)'],
    ['COPY', 'copy masked to stdout'],
    [
      'COPY as pg_dump asks for it',
      "select pg_catalog.set_config('search_path', '', false); COPY public.masked (id, email, born) TO stdout",
    ],
    ['\\copy of a query', "\\copy (select email || ' ' || born, notes from masked) to stdout (format csv)"],
    ['\\gset', 'select email, notes from masked where id = 7 \\gset\n\\echo :email :notes'],
    ['\\crosstabview', "select 'row', 'column', email from masked where id = 7 \\crosstabview"],
    ['\\gexec', "select format('select %L', email) from masked where id = 7 \\gexec"],
  ])('by %s', async (_, script) => {
    const { stdout, exitCode } = await execa('psql', ['-XAtq', connect.url], { input: `${script};`, reject: false })
    expect(exitCode).toBe(0)
    expect(stdout).not.toBe('')
    expect(stdout).not.toMatch(/@example\.com|1990-05-05|words/)
  })
})

test('pgbench reads masked columns by all three protocols', async (context) => {
  requires(context, 'pgbench')
  const script = '\\set id random(1, 500)\nselect email, born, salary from masked where id = :id;\n'
  for (const protocol of ['simple', 'extended', 'prepared']) {
    const args = ['--no-vacuum', `--protocol=${protocol}`, '--client=2', '--transactions=20', '--file=-', connect.url]
    const { stdout, exitCode, stderr } = await execa('pgbench', args, { input: script, reject: false })
    expect(exitCode, stderr).toBe(0)
    expect(stdout).toContain('actually processed: 40/40')
  }
})
