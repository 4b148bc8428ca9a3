import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demoDocuments } from '@hoop/demo'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connect, hoop, keepUntilEnd, type System, startConnect, startSystem } from '../../support/index.ts'
import { type Caller, connect, type Mode } from './caller.ts'
import { harmless } from './harmless.ts'
import { type Search, type Secret, searchFor } from './needles.ts'
import { type Known, type Way, ways } from './ways.ts'

const keep = keepUntilEnd(afterAll)

/** Things that a real database has beside the shop's tables, made by its owner without the gateway. */
const more = `
create view contact_list as select id, email as address from customers;
create view contact_labels as select c.id, upper(c.address) || '!' as label, p.phone from contact_list c join customers p using (id);
create view misleading as select id, email as city, phone as country from customers;
create view plain_names as select id, full_name from customers;
create view plain_names2 as select id, full_name from customers;
create type pair as (a text, b text);
create domain word as text;
create sequence keep1;
create table stash (id bigint, v text);
create table strict_words (id bigint, word text check (length(word) < 3));
create table notes (id int primary key, body text, amount numeric, tags text[], data jsonb, day date, span tstzrange);
insert into notes values (1, 'first', 12.5, '{a,b}', '{"a": [1, 2]}', '2026-01-01', '[2026-01-01 00:00+00,2026-02-01 00:00+00)');
create function complain(text) returns text language plpgsql as 'begin raise exception ''bad %'', $1; end';
create function who(int) returns text language sql as 'select email from customers where id = $1';
create procedure complain_loudly() language plpgsql as 'begin raise notice ''%'', (select email from customers where id = 1); end';
analyze;`

const typed = { email: 'typed.person@example.net', phone: '+47 900 11 223', card: '4929718302649154' }

let system: System
let connected: Connect
let direct: pg.Client
let secrets: Secret[]
let known: Known
/** What is in the database: no caller may receive it. */
let search: Search
/** That, and what callers type in its place: neither may stand in the record. */
let searchAll: Search

beforeAll(async () => {
  // What is asked is not refused here: masks have to hold by themselves.
  const documents = (sample: Parameters<typeof demoDocuments>[0]) =>
    demoDocuments(sample).replaceAll('method: partial', 'method: partial\nfilter: any')
  system = await keep(startSystem({ sample: { customers: 40 }, documents }))
  const { sample } = system
  direct = new pg.Client({
    ...address(),
    ssl: { ca: sample.ca },
    types: { getTypeParser: () => (value: unknown) => value } as never,
  })
  await direct.connect()
  keep(Promise.resolve({ stop: () => direct.end() }))
  await direct.query(more)
  const { rows } = await direct.query(
    'select email, phone, card_number from customers join cards on customer_id = customers.id order by cards.id',
  )
  const [first] = rows as { email: string; phone: string; card_number: string }[]
  secrets = [
    ...rows.flatMap((row): Secret[] => [
      { kind: 'email', value: row.email },
      { kind: 'phone', value: row.phone },
      { kind: 'card', value: row.card_number },
    ]),
  ]
  known = { email: first?.email ?? '', phone: first?.phone ?? '', card: first?.card_number ?? '', typed }
  search = searchFor(secrets)
  searchAll = searchFor([
    ...secrets,
    { kind: 'email', value: typed.email },
    { kind: 'phone', value: typed.phone },
    { kind: 'card', value: typed.card },
  ])
  connected = await keep(startConnect('sample', { home: await system.home('ada') }))
})

function address() {
  const { host, port, user, password, database } = system.sample
  return { host, port, user, password, database }
}

test('the search finds what it is to find', () => {
  const { email, phone, card } = known
  for (const bytes of [
    Buffer.from(`x${email}x`),
    Buffer.from(email.toUpperCase()),
    Buffer.from([...card].reverse().join('')),
    Buffer.from(Buffer.from(` ${phone}`).toString('hex').toUpperCase()),
    Buffer.from(email, 'utf16le'),
    Buffer.from(email, 'utf16le').swap16(),
    Buffer.from(Buffer.from(`12${card}3`).toString('base64')),
    Buffer.from(Buffer.from(`1${email}3`).toString('base64')),
    Buffer.from(card.replaceAll(/(....)/g, '$1-')),
    Buffer.from([...card].join(', ')),
    Buffer.from(card.slice(0, 8)),
  ])
    expect(search.find(bytes), bytes.toString('latin1')).not.toBeNull()
  expect(search.find(Buffer.from(`${'*'.repeat(12)}${card.slice(-4)} Ada Okafor 2026-01-01 12:00:00`))).toBeNull()
})

