import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keepUntilEnd, requires } from '../../support/index.ts'
import { debianPrograms } from './debian-postgres.ts'
import { type ClientsSystem, role, startClientsSystem } from './system.ts'

const keep = keepUntilEnd(afterAll)
const typed = readFileSync(fileURLToPath(new URL('programs/typed.sql', import.meta.url)), 'utf8')
const columns = Array.from(typed.matchAll(/(\w+) [\w"]+(?:\(\d+\)|\[\])? not null/g), ([, name]) => name ?? '')
const missing = !existsSync(join(debianPrograms, 'postgres')) && process.env.HOOP_TEST_REQUIRE !== 'all'

/** Two tables with keys that are masked: by a hash, they still hold. */
const people = `
create table people (email text primary key, passport int8 not null unique, ref uuid not null unique, born date not null, phone text not null,
  check (born > '1900-01-01'));
create table visits (id int primary key, who text not null references people (email), day date not null);
insert into people select 'person' || i || '@example.com', 4711000000 + i, md5(i::text)::uuid, date '1947-01-01' + i, '+47 4711 ' || i from generate_series(1, 200) i;
insert into visits select i, 'person' || 1 + i % 200 || '@example.com', '2026-01-01' from generate_series(1, 500) i;`

const documents = [
  { name: 'types', columns: [`public.typed.{${columns.filter((name) => name !== 'a_varchar').join()}}`], method: 'redact' },
  { name: 'short', columns: ['public.typed.a_varchar', 'public.people.phone'], method: 'fixed' },
  { name: 'keys', columns: ['public.people.{email,passport,ref}', 'public.visits.who'], method: 'hash' },
  { name: 'born', columns: ['public.people.born'], method: 'partial' },
].map((mask) => ({ kind: 'Mask', connections: { labels: { masks: 'yes' } }, ...mask }))

describe.skipIf(missing)('a dump of masked tables', () => {
  let system: ClientsSystem

  beforeAll(async () => {
    system = await keep(startClientsSystem({ major: 15, documents }))
    await system.run(typed, { superuser: true })
    await system.run(`alter table typed owner to ${role}; alter type person owner to ${role}`, { superuser: true })
    await system.run(people)
  }, 120_000)
  beforeEach(async (context) => {
    requires(context, 'psql', 'pg_dump', 'pg_restore')
    await system.run('drop database if exists other with (force)', { superuser: true })
    await system.run('create database other', { superuser: true })
  })

  async function run(program: string, args: readonly string[], input = ''): Promise<string> {
    const { stdout, stderr, exitCode } = await execa(program, args, { input, reject: false })
    expect({ exitCode, stderr }, program).toEqual({ exitCode: 0, stderr: '' })
    return stdout
  }

  test.each([['COPY'], ['--inserts'], ['--column-inserts --rows-per-insert=50']])(
    'is restored with its constraints: %s',
    async (words) => {
      const options = words.split(' ').filter((word) => word.startsWith('-'))
      const connect = await system.connect('masked')
      const dump = await run('pg_dump', [...options, connect.url])
      expect(dump).not.toMatch(/private|@example|\b1947-|\b4711\d{6}\b/)
      await run('psql', ['-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', system.server.url('other')], dump)
      const { rows } = await system.run(
        `select (select count(*)::int from people) people, (select count(*)::int from typed) typed,
         (select count(*)::int from people join visits on email = who) visits`,
        { database: 'other', superuser: true },
      )
      expect(rows).toEqual([{ people: 200, typed: 3, visits: 500 }])
    },
  )
})
