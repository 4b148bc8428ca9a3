import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PostgresServer } from '@hoop/postgres-server'
import { startTestPostgres } from '@hoop/postgres-server/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildCatalogue, type Catalogue, catalogueQueries, originOf } from './catalogue.ts'
import { loadParser, readStatement } from './operations.ts'

const definitions = `
create table customers (id int primary key, name text, email text, phone text);
create table cards (id int, customer_id int, number text, gone text, last4 text generated always as (right(number, 4)) stored);
alter table cards drop column gone;
create schema archive;
create table archive.customers (id int, email text, closed date);
create table measurements (day date, value int) partition by range (day);
create table measurements_2026 partition of measurements for values from ('2026-01-01') to ('2027-01-01');
create view contacts as select id, email as address from customers;
create view labels as select c.id, upper(c.address) || '!' as label, a.email, a.closed from contacts c join archive.customers a using (id);
create materialized view contact_cache as select address from contacts;
create function risk(text) returns int language plpgsql as 'begin return 1; end';
create operator <->> (leftarg = text, rightarg = text, function = textcat);
create type mood as enum ('a', 'b');
create table log (id int generated always as identity, what text);
create table parents (id int primary key, name text);
create table children (id serial primary key, parent_id int references parents on delete cascade on update set null);
create table grandchildren (child_id int references children on delete cascade);
create function log_row() returns trigger language plpgsql as $$ begin insert into log (what) values (old.id); return old; end $$;
create trigger gone after delete on children for each row execute function log_row();
create trigger named after update of name on parents for each row when (new.name <> 'x') execute function log_row();
create function peek() returns trigger language plpgsql as $$ begin if new.email like 'a%' then raise exception 'x'; end if; return new; end $$;
create function forget(customer int) returns void language sql as 'delete from cards where customer_id = customer';
create function busy(n int, out a int, variadic more text[]) language plpgsql as $$
declare r customers%rowtype; c constant text := 'cards';
begin
  for r in select * from customers loop perform forget(r.id); end loop;
  execute format('update %I set number = %L where id = $1', c, more[1]) using n;
  begin insert into archive.customers (id) values (n); exception when others then raise notice '%', sqlerrm; end;
  a := (select count(*) from checked);
end $$;
create function atomic_sum() returns bigint language sql begin atomic select count(*) from parents; end;
create procedure settle() language plpgsql as 'begin delete from log; end';
create function short_enough(text) returns bool language sql immutable as 'select length($1) < 9';
create table checked (a text check (short_enough(a)), b int default length('x'));
create function is_mine(text) returns bool language sql stable as 'select exists (select from customers where name = $1)';
create table guarded (owner text);
create policy mine on guarded using (is_mine(owner));
alter table guarded enable row level security;
insert into parents values (1, 'a'); insert into children values (1, 1); insert into grandchildren values (1);
insert into customers values (1, 'A', 'a@b.c', '1');
insert into cards (id, customer_id, number) values (1, 1, '4111111111111111');
insert into archive.customers values (1, 'old@b.c', '2026-01-01');`