test('what is not masked is what the database answers', { timeout: 300_000 }, async () => {
  const caller = await connect(connected.url)
  const changed: string[] = []
  for (const text of harmless) {
    for (const mode of ['simple', 'extended', 'binary'] as const) {
      const expected = await asked(text, mode)
      const { rows, error } = await caller.run(text, mode)
      if (error !== null || JSON.stringify(rows) !== JSON.stringify(expected))
        changed.push(
          `${text} (${mode}): ${error ?? JSON.stringify(rows).slice(0, 200)} in place of ${JSON.stringify(expected).slice(0, 200)}`,
        )
    }
  }
  await caller.end()
  process.stdout.write(`harmless: ${harmless.length}, changed: ${changed.length}\n`)
  expect(changed).toEqual([])
})

async function asked(text: string, mode: Mode): Promise<unknown[][]> {
  const query =
    mode === 'simple'
      ? { text, rowMode: 'array' }
      : { text, values: [], rowMode: 'array', binary: mode === 'binary', queryMode: 'extended' }
  return (await direct.query(query as pg.QueryArrayConfig)).rows
}

test('no way leads to a masked value', { timeout: 600_000 }, async () => {
  const leaks: string[] = []
  let tried = 0
  for (const way of ways) {
    for (const mode of way.run ? (['simple'] as const) : (way.modes ?? (['simple', 'extended', 'binary'] as const))) {
      tried++
      const leak = await leakOf(way, mode)
      if (leak !== null) leaks.push(`${way.name} (${mode}): ${leak}`)
    }
  }
  process.stdout.write(`ways: ${tried}, held: ${tried - leaks.length}, leaked: ${leaks.length}\n`)
  expect(leaks).toEqual([])
  expect(ways.length).toBeGreaterThanOrEqual(120)
})

async function leakOf(way: Way, mode: Mode): Promise<string | null> {
  const callers: Caller[] = []
  const open = async (): Promise<Caller> => {
    const caller = await connect(connected.url)
    callers.push(caller)
    return caller
  }
  if (way.run) await way.run(open, known)
  else {
    const caller = await open()
    for (const statement of way.statements?.(known) ?? []) {
      await caller.run(statement, mode)
    }
    await caller.end()
  }
  const bytes = Buffer.concat(callers.map((caller) => caller.received()))
  const told = way.telling?.(known).find((words) => bytes.includes(words))
  return search.find(bytes) ?? (told === undefined ? null : `told ${JSON.stringify(told)}`)
}

test('neither record nor logs nor approvers have a value', { timeout: 120_000 }, async () => {
  const finds: string[] = []
  const look = (where: string, bytes: Buffer) => {
    const found = searchAll.find(bytes)
    if (found !== null) finds.push(`${where}: ${found}`)
  }
  for (const entry of await readdir(system.gateway.records, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const bytes = await readFile(join(entry.parentPath, entry.name))
    // Eight digits of a card stand in some hash of thousands by chance.
    const lines = () =>
      bytes
        .toString()
        .replaceAll(/"[0-9a-f]{64}"/g, '""')
        .split('\n')
    if (entry.name.endsWith('.ndjson')) for (const line of lines()) look(line, Buffer.from(line))
    else look(entry.name, bytes)
  }
  look('the log of the gateway', Buffer.from(system.gateway.logs()))
  for (const source of ['stdout', 'stderr'] as const)
    for (const line of connected.program.output(source).split('\n')) look(`hoop connect: ${line}`, Buffer.from(line))
  const home = await system.home('grace')
  for (const args of [
    ['approvals', 'ls'],
    ['approvals', 'ls', '--json'],
    ['sessions', 'ls', '--json'],
  ]) {
    const { stdout, stderr } = await hoop(args, { home })
    look(`hoop ${args.join(' ')}`, Buffer.from(stdout + stderr))
  }
  expect(finds).toEqual([])
})
