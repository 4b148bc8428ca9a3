import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Connect, keepUntilEnd, requires, startConnect, startSystem, temporaryFolder } from '../support/index.ts'
import { makeScratch } from './scratch.ts'

const keep = keepUntilEnd(afterAll)
let connect: Connect

beforeAll(async () => {
  const system = await keep(startSystem({ sample: { customers: 50 } }))
  await makeScratch(system.sample)
  connect = await keep(startConnect('sample', { home: await system.home('ada') }))
})
beforeEach((context) => requires(context, 'psql'))

/** Runs a script as psql reads it from a file: unaligned, tuples only. */
async function psql(script: string, ...options: string[]) {
  const args = [connect.url, '--no-psqlrc', '--no-align', '--quiet', ...(options.length > 0 ? options : ['--tuples-only'])]
  const run = await execa('psql', args, { input: script, reject: false, timeout: 50_000, env: { PGAPPNAME: 'psql' } })
  return { code: run.exitCode, out: run.stdout.split('\n'), errors: run.stderr }
}

test('queries, several in one text, transactions, an error in one, a warning', async () => {
  const { out, errors, code } = await psql(`
    select 1\\; select 'two', null, 3.50;
    begin; insert into scratch (id, word) values (1, 'kept back'); select 1 / 0; select 'skipped'; rollback;
    select count(*) from scratch;
    rollback;`)
  expect(out).toEqual(['1', 'two||3.50', '0'])
  expect(errors).toMatch(/ERROR: {2}error 22012|division by zero/)
  expect(errors).toContain('current transaction is aborted')
  expect(errors).toContain('WARNING:  there is no transaction in progress')
  expect(code).toBe(0)
})

test('exit codes are those of psql', async () => {
  expect(await psql('select * from nothing;', '--set=ON_ERROR_STOP=1')).toMatchObject({ code: 3 })
  expect(await psql('', '--command=select * from nothing')).toMatchObject({ code: 1 })
})

test('\\copy in and out, text, CSV and binary', async () => {
  const folder = await keep(temporaryFolder('csv'))
  const csv = join(folder.path, 'words.csv')
  await writeFile(csv, 'id,word\n13,"a ""quoted"", word"\n')
  const copied = await psql(`\\copy scratch (id, word) from stdin
10\tten
11\t\\N
12\ta\\tb
\\.
\\copy scratch (id, word) from '${csv}' (format csv, header)
\\copy (select id, word from scratch where id >= 10 order by id) to stdout
\\copy (select id, word from scratch where id >= 13) to stdout (format csv)`)
  expect(copied).toEqual({
    code: 0,
    errors: '',
    out: ['10\tten', '11\t\\N', '12\ta\\tb', '13\ta "quoted", word', '13,"a ""quoted"", word"'],
  })
  const binary = await execa('psql', [connect.url, '-Xqc', "copy (select 'a,b', 1::int8) to stdout (format binary)"], {
    encoding: 'buffer',
  })
  const header = `${Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1').toString('hex')}${'00'.repeat(8)}`
  expect(Buffer.from(binary.stdout).toString('hex')).toBe(`${header}000200000003612c620000000800000000000000${'01'}ffff`)
})

test('masked columns, in rows, in COPY, and in a pattern of variables', async () => {
  const { out } = await psql(`
    select email, phone from customers order by id limit 1;
    \\copy (select email from customers order by id limit 1) to stdout
    select email as address from customers order by id limit 1 \\gset
    \\echo :address`)
  expect(out[0]).toMatch(/^\*+[^*@]{4}\|\*+\d{4}$/)
  expect(out[1]).toMatch(/^\*+[^*@]{4}$/)
  expect(out[2]).toBe(out[1])
})

test('\\d and its family', async () => {
  const described = [
    '\\d',
    '\\d customers',
    '\\d+ cards',
    '\\dt+',
    '\\di+',
    '\\dv',
    '\\ds',
    '\\dS pg_class',
    '\\du',
    '\\dn+',
    '\\dp',
    '\\ddp',
    '\\df pg_sleep',
    '\\df+ pg_sleep',
    '\\sf pg_sleep',
    '\\dT',
    '\\dx',
    '\\db',
    '\\dconfig work_mem',
    '\\dP',
    '\\dRp',
    '\\dX',
    '\\da sum',
    '\\dC',
    '\\dF',
    '\\encoding',
    '\\conninfo',
  ]
  const { out, errors } = await psql(described.join('\n'), '--pset=pager=off')
  expect(errors).toBe('')
  const text = out.join('\n')
  for (const words of ['public|customers|table|shop_app', 'card_number|text||not null', '"cards_card_number_key" UNIQUE', 'UTF8'])
    expect(text).toContain(words)
})

test('\\gdesc, \\gexec, \\crosstabview and \\watch', async () => {
  const { out, errors } = await psql(`
    select 1::int as number, 'x'::text as word \\gdesc
    select format('select %s * 2', n) from generate_series(1, 3) n \\gexec
    select 'row' as a, 'column' as b, 7 as c \\crosstabview`)
  expect(errors).toBe('')
  expect(out).toEqual(['number|integer', 'word|text', '2', '4', '6', 'row|7'])
})

test('what is refused says so, and psql goes on', async () => {
  const { out, errors } = await psql("truncate scratch;\nload 'auto_explain';\nselect 'on it goes';")
  expect(errors).toContain('Tables are dropped and emptied by migrations only.')
  expect(errors).toMatch(/Rule: hoop\/not-supported/)
  expect(out).toEqual(['on it goes'])
})