/** Each is asked of the server as well: its columns have the names that we give them, in that order, and come from where we say. */
const selects = [
  'select * from customers c, cards d where c.id = d.customer_id',
  'select * from customers join archive.customers using (id)',
  'select * from (customers natural join archive.customers) as j(a, b)',
  'select * from labels',
  'select c.*, label as "Label" from labels join contact_cache c on true',
  'select * from measurements',
  'select value, day from measurements_2026',
  'select c, (c).email, (c).*, c.row_to_json, email(c), row(c.id), c::text from customers c',
  'select upper(email), email::varchar, email || $$x$$, case when true then email end, case when true then 1 else 2 end from customers',
  'select coalesce(email), nullif(email, name), greatest(email), least(email), array[email], email collate "C" from customers',
  'select exists (select 1), array(select 1), (select email from customers), (select 1), (values (1)), 1 in (select 1)',
  'select current_user, current_date, current_timestamp(0), localtime, current_catalog, session_user, extract(year from now()), now()',
  "select '1'::int, '{1,2}'::int[], cast('x' as text), date '2026-01-01', interval '1 day', true, null, b'1', x'f'",
  'select xmlelement(name a), xmlforest(1 as b), xmlserialize(content xmlelement(name c) as text), xmlconcat(xmlelement(name d))',
  "select json_object('a': 1), json_array(1, 2), json_scalar(1), json_serialize('{}'), json('{}'), json_arrayagg(1), json_objectagg('a': 1)",
  "select json_value('{}'::jsonb, '$'), json_query('{}'::jsonb, '$'), json_exists('{}'::jsonb, '$'), grouping(x) from (select 1 x) s group by x",
  'select a[1], a[1:2], (select a)[1] from (select array[1, 2] a) s',
  'with recursive t(n) as (select 1 union all select n + 1 from t where n < 3) search depth first by n set o select * from t',
  'with recursive t(n) as (select 1 union all select n + 1 from t where n < 3) cycle n set c using p select * from t',
  'values (1, $$a$$), (2, $$b$$)',
  'select id from customers union select number::int from cards where false',
  'table contacts',
  'select * from generate_series(1, 2)',
  'select * from generate_series(1, 2) g',
  'select * from generate_series(1, 2) with ordinality g(n)',
  "select * from jsonb_each_text('{}'), jsonb_to_record('{}') as r(a int, b text)",
  'select * from pg_options_to_table(null), pg_get_keywords() where false',
  'select * from rows from (generate_series(1, 2), json_each($${}$$))',
  "select * from json_table('[]'::jsonb, '$' columns (o for ordinality, e text path '$.e', nested path '$.x' columns (z int))) jt",
  "select * from xmltable('/a' passing xmlelement(name a) columns n for ordinality, y text path 'b') x",
  'select u.id, c.email from customers c join archive.customers a using (id) as u',
  'select sum(id) over w, count(*) filter (where true) from customers group by id window w as (order by id)',
  "insert into customers values (2, 'B', 'b@b.c', '2') returning *, old.email, new.name as n",
  'update customers c set name = d.number from cards d where d.customer_id = c.id returning *',
  'delete from cards using customers c where c.id = customer_id returning *',
  'merge into customers c using cards d on c.id = d.customer_id when matched then update set name = number returning merge_action(), *',
  'explain select 1',
  'show work_mem',
  'show all',
]

/** Each is run, and the locks that it then holds say what it did to what. */
const locking = [
  'select email from customers',
  'select label from labels',
  'select * from customers for update',
  'insert into customers (id) select id + 10 from cards',
  'update customers set name = email where id in (select customer_id from cards)',
  'delete from cards using customers c where c.id = customer_id',
  'with gone as (delete from cards returning number) select * from gone, archive.customers',
  'merge into customers c using cards d on c.id = d.customer_id when matched then update set name = number',
  'explain analyze delete from cards',
  'explain delete from cards',
  'update contacts set address = $$x$$ where id = 1',
  'insert into archive.customers select id, email from customers',
  'truncate cards',
  'alter table cards add column more text',
  'lock table cards in exclusive mode',
  'create index on cards (number)',
  'select forget(1)',
  'select busy(1, $$a$$, $$b$$)',
  'select atomic_sum()',
  'call settle()',
  'do $$ begin perform busy(1, $x$a$x$); end $$',
  'delete from parents where id = 1',
  'update parents set id = 2 where id = 1',
  'update parents set name = $$y$$ where id = 1',
  'insert into children values (7, null)',
  'insert into checked values ($$a$$)',
  'truncate parents cascade',
]

/** What a lock's mode lets its holder do, as we name it; a mode may stand for several. */
const modes: Readonly<Record<string, readonly string[]>> = {
  AccessShareLock: ['read'],
  RowShareLock: ['lock'],
  RowExclusiveLock: ['write'],
  ShareLock: ['ddl'],
  ExclusiveLock: ['lock', 'write'],
  AccessExclusiveLock: ['ddl', 'write', 'lock'],
}

let server: PostgresServer
let client: pg.Client
let catalogue: Catalogue
let folder: string

