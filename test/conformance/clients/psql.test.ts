import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Connect, hoop, keepUntilEnd, requires, temporaryFolder } from '../../support/index.ts'
import { withLibpq18 } from './libpq.ts'
import { type ClientsSystem, startClientsSystem } from './system.ts'
import { controlC, openTerminal } from './terminal.ts'

const keep = keepUntilEnd(afterAll)
let system: ClientsSystem
let connect: Connect
let folder: string

const held = {
  kind: 'Policy',
  name: 'held',
  connections: { labels: { suite: 'clients' } },
  when: "operation.objects.exists(o, o.name == 'public.held')",
  // biome-ignore lint/suspicious/noThenProperty: the document's own word, and never awaited
  then: 'approve',
  approvers: { groups: ['dba'], timeout: '5m' },
  message: 'Somebody looks at this first.',
}

beforeAll(async () => {
  system = await keep(startClientsSystem({ documents: [held] }))
  await system.run('create table words (id int primary key, word text); create table held (id int)')
  connect = await system.connect()
  folder = (await keep(temporaryFolder('psql'))).path
})
beforeEach((context) => requires(context, 'psql', 'script'))

describe.each([
  ['psql 15', () => ({})],
  ['psql 15 with libpq 18', withLibpq18],
])('%s', (_, environment) => {
  /** Runs a script as psql reads it from a file: unaligned, tuples only. */
  async function psql(script: string, ...options: string[]) {
    const args = [connect.url, '--no-psqlrc', '--no-align', '--quiet', '--tuples-only', ...options]
    const run = await execa('psql', args, { input: script, reject: false, timeout: 60_000, env: environment() })
    return { code: run.exitCode, out: run.stdout.split('\n'), errors: run.stderr }
  }
  const open = () => openTerminal(`psql '${connect.url}' -XAtn -P pager=off -v PROMPT1= -v PROMPT2=`, environment())

  test('\\copy in and out as text, CSV and binary, and COPY with its rows in the script', async () => {
    await system.run('truncate words')
    const file = (name: string) => join(folder, name)
    await writeFile(file('in.csv'), 'id,word\n3,"a ""quoted"", word"\n4,\n')
    const { out, errors, code } = await psql(`
copy words from stdin;
1\tone
2\ta\\tb\\\\c
\\.
\\copy words from '${file('in.csv')}' (format csv, header)
\\copy words to '${file('out.text')}'
\\copy words to '${file('out.csv')}' (format csv, header, force_quote (word))
\\copy words to '${file('out.binary')}' (format binary)
truncate words;
\\copy words from '${file('out.binary')}' (format binary)
select * from words order by id;`)
    expect({ errors, code }).toEqual({ errors: '', code: 0 })
    expect(out).toEqual(['1|one', '2|a\tb\\c', '3|a "quoted", word', '4|'])
    expect(await readFile(file('out.text'), 'utf8')).toBe('1\tone\n2\ta\\tb\\\\c\n3\ta "quoted", word\n4\t\\N\n')
    expect(await readFile(file('out.csv'), 'utf8')).toBe('id,word\n1,"one"\n2,"a\tb\\c"\n3,"a ""quoted"", word"\n4,\n')
  })

  test('\\gexec, \\gset, \\crosstabview, \\gdesc, \\timing, \\;, \\g to a file', async () => {
    const { out, errors } = await psql(`
      select format('select %s * 2', n) from generate_series(1, 3) n \\gexec
      select 7 as seven, 'x' as word \\gset my_
      select :my_seven, :'my_word';
      select 'row' as a, 'column' as b, 7 as c \\crosstabview
      select 1::int as number, now() as at \\gdesc
      select 1\\; select 2;
      select 'in a file' \\g ${join(folder, 'g.out')}
      \\timing on
      select 'timed';`)
    expect(errors).toBe('')
    expect(out.slice(0, -1)).toEqual([
      ...['2', '4', '6', '7|x', 'row|7', 'number|integer', 'at|timestamp with time zone', '1', '2', 'timed'],
    ])
    expect(out.at(-1)).toMatch(/^Time: [\d.]+ ms/)
    expect(await readFile(join(folder, 'g.out'), 'utf8')).toBe('in a file\n')
  })

  test('ON_ERROR_STOP, a single transaction, ON_ERROR_ROLLBACK, AUTOCOMMIT off, \\errverbose', async () => {
    await system.run('truncate words')
    const stopped = await psql(
      'insert into words values (1, null);\nselect 1 / 0;\ninsert into words values (2, null);',
      '-v',
      'ON_ERROR_STOP=1',
    )
    expect(stopped.code).toBe(3)
    const script = join(folder, 'single.sql')
    await writeFile(script, 'insert into words values (3, null);\nselect * from nowhere;\n')
    const single = await psql('', '--single-transaction', '-v', 'ON_ERROR_STOP=1', '-f', script)
    expect(single.code).toBe(3)
    const rolledBack = await psql(`
      \\set ON_ERROR_ROLLBACK on
      begin;
      insert into words values (4, null);
      select 1 / 0;
      \\errverbose
      commit;
      \\set AUTOCOMMIT off
      insert into words values (5, null);
      rollback;
      select id from words order by id;`)
    expect(rolledBack.out).toEqual(['1', '4'])
    expect(rolledBack.errors).toMatch(/22012: division by zero/)
  })

  test('FETCH_COUNT reads by a cursor', async () => {
    const { out, errors } = await psql('\\set FETCH_COUNT 100\nselect generate_series(1, 1050);\nselect 1 as one, 2 as two;')
    expect(errors).toBe('')
    expect(out).toHaveLength(1051)
    expect(out.slice(-2)).toEqual(['1050', '1|2'])
  })

  test('large objects', async () => {
    const from = join(folder, 'large.in')
    const to = join(folder, 'large.out')
    await writeFile(from, Buffer.alloc(100_000, 'large object '))
    const { out, errors, code } = await psql(`
      \\lo_import ${from} 'a comment'
      \\echo :LASTOID
      \\lo_export :LASTOID ${to}
      \\lo_list
      \\lo_unlink :LASTOID
      select count(*) from pg_largeobject_metadata where oid = :LASTOID;`)
    expect({ errors, code }).toEqual({ errors: '', code: 0 })
    expect(await readFile(to)).toEqual(await readFile(from))
    expect(out.at(-1)).toBe('0')
    expect(out.join('\n')).toContain('a comment')
  })

  test('PREPARE, EXECUTE, DEALLOCATE, DECLARE, FETCH, MOVE, CLOSE', async () => {
    const { out, errors } = await psql(`
      prepare add (int, int) as select $1 + $2;
      execute add (1, 2);
      explain (costs off) execute add (1, 2);
      select name, from_sql from pg_prepared_statements;
      deallocate add;
      begin;
      declare walk scroll cursor for select generate_series(1, 100);
      fetch 2 from walk;
      move forward 10 in walk;
      fetch backward 1 from walk;
      fetch absolute 50 from walk;
      close walk;
      commit;`)
    expect(errors).toBe('')
    expect(out).toEqual(['3', 'Result', 'add|t', '1', '2', '11', '50'])
  })

  test('LISTEN shows what others notify, as soon as something else was asked', async () => {
    const terminal = open()
    terminal.type('listen news;\n')
    await terminal.shows(/LISTEN/)
    await system.run("notify news, 'hello'")
    terminal.type('select 1;\n')
    await terminal.shows(/Asynchronous notification "news" with payload "hello" received from server process with PID \d+/)
    terminal.type("notify news, 'to myself';\n")
    await terminal.shows(/with payload "to myself"/)
    terminal.type('unlisten *;\n')
    await terminal.shows(/UNLISTEN/)
    expect(await terminal.end('\\q\n')).toBe(0)
  })

  test('Ctrl-C cancels the statement, and the session goes on', async () => {
    const terminal = open()
    terminal.type('begin; select 40 + 2;\n')
    await terminal.shows(/42/)
    terminal.type('select pg_sleep(60);\n')
    await expect.poll(async () => (await running()).length).toBe(1)
    terminal.type(controlC)
    await terminal.shows(/canceling statement due to user request/)
    terminal.type('\\echo :LAST_ERROR_SQLSTATE\nrollback;\nselect 6 * 7;\n')
    await terminal.shows(/57014/)
    await terminal.shows(/ROLLBACK\s+42/)
    expect(await terminal.end('\\q\n')).toBe(0)
  })

  const running = async () =>
    (
      await system.run(
        "select pid from pg_stat_activity where query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()",
      )
    ).rows

  test('Ctrl-C while a person is asked withdraws the question, and the session goes on', async () => {
    const terminal = open()
    terminal.type('insert into held values (1);\n')
    await terminal.shows(/NOTICE: .*held/)
    const approver = await system.home('grace')
    const asked = async () => (await hoop(['approvals', 'ls', '--json'], { home: approver })).stdout
    await expect.poll(asked, { timeout: 30_000 }).toContain('insert into held')
    terminal.type(controlC)
    await terminal.shows(/ERROR: /)
    terminal.type('\\echo :LAST_ERROR_SQLSTATE\nselect 6 * 7;\n')
    await terminal.shows(/57014\s+42/)
    expect(await terminal.end('\\q\n')).toBe(0)
    expect(await asked()).not.toContain('insert into held')
    expect((await system.run('select * from held')).rows).toEqual([])
  })

  test('\\watch repeats until Ctrl-C', async () => {
    const terminal = open()
    terminal.type("select 'again' || 1 \\watch 0.2\n")
    for (let time = 0; time < 3; time++) await terminal.shows(/again1/)
    terminal.type(controlC)
    terminal.type("select 'on it' || ' goes';\n")
    await terminal.shows(/on it goes/)
    expect(await terminal.end('\\q\n')).toBe(0)
  })

  test('\\c to another database that is offered, and to one that is not; \\conninfo, \\encoding', async () => {
    const { out, errors } = await psql(`
      \\encoding
      \\c other
      select current_database(), current_user;
      \\conninfo
      \\c postgres`)
    expect(out.slice(0, 2)).toEqual(['UTF8', 'other|clients'])
    expect(out.join('\n')).toMatch(/You are connected to database "other" as user/)
    expect(errors).toMatch(/database "postgres" is not offered by this connection/)
  })

  test('settings of the session: search_path, SET LOCAL, RESET ALL, DISCARD ALL', async () => {
    await system.run('create schema if not exists aside; create table if not exists aside.only_there (id int)')
    const { out, errors } = await psql(`
      set search_path to aside, public;
      select count(*) from only_there;
      begin; set local statement_timeout = '5s'; show statement_timeout; commit;
      reset all;
      show search_path;
      discard all;
      select count(*) from only_there;`)
    expect(out).toEqual(['0', '5s', '"$user", public'])
    expect(errors).toMatch(/relation "only_there" does not exist/)
  })
})