beforeAll(async () => {
  await loadParser()
  folder = await mkdtemp(join(tmpdir(), 'hoop-catalogue-'))
  server = await startTestPostgres({ dataFolder: folder, password: 'catalogue', durable: false })
  client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  await client.query(definitions)
  catalogue = await readCatalogue()
})
afterAll(async () => {
  await client?.end()
  await server?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** As a session does: on a connection of its own, every value as text. */
async function readCatalogue(): Promise<Catalogue> {
  const own = new pg.Client({
    connectionString: server.url(),
    types: { getTypeParser: () => (text: string) => text } as pg.CustomTypesConfig,
  })
  await own.connect()
  const rows: Record<string, unknown> = {}
  for (const { name, text } of catalogueQueries) {
    const result = await own.query({ text, rowMode: 'array' })
    if (name !== null) rows[name] = result.rows
  }
  await own.end()
  return buildCatalogue(rows)
}

describe('the catalogue of a real server', () => {
  test('knows what there is', () => {
    expect(catalogue.version).toMatch(/^18\d{4}$/)
    expect(catalogue.searchPath).toEqual(['pg_catalog', 'public'])
    expect(
      catalogue.relations
        .get('public')
        ?.get('cards')
        ?.columns.map(({ name }) => name),
    ).toEqual(['id', 'customer_id', 'number', 'last4'])
    expect(catalogue.functions.get('public')?.get('risk')).toMatchObject([
      { volatility: 'volatile', language: 'plpgsql', result: 'scalar' },
    ])
    expect(catalogue.functions.get('pg_catalog')?.size).toBeGreaterThan(2000)
    expect(catalogue.userOperators.get('<->>')).toEqual([{ schema: 'public', applies: 'any' }])
    expect(catalogue.types.get('public')?.get('mood')).toMatchObject({ kind: 'e', userCasts: 'none' })
  })

  test('tells origins', () => {
    const cards = catalogue.relations.get('public')?.get('cards')
    expect(originOf(catalogue, cards?.oid ?? 0, 5)).toEqual({ schema: 'public', table: 'cards', column: 'last4' })
    expect(originOf(catalogue, cards?.oid ?? 0, 0)).toBe('whole-row')
    expect(originOf(catalogue, 0, 0)).toBeNull()
    expect(originOf(catalogue, cards?.oid ?? 0, 4)).toBeNull()
  })

  test.each(selects)('agrees with the server on %s', async (sql) => {
    const [part] = readStatement(sql, catalogue).parts
    await client.query('begin')
    const { fields } = await client.query({ text: sql, rowMode: 'array' }).finally(() => client.query('rollback'))
    const outputs = part?.outputs ?? []
    if (outputs === 'opaque') throw new Error('opaque')
    expect(outputs.map(({ name }) => name ?? '?column?')).toEqual(fields.map(({ name }) => name))
    for (const [position, { tableID, columnID }] of fields.entries()) {
      const origin = originOf(catalogue, tableID, columnID)
      if (origin !== null && origin !== 'whole-row') expect(outputs[position]?.sources).toContainEqual(origin)
    }
  })

  test.each(locking)('sees what the server locks for %s', async (sql) => {
    const { objects: all, unknownBecause } = readStatement(sql, catalogue).operation
    expect(unknownBecause).toEqual([])
    const objects = all.filter(({ kind }) => kind !== 'function' && kind !== 'sequence')
    await client.query('begin')
    const held = await client
      .query(sql)
      .then(() =>
        client.query<{ name: string; mode: string }>(`select n.nspname || '.' || c.relname as name, l.mode from pg_locks l
          join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
          where l.pid = pg_backend_pid() and n.nspname in ('public', 'archive') and c.relkind in ('r', 'v', 'm')`),
      )
      .finally(() => client.query('rollback'))
    expect(new Set(held.rows.map(({ name }) => name))).toEqual(new Set(objects.map(({ name }) => name)))
    for (const { name, mode } of held.rows) {
      // Planning a write locks for it; only ANALYZE carries it out.
      if (sql.startsWith('explain delete')) continue
      const accesses = objects.filter((object) => object.name === name).map(({ access }) => access)
      expect({ name, mode, known: modes[mode]?.some((access) => accesses.includes(access)) }, accesses.join()).toEqual({
        name,
        mode,
        known: true,
      })
    }
  })

  test('leads a view of a view, a generated column and a partition to all their names', () => {
    const sources = (sql: string) => {
      const outputs = readStatement(sql, catalogue).parts[0]?.outputs
      return outputs === 'opaque' || outputs?.[0]?.sources === 'opaque'
        ? 'opaque'
        : outputs?.[0]?.sources.map(({ schema, table, column }) => `${schema}.${table}.${column}`)
    }
    expect(sources('select label from labels')).toEqual([
      'public.labels.label',
      'public.contacts.address',
      'public.customers.email',
    ])
    expect(sources('select last4 from cards')).toEqual(['public.cards.last4', 'public.cards.number'])
    expect(sources('select value from measurements')).toEqual(['public.measurements.value', 'public.measurements_2026.value'])
    expect(sources('select address from contact_cache')).toContain('public.customers.email')
    expect(sources('select most_common_vals from pg_stats')).toBe('opaque')
    expect(sources('select query from pg_stat_activity')).toBe('opaque')
    expect(sources('select attname from pg_stats')).toEqual(['pg_catalog.pg_stats.attname'])
  })

  test('takes the questions of programs for statistics and sessions for questions by name', () => {
    const filters = (sql: string) => readStatement(sql, catalogue).operation.filters
    const columns = [{ schema: 'pg_catalog', table: 'pg_stats', column: 'attname' }]
    expect(filters("select most_common_vals from pg_stats where attname = 'mail'")?.equality).toMatchObject(columns)
    expect(filters("select most_common_vals from pg_stats where attname = 'mail'")?.other).toEqual([])
    expect(filters("select pid from pg_stat_activity where query like '%mail%'")?.other).toBe('opaque')
  })

  test.each([
    ["lower(email) = 'x'", 'equality'],
    ['a.email = b.email', 'equality'],
    ['lower(a.email) = lower(b.email::text)', 'equality'],
    ['lower(email) = email', 'other'],
    ['a.email = upper(b.email)', 'other'],
    ['btrim(lower(a.email)) = lower(btrim(b.email))', 'other'],
    ['nullif(upper(email), email) is null', 'other'],
    ['case email when lower(email) then true end', 'other'],
  ] as const)('takes %s for a question of %s', (condition, kind) => {
    const from = condition.includes('b.') ? 'customers a, customers b' : 'customers'
    const { filters } = readStatement(`select 1 from ${from} where ${condition}`, catalogue).operation
    const asked = (of: 'equality' | 'other') => JSON.stringify(filters?.[of]).includes('"email"')
    expect({ equality: asked('equality'), other: asked('other') }).toMatchObject({
      [kind]: true,
      ...(kind === 'equality' && { other: false }),
    })
  })

  test('a block asks what its statements ask', () => {
    const other = (body: string) => {
      const { filters } = readStatement(`do $$ begin ${body} end $$`, catalogue).operation
      return JSON.stringify(filters?.other).includes('"email"')
    }
    expect(other("if exists (select from customers where email like 'a%') then raise exception 'x'; end if;")).toBe(true)
    expect(other("if (select email from customers where id = 1) > 'm' then raise exception 'x'; end if;")).toBe(true)
    expect(other('perform email::int from customers;')).toBe(true)
    expect(other("perform from customers where email = 'x';")).toBe(false)
  })

  test('a trigger asks of the rows that set it off, for whoever makes it or changes what it runs', () => {
    const asked = (text: string) => JSON.stringify(readStatement(text, catalogue).operation.filters?.other ?? [])
    expect(asked('create trigger peeks before update on customers for each row execute function peek()')).toContain('"email"')
    expect(
      asked("create trigger w after update on customers for each row when (new.email like 'a%') execute function log_row()"),
    ).toContain('"email"')
    expect(
      asked("create rule r as on update to customers where new.email like 'a%' do also insert into log (what) values ('x')"),
    ).toContain('"email"')
    expect(asked("alter table customers add check (email not like 'a%')")).toContain('"email"')
    expect(asked("alter table customers add column more int check (email > 'm')")).toContain('"email"')
    expect(asked("create policy p on customers using (email like 'a%')")).toContain('"email"')
    expect(asked("create table fresh (email text check (email like 'a%'))")).toBe('[]')
    const replaced = (condition: string) =>
      asked(
        `create or replace function log_row() returns trigger language plpgsql as $$ begin if ${condition} then raise exception 'x'; end if; return old; end $$`,
      )
    expect(replaced("new.name like 'a%'")).toContain('"name"')
    expect(replaced("tg_op = 'UPDATE'")).toBe('[]')
    expect(asked("update customers set name = 'x' where id = 1")).not.toContain('"email"')
  })

  test('reads the statements that tools ask of the system catalogue as reads', () => {
    const psql = `SELECT n.nspname as "Schema", c.relname as "Name",
  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE c.relkind IN ('r','p','') AND n.nspname !~ '^pg_toast' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2;`
    const jdbc = `SELECT result.TABLE_SCHEM, result.COLUMN_NAME, result.KEY_SEQ FROM (SELECT n.nspname AS TABLE_SCHEM, a.attname AS COLUMN_NAME,
  (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM
FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid)
JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid)) result where result.A_ATTNUM = (result.KEYS).x`
    for (const sql of [psql, jdbc, 'select * from information_schema.columns']) {
      const { operation, parts, unresolved } = readStatement(sql, catalogue)
      expect({ effects: operation.effects, because: operation.unknownBecause, unresolved }).toEqual({
        effects: ['read'],
        because: [],
        unresolved: [],
      })
      expect(parts[0]?.outputs).not.toBe('opaque')
    }
  })
})
