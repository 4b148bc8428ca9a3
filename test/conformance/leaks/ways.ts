import type { Caller, Mode } from './caller.ts'
import { messages } from './caller.ts'
import { waysByType } from './ways-types.ts'

/** One customer's values as they stand in the database, and values that callers type themselves. */
export interface Known {
  readonly email: string
  readonly phone: string
  readonly card: string
  readonly typed: { readonly email: string; readonly phone: string; readonly card: string }
}

export interface Way {
  readonly name: string
  /** Sent one after the other on one connection, whatever became of the one before. */
  readonly statements?: (known: Known) => readonly string[]
  /** Simple, extended and binary if not said otherwise. */
  readonly modes?: readonly Mode[]
  /** What is none of the values and would still tell one. */
  readonly telling?: (known: Known) => readonly string[]
  /** In place of statements. */
  readonly run?: (open: () => Promise<Caller>, known: Known) => Promise<void>
}

const select = (name: string, ...statements: string[]): Way => ({ name, statements: () => statements })
const once = (name: string, ...statements: string[]): Way => ({ name, statements: () => statements, modes: ['simple'] })

const plain: Way[] = [
  select('plain', 'select card_number from cards', 'select email, phone from customers'),
  select('star', 'select * from customers', 'select * from cards'),
  select('TABLE', 'table customers', 'table cards'),
  select('alias', 'select c.email as city, c.phone as "id" from customers c'),
  select('column aliases of a table', 'select b, c, d from customers as t(a, b, c, d)'),
  select(
    'join',
    'select c.email, k.card_number, o.status from customers c join cards k on k.customer_id = c.id left join orders o on o.customer_id = c.id',
  ),
  select(
    'join USING',
    'select * from cards a join cards b using (card_number)',
    'select card_number from cards a join cards b using (card_number)',
  ),
  select('NATURAL join', 'select * from customers natural join (select id, phone from customers) p'),
  select(
    'join with an alias of its own',
    'select j.* from (customers c join cards k using (id)) as j',
    'select u.id, c.email from customers c join cards k using (id) as u',
  ),
  select('FULL join', 'select coalesce(a.email, b.email), a.phone from customers a full join customers b on a.id = b.id + 1'),
  select('subquery', 'select x from (select email as x from (select * from customers) s) t'),
  select('CTE', 'with a as (select * from customers), b(x, y, z) as (select id, phone, email from a) select z, y from b'),
  select('CTE named like a safe table', 'with orders as (select email as status from customers) select status from orders'),
  select('materialized CTE', 'with a as materialized (select card_number n from cards) select n from a'),
  select(
    'recursive CTE',
    'with recursive t(i, v) as (select 1, email from customers where id = 1 union all select i + 1, v from t where i < 3) select * from t',
  ),
  select(
    'recursive CTE that swaps columns',
    'with recursive t(a, b, c) as (select city, email, 1 from customers where id = 1 union all select b, a, c + 1 from t where c < 3) select a from t',
  ),
  select(
    'recursive CTE with SEARCH and CYCLE',
    'with recursive t(v) as (select email from customers where id = 1 union select v from t) search depth first by v set o cycle v set c using p select o, p from t',
  ),
  select(
    'CTE of a modification',
    'with u as (update customers set city = city where id = 1 returning *) select email, phone from u',
  ),
  select(
    'UNION by position',
    'select city from customers union select email from customers',
    'select status from orders union all select phone from customers',
  ),
  select('UNION behind VALUES', "values ('x') union all select card_number from cards"),
  select('INTERSECT', 'select email from customers intersect select email from customers'),
  select('EXCEPT', "select email from customers except select 'x'"),
  select('set operations nested', "(select 'a' union (select phone from customers except select 'q')) order by 1"),
  select('view', 'select address from contact_list', 'select * from contact_list'),
  select('view over view', 'select label from contact_labels', 'select * from contact_labels'),
  select('view with a renamed column', 'select city from misleading'),
  select(
    'scalar sub-select',
    'select (select email from customers where id = 1)',
    'select (select card_number from cards where id = o.id) from orders o',
  ),
  select('ARRAY of a sub-select', 'select array(select email from customers)'),
  select(
    'VALUES with a sub-select',
    'values (1, (select phone from customers where id = 1))',
    'select column2 from (values (1, (select card_number from cards where id = 1))) v',
  ),
  select(
    'LATERAL',
    'select l.v from customers c, lateral (select c.email as v) l',
    'select l.* from cards c cross join lateral (values (c.card_number)) l(v)',
  ),
  select('IN the select list', "select email in ('x'), email from customers"),
  select(
    'Unicode identifiers',
    'select U&"\\0065mail" from customers',
    'select "email" from "public"."customers"',
    'select EMAIL from PUBLIC.CuStOmErS',
  ),
  select('database-qualified name', 'select shop.public.customers.email from shop.public.customers'),
  select('TABLESAMPLE', 'select email from customers tablesample bernoulli (100)'),
  select('FOR UPDATE', 'select email from customers for update'),
  select('ONLY', 'select email from only customers', 'select email from customers *'),
  select('DISTINCT ON', 'select distinct on (city) email from customers order by city, email'),
  select('GROUP BY', 'select email, count(*) from customers group by email', 'select phone from customers group by 1'),
  select('GROUPING SETS', 'select email, city, count(*) from customers group by rollup (email, city)'),
  select('ORDER BY an output name', 'select email as x from customers order by x'),
  select(
    'window functions',
    'select first_value(email) over (order by id), lag(card_number) over w from customers join cards using (id) window w as (order by id)',
    'select nth_value(phone, 2) over (order by id) from customers',
  ),
]

const wholeRows: Way[] = [
  select('whole row', 'select c from cards c', 'select customers from customers'),
  select('row.*', 'select (c).* from customers c', 'select c.* from cards c'),
  select('field of a row', 'select (c).card_number from cards c', 'select (x.c).email from (select c from customers c) x'),
  select('functional notation', 'select email(c) from customers c', 'select c.card_number from cards c'),
  select('row as text', 'select c::text from cards c', 'select cast(c as text) from customers c'),
  select(
    'row of a row',
    'select row(c.*) from cards c',
    'select row(c, 1) from customers c',
    'select (row(c.email, c.phone))::text from customers c',
  ),
  select('row_to_json', 'select row_to_json(c) from cards c', 'select row_to_json(row(email)) from customers'),
  select(
    'to_jsonb',
    'select to_jsonb(c) from customers c',
    "select to_jsonb(c)->>'email' from customers c",
    "select (to_jsonb(c) #>> '{phone}')::text from customers c",
  ),
  select('json_agg', 'select json_agg(c) from cards c', 'select jsonb_agg(email) from customers'),
  select(
    'jsonb_build_object',
    "select jsonb_build_object('a', email, email, 1) from customers",
    'select json_object_agg(phone, id) from customers',
  ),
  select(
    'jsonb_each',
    'select key, value from cards c, jsonb_each_text(to_jsonb(c))',
    "select v from cards c, jsonb_path_query(to_jsonb(c), '$.*') v",
  ),
  select(
    'jsonb_to_record',
    'select r.email from customers c, jsonb_to_record(to_jsonb(c)) as r(email text)',
    'select p.city from customers c, jsonb_populate_record(null::customers, jsonb_build_object($$city$$, c.email)) p',
  ),
  select(
    'SQL/JSON',
    "select json_object('a': email) from customers",
    'select json_array(select card_number from cards)',
    "select json_value(to_jsonb(c), '$.card_number') from cards c",
  ),
  select('JSON_TABLE', "select t.v from customers c, json_table(to_jsonb(c), '$' columns (v text path '$.email')) t"),
  select(
    'XML',
    'select xmlforest(email as a, phone) from customers',
    'select xmlelement(name a, card_number) from cards',
    'select xmlserialize(content xmlelement(name a, email) as text) from customers',
  ),
  select('XMLTABLE', "select x.v from customers c, xmltable('/a' passing xmlelement(name a, c.email) columns v text path '.') x"),
  select('array_agg', 'select array_agg(card_number) from cards', 'select (array_agg(email))[1] from customers'),
  select(
    'string_agg',
    "select string_agg(card_number, ',') from cards",
    "select string_agg(email, '' order by id) from customers",
  ),
  select('min and max', 'select min(card_number), max(card_number) from cards', 'select min(email), max(phone) from customers'),
  select(
    'mode and percentile',
    'select mode() within group (order by email) from customers',
    'select percentile_disc(0.5) within group (order by card_number) from cards',
  ),
  select('hash of rows', 'select md5(c::text), hashtext(email) from customers c join cards using (id)'),
  select('composite type', 'select (row(email, phone)::pair).a from customers', 'select row(card_number, 1)::pair from cards'),
  select('array of a type', 'select array[email, phone] from customers', 'select unnest(array[card_number]) from cards'),
  select('domain', 'select email::word from customers', 'select card_number::word from cards'),
  select(
    'range',
    'select int8range(card_number::int8, null) from cards',
    "select textrange from (select ('[' || card_number || ',]')::numrange as textrange from cards) x",
  ),
  select('multirange', 'select range_agg(int8range(card_number::int8, null)) from cards'),
]

const pieces = ({ card }: Known) => [`*${card.slice(0, 4)}`, `*${card.slice(4, 8)}`, `*${card.slice(8, 12)}`]
const expressions: Way[] = [
  select(
    'casts',
    'select card_number::numeric from cards',
    'select email::bytea from customers',
    'select card_number::varchar(20), card_number::char(30), card_number::name from cards',
  ),
  select(
    'numbers',
    'select card_number::int8 from cards',
    'select card_number::float8, card_number::numeric(20, 2) from cards',
    'select (card_number::numeric / 10) from cards',
    'select card_number::money from cards',
  ),
  select(
    'arithmetic',
    'select card_number::int8 - 1 from cards',
    'select card_number::int8 % 100000000, card_number::int8 / 100000000 from cards',
    'select -(-card_number::int8) from cards',
  ),
  select('int8 in parts', 'select left(card_number, 8)::int, right(card_number, 8)::int from cards'),
  select(
    'bits',
    'select card_number::int8::bit(64) from cards',
    'select int8send(card_number::int8) from cards',
    'select to_hex(card_number::int8) from cards',
  ),
  {
    name: 'prefixes padded until a partial mask shows them',
    statements: () => [
      "select 'xxxxxxxxxxxx' || substr(card_number, 1, 4), lpad(substr(card_number, 5, 4), 16, '*'), repeat('*', 12) || substr(card_number, 9, 4) from cards",
    ],
    telling: pieces,
  },
  {
    name: 'reversed, so that a partial mask shows the first digits',
    statements: () => ['select reverse(card_number) from cards'],
    telling: ({ card }) => [`*${[...card.slice(0, 4)].reverse().join('')}`],
  },
  {
    name: 'shortened, so that a partial mask shows the middle',
    statements: () => [
      'select left(card_number, 12), substr(card_number, 1, 8 + 4), card_number::varchar(12), card_number::char(12) from cards',
    ],
    telling: pieces,
  },
  {
    name: 'a prefix in a view',
    statements: () => [
      "create or replace view padded as select repeat('*', 12) || substr(card_number, 1, 4) as n from cards",
      'select n from padded',
    ],
    telling: pieces,
    modes: ['simple'],
  },
  {
    name: 'a prefix in a CTE, a union, a join',
    statements: () => [
      "with a as (select repeat('*', 12) || substr(card_number, 1, 4) as n from cards) select n from a union select n from a join a b using (n)",
    ],
    telling: pieces,
  },
  {
    name: 'a prefix by COPY',
    statements: () => ["copy (select repeat('*', 12) || substr(card_number, 1, 4) from cards) to stdout"],
    telling: pieces,
    modes: ['simple'],
  },
  {
    name: 'a prefix written back and returned',
    statements: () => [
      'begin',
      "update cards set card_number = 'xxxxxxxxxxxx' || substr(card_number, 1, 4) where id = 1 returning card_number",
      'rollback',
    ],
    telling: pieces,
  },
  {
    name: 'a prefix inserted beside',
    statements: () => [
      "insert into cards select id + 700000, customer_id, 'xxxxxxxxxxxx' || substr(card_number, 1, 4), network, expires from cards where id = 1",
      'select card_number from cards where id > 700000',
    ],
    telling: pieces,
    modes: ['simple'],
  },
  select(
    'substr and friends',
    'select substr(email, 1, 100), left(email, 100), right(phone, 100), overlay(card_number placing $$$$ from 1 for 0), trim(email), btrim(phone) from customers join cards using (id)',
  ),
  select(
    'case',
    'select upper(email), lower(email), initcap(email), translate(phone, $$x$$, $$y$$), replace(email, $$@$$, $$ at $$) from customers',
  ),
  select('reverse', 'select reverse(email), reverse(card_number) from customers join cards using (id)'),
  select(
    'encode',
    "select encode(email::bytea, 'base64'), encode(email::bytea, 'hex'), encode(card_number::bytea, 'escape') from customers join cards using (id)",
  ),
  select(
    'convert_to',
    "select convert_to(email, 'UTF8'), convert(card_number::bytea, 'UTF8', 'LATIN1') from customers join cards using (id)",
  ),
  select('digests', 'select md5(email), sha256(card_number::bytea) from customers join cards using (id)'),
  select(
    'text search',
    "select to_tsvector('simple', email), to_tsvector('simple', phone) from customers",
    "select ts_headline('simple', email, 'x') from customers",
    "select plainto_tsquery('simple', email) from customers",
  ),
  select(
    'split_part',
    "select split_part(email, '@', 1), split_part(email, '@', 2) from customers",
    "select string_to_array(email, '@') from customers",
    "select s from customers, string_to_table(email, '@') s",
  ),
  select(
    'regular expressions',
    "select regexp_matches(email, '.*'), regexp_replace(card_number, '^', ' ') from customers join cards using (id)",
    "select m from customers, regexp_split_to_table(email, '@') m",
    "select regexp_substr(phone, '.+'), substring(email from '.+') from customers",
  ),
  select(
    'format and concat',
    "select format('%s %L %I', email, phone, email), concat(email, 1), concat_ws('-', phone, email) from customers",
  ),
  select(
    'operator ||',
    "select email || '', '' || card_number, array[email] || array[phone] from customers join cards using (id)",
  ),
  select(
    'separators',
    "select regexp_replace(card_number, '(.)', '\\1-', 'g') from cards",
    "select substr(card_number, 1, 4) || ' ' || substr(card_number, 5, 4) || ' ' || substr(card_number, 9) from cards",
  ),
  select('quote', 'select quote_literal(email), quote_nullable(phone), quote_ident(email) from customers'),
  select('CASE', "select case when id > 0 then email end, case city when 'x' then 1::text else phone end from customers"),
  select(
    'COALESCE, NULLIF, GREATEST',
    "select coalesce(null, email), nullif(phone, ''), greatest(email, ''), least(phone, '~') from customers",
  ),
  {
    name: 'ascii codes',
    statements: () => [
      'select array(select ascii(substr(email, i, 1)) from generate_series(1, length(email)) i) from customers where id = 1',
      'select ascii(substr(email, 1, 1)), ascii(substr(email, 2, 1)), ascii(substr(email, 3, 1)) from customers where id = 1',
    ],
    telling: ({ email }) => [[...email].map((letter) => letter.charCodeAt(0)).join(',')],
  },
  select(
    'characters one by one',
    'select array_to_string(array(select substr(card_number, i, 1) from generate_series(1, 16) i), $$$$) from cards',
  ),
  select('get_byte', 'select get_byte(email::bytea, 0), bit_length(email) from customers'),
  select('collation', 'select email collate "C" from customers', 'select email collate "C" || $$$$ from customers'),
  select(
    'time zone of nothing',
    'select extract(epoch from to_timestamp(card_number::float8 / 1000000)), make_interval(secs => card_number::float8) from cards',
  ),
  select('network types', "select ('10.0.0.' || substr(card_number, 1, 2))::inet, lpad(card_number, 32, '0')::uuid from cards"),
  select('geometry', 'select point(card_number::float8, 0), box(point(card_number::float8, 0), point(0, 0)) from cards'),
  select('tsvector of digits', "select ('''' || email || '''')::tsvector from customers"),
  select('numbers formatted', "select to_char(card_number::numeric, '9999 9999 9999 9999') from cards"),
  select('XPath', "select xpath('/a/text()', xmlelement(name a, email)) from customers"),
  select('pg_input_error_info', "select message from customers, pg_input_error_info(email, 'integer')"),
]

const digitsOf = ({ card }: Known) => [`\0${card.slice(0, 6)}`]
/** The result is made of constants, and which of them is decided by a masked value. */
const implicit: Way[] = [
  select(
    'letters picked by a join',
    "select string_agg(chr(a.i), '' order by p.n) from customers c, generate_series(1, 60) p(n), generate_series(32, 126) a(i) where c.id = 1 and ascii(substr(c.email, p.n, 1)) = a.i",
  ),
  select(
    'letters picked by JOIN ON',
    "select string_agg(chr(a.i), '' order by p.n) from customers c join generate_series(1, 60) p(n) on true join generate_series(32, 126) a(i) on ascii(substr(c.email, p.n, 1)) = a.i where c.id = 1",
  ),
  select(
    'letters picked by EXISTS',
    "select string_agg(chr(a.i), '' order by p.n) from generate_series(1, 60) p(n), generate_series(32, 126) a(i) where exists (select 1 from customers c where c.id = 1 and ascii(substr(c.email, p.n, 1)) = a.i)",
  ),
  select(
    'letters picked by IN',
    "select string_agg(chr(a.i), '' order by p.n) from generate_series(1, 60) p(n), generate_series(32, 126) a(i) where (p.n, a.i) in (select q.n, ascii(substr(c.email, q.n, 1)) from customers c, generate_series(1, 60) q(n) where c.id = 1)",
  ),
  select(
    'letters picked by a sub-select',
    "select string_agg(chr(a.i), '' order by p.n) from generate_series(1, 60) p(n), generate_series(32, 126) a(i) where a.i = (select ascii(substr(email, p.n, 1)) from customers where id = 1)",
  ),
  select(
    'letters picked by ORDER BY',
    "select string_agg(chr(x.i), '' order by p.n) from generate_series(1, 30) p(n), lateral (select a.i from generate_series(32, 126) a(i) order by abs(a.i - (select ascii(substr(email, p.n, 1)) from customers where id = 1)) limit 1) x",
  ),
  select(
    'letters picked by OFFSET',
    "select string_agg(x.l, '' order by p.n) from generate_series(1, 30) p(n), lateral (select chr(a.i) l from generate_series(0, 255) a(i) where a.i > 0 offset (select ascii(substr(email, p.n, 1)) - 1 from customers where id = 1) limit 1) x",
  ),
  select(
    'letters picked by HAVING',
    "select string_agg(l, '' order by n) from (select chr(a.i) l, p.n from customers c, generate_series(1, 60) p(n), generate_series(32, 126) a(i) where c.id = 1 group by a.i, p.n having ascii(min(substr(c.email, p.n, 1))) = a.i) x",
  ),
  select(
    'letters picked by a lateral that gives nothing',
    "select string_agg(chr(a.i), '' order by p.n) from generate_series(1, 60) p(n), generate_series(32, 126) a(i), lateral (select 1 from customers c where c.id = 1 and ascii(substr(c.email, p.n, 1)) = a.i) x",
  ),
  select(
    'letters picked by an outer join',
    "select string_agg(chr(a.i), '' order by p.n) from generate_series(1, 60) p(n) cross join generate_series(32, 126) a(i) left join customers c on c.id = 1 and ascii(substr(c.email, p.n, 1)) = a.i where c.id is not null",
  ),
  select(
    'letters picked by USING',
    "select string_agg(g.l, '' order by g.n) from (select p.n, a.i, chr(a.i) l from generate_series(1, 60) p(n), generate_series(32, 126) a(i)) g join (select q.n, ascii(substr(c.email, q.n, 1)) i from customers c, generate_series(1, 60) q(n) where c.id = 1) h using (n, i)",
  ),
  select(
    'letters picked by INTERSECT',
    "select string_agg(chr(i), '' order by n) from (select p.n, a.i from generate_series(1, 60) p(n), generate_series(32, 126) a(i) intersect select q.n, ascii(substr(c.email, q.n, 1)) from customers c, generate_series(1, 60) q(n) where c.id = 1) x",
  ),
  select(
    'letters left by EXCEPT',
    "select string_agg(chr(i), '' order by n) from (select p.n, a.i from generate_series(1, 60) p(n), generate_series(32, 126) a(i) except select q.n, b.i from customers c, generate_series(1, 60) q(n), generate_series(32, 126) b(i) where c.id = 1 and ascii(substr(c.email, q.n, 1)) <> b.i) x where n <= 10",
  ),
  select(
    'a prefix grown letter by letter',
    "with recursive t(p) as (select '' union all select t.p || chr(a.i) from t, generate_series(33, 126) a(i) where length(t.p) < 40 and a.i not in (37, 92, 95) and exists (select 1 from customers where id = 1 and email like t.p || chr(a.i) || '%')) select max(p) from t",
  ),
  select(
    'binary search',
    'with recursive t(lo, hi) as (select 0::numeric, 10000000000000000000::numeric union all select case when (select card_number::numeric from cards where id = 1) > div(lo + hi, 2) then div(lo + hi, 2) else lo end, case when (select card_number::numeric from cards where id = 1) > div(lo + hi, 2) then hi else div(lo + hi, 2) end from t where hi - lo > 1) select max(hi::text) from t where hi - lo = 1',
  ),
  select(
    'candidates compared',
    "select x.n from cards c, lateral (select left(c.network, 0) || substr('0123456789', d.i, 1) as n from generate_series(1, 10) d(i)) x where c.id = 1 and substr(c.card_number, 1, 1) = x.n",
    "select string_agg(d.i::text, '' order by p.n) from cards c, generate_series(1, 16) p(n), generate_series(0, 9) d(i) where c.id = 1 and substr(c.card_number, p.n, 1) = d.i::text",
  ),
  {
    name: 'counting generated rows',
    statements: () => [
      'select count(*)::text from generate_series(1, (select left(card_number, 6)::int from cards where id = 1))',
      'select count(*)::text from cards, generate_series(1, left(card_number, 6)::int) where id = 1',
      'select count(*)::text from (select generate_series(1, left(card_number, 6)::int) from cards where cards.id = 1) x',
    ],
    telling: digitsOf,
  },
  {
    name: 'counting limited rows',
    statements: () => [
      'select count(*)::text from (select from generate_series(1, 700000) limit (select left(card_number, 6)::int from cards where id = 1)) x',
    ],
    telling: digitsOf,
  },
  {
    name: 'counting recursive rows',
    statements: () => [
      'with recursive t(n) as (select 1 union all select n + 1 from t where n < (select left(card_number, 6)::int from cards where id = 1)) select max(n)::text from t',
    ],
    telling: digitsOf,
  },
  {
    name: 'counting by EXPLAIN ANALYZE',
    statements: () => [
      'explain (analyze, costs off, timing off, summary off) select * from generate_series(1, (select left(card_number, 6)::int from cards where id = 1))',
    ],
    telling: ({ card }) => [`rows=${card.slice(0, 6)}`],
    modes: ['simple'],
  },
  {
    name: 'letters left in a table by UPDATE',
    modes: ['simple'],
    statements: () => [
      'create table letters1 (n int, i int, hit boolean)',
      'insert into letters1 select p.n, a.i, false from generate_series(1, 60) p(n), generate_series(32, 126) a(i)',
      'update letters1 l set hit = true from customers c where c.id = 1 and ascii(substr(c.email, l.n, 1)) = l.i',
      "select string_agg(chr(i), '' order by n) from letters1 where hit",
    ],
  },
  {
    name: 'letters left in a table by MERGE',
    modes: ['simple'],
    statements: () => [
      'create table letters2 (n int, i int, hit boolean)',
      'insert into letters2 select p.n, a.i, false from generate_series(1, 60) p(n), generate_series(32, 126) a(i)',
      'merge into letters2 l using customers c on c.id = 1 and ascii(substr(c.email, l.n, 1)) = l.i when matched then update set hit = true',
      "select string_agg(chr(i), '' order by n) from letters2 where hit",
    ],
  },
  {
    name: 'letters left in a table by INSERT',
    modes: ['simple'],
    statements: () => [
      'create table letters3 (n int, i int)',
      'insert into letters3 select p.n, a.i from customers c, generate_series(1, 60) p(n), generate_series(32, 126) a(i) where c.id = 1 and ascii(substr(c.email, p.n, 1)) = a.i',
      "select string_agg(chr(i), '' order by n) from letters3",
    ],
  },
  {
    name: 'letters picked by a view',
    modes: ['simple'],
    statements: () => [
      'create or replace view letters4 as select p.n, chr(a.i) as l from customers c, generate_series(1, 60) p(n), generate_series(32, 126) a(i) where c.id = 1 and ascii(substr(c.email, p.n, 1)) = a.i',
      "select string_agg(l, '' order by n) from letters4",
    ],
  },
  {
    name: 'letters picked by a row-level policy',
    modes: ['simple'],
    statements: () => [
      'create table letters5 (n int, i int)',
      'insert into letters5 select p.n, a.i from generate_series(1, 60) p(n), generate_series(32, 126) a(i)',
      'create policy p5 on letters5 using (exists (select 1 from customers c where c.id = 1 and ascii(substr(c.email, letters5.n, 1)) = letters5.i))',
      'alter table letters5 enable row level security',
      'alter table letters5 force row level security',
      "select string_agg(chr(i), '' order by n) from letters5",
    ],
  },
  {
    name: 'letters of a masked column of its own',
    modes: ['simple'],
    statements: () => [
      "insert into customers select 800000 + i, 'x', chr(i), 'x', 'x', 'XX', now() from generate_series(48, 122) i",
      "select string_agg(chr((b.id - 800000)::int), '' order by p.n) from customers a, customers b, generate_series(1, 60) p(n) where a.id = 1 and b.id > 800000 and substr(a.email, p.n, 1) = b.email",
    ],
  },
  select(
    'a sequence counts along',
    'select currval($$keep1$$) from customers, generate_series(1, 200) where id = 1 and ascii(substr(email, 1, 1)) = nextval($$keep1$$)',
  ),
]

const channels: Way[] = [
  once('COPY table', 'copy cards to stdout', 'copy customers (id, email) to stdout', 'copy customers to stdout with (header)'),
  once('COPY query', 'copy (select email, phone from customers) to stdout', 'copy (select c from cards c) to stdout'),
  once(
    'COPY CSV',
    'copy cards to stdout (format csv, header, force_quote *)',
    "copy customers to stdout (format csv, delimiter '@', quote '.', escape 'a')",
    "copy customers to stdout (format csv, delimiter ';', null 'x')",
  ),
  once(
    'COPY with odd options',
    "copy customers to stdout (delimiter '@')",
    "copy customers to stdout (delimiter '+', null '')",
    "copy customers to stdout with csv header quote '''' force quote email",
  ),
  once(
    'COPY binary',
    'copy cards to stdout (format binary)',
    'copy (select email from customers) to stdout with (format binary)',
    'copy (select card_number::int8 from cards) to stdout (format binary)',
    'copy binary customers to stdout',
  ),
  once(
    'COPY in another encoding',
    "copy customers to stdout (encoding 'UTF16')",
    "copy customers to stdout (encoding 'LATIN1')",
    "copy customers to stdout (encoding 'SQL_ASCII')",
  ),
  once('COPY of a modification', 'copy (update customers set city = city where id = 1 returning email) to stdout'),
  once('COPY to the server', "copy customers to '/tmp/hoop-leak.txt'", "copy customers to program 'cat'"),
  once('COPY of a view', 'copy (select * from contact_labels) to stdout'),
  select(
    'EXPLAIN',
    'explain (verbose) select email from customers',
    'explain (analyze, verbose, costs off) select email from customers where email like $$%$$',
    'explain (analyze, format json) select min(email) from customers',
    'explain (verbose, generic_plan) select * from customers where email = $1',
  ),
  select(
    'RETURNING',
    'begin',
    'update customers set city = city where id = 1 returning *',
    'update customers set city = email where id = 2 returning city',
    "insert into cards values (999999, 1, '4000000000000002', 'x', '2030-01-01') returning (select card_number from cards where id = 1)",
    'rollback',
  ),
  select(
    'RETURNING old and new',
    'begin',
    "update customers set email = 'x' || id where id = 1 returning old.email, new.email, old.*",
    "update cards set card_number = 'x' where id = 1 returning with (old as before) before.card_number, before",
    'rollback',
  ),
  select('DELETE RETURNING', 'delete from cards where id = 2 and false returning *'),
  select(
    'MERGE RETURNING',
    'begin',
    "merge into customers c using cards k on k.customer_id = c.id and k.id = 1 when matched then update set city = 'x' returning c.*, k.card_number, merge_action()",
    'rollback',
  ),
  select(
    'ON CONFLICT',
    'begin',
    'insert into customers select * from customers where id = 1 on conflict (id) do update set full_name = customers.email returning full_name',
    'rollback',
  ),
  select(
    'errors of casts',
    'select email::int from customers',
    'select card_number::date from cards',
    'select phone::uuid from customers',
    'select email::jsonb from customers',
    'select email::xml from customers',
    'select (email || $$<$$)::xml from customers',
  ),
  select(
    'errors of names',
    'select email::regclass from customers',
    'select email::regtype from customers',
    'select phone::regrole from customers',
    'select email::regnamespace from customers',
    'select email::regproc from customers',
    'select email::regconfig from customers',
    'select (split_part(email, $$@$$, 1))::regclass from customers',
  ),
  select(
    'errors of look-ups',
    'select current_setting(email) from customers',
    'select nextval(email) from customers',
    "select has_table_privilege(email, 'select') from customers",
    'select pg_get_viewdef(email) from customers',
    'select pg_database_size(email) from customers',
    'select pg_relation_size(email) from customers',
    "select has_database_privilege(email, 'shop', 'connect') from customers",
    "select pg_get_serial_sequence(email, 'x') from customers",
  ),
  select(
    'errors of settings',
    "select set_config(email, 'x', false) from customers",
    "select set_config('work_mem', email, false) from customers",
    "select set_config('timezone', phone, false) from customers",
  ),
  select(
    'errors of parsers',
    'select email::tsquery from customers',
    'select email::jsonpath from customers',
    'select phone::interval from customers',
    "select 'x' ~ (email || '(') from customers",
    "select to_date(email, 'YYYY') from customers",
    'select now() at time zone email from customers',
    'select date_trunc(email, now()) from customers',
    "select encode('x', email) from customers",
    "select convert_to('x', email) from customers",
  ),
  select(
    'errors of numbers',
    'select 1 / (length(email) - length(email)) from customers',
    'select card_number::int from cards',
    'select card_number::int8::int from cards',
    'select exp(card_number::float8) from cards',
    'select lo_get(left(card_number, 9)::oid) from cards',
    'select chr(left(card_number, 9)::int) from cards',
    'select setseed(card_number::float8) from cards',
    'select repeat(email, 100000000) from customers',
    'select pg_sleep(0), make_date(left(card_number, 6)::int, 99, 99) from cards',
  ),
  select(
    'errors of constraints',
    'insert into customers select * from customers where id = 1',
    'insert into strict_words select id, email from customers',
    'update customers set email = (select email from customers where id = 2) where id = 1',
    'insert into cards select id + 900000, -1, card_number, network, expires from cards',
    'update customers set phone = null where id = 1',
    'update customers set country = city',
  ),
  once(
    'errors of ALTER TABLE',
    'alter table customers alter email type int using email::int',
    'alter table customers add check (email is null)',
    'alter table customers alter email type regtype using email::regtype',
    'alter table cards add unique (network)',
    'alter table customers add foreign key (phone) references customers (email)',
    'create unique index on customers (country)',
  ),
  once('errors of a user function', 'select complain(email) from customers', 'select public.complain(card_number) from cards'),
  once(
    'DO',
    "do $$ begin raise notice '%', (select email from customers where id = 1); end $$",
    "do $$ begin raise exception '%', (select card_number from cards where id = 1) using errcode = '42601'; end $$",
  ),
  {
    name: 'what RAISE says an error is about',
    modes: ['simple'],
    statements: () => [
      ...['table', 'column', 'constraint', 'datatype', 'schema'].map(
        (field) => `do $$ begin raise exception 'x' using ${field} = (select email from customers where id = 1); end $$`,
      ),
      "do $$ declare c text; begin select card_number into c from cards where id = 1; raise notice 'x' using table = c; end $$",
      "create function about1() returns int language plpgsql as $$ begin raise exception 'x' using column = (select email from customers where id = 1); end $$",
      'select about1()',
    ],
  },
  {
    name: 'a value as an SQLSTATE',
    modes: ['simple'],
    statements: () => [
      'do $$ declare c text; begin select card_number into c from cards where id = 1; raise exception $m$x$m$ using errcode = left(c, 5); end $$',
    ],
    telling: ({ card }) => [`C${card.slice(0, 5)}\0`],
  },
  once(
    'own function',
    "create function tell() returns text language sql as 'select email from customers where id = 1'",
    'select tell()',
    'select * from tell()',
    "create function pg_temp.tell() returns setof customers language sql as 'select * from customers'",
    'select pg_temp.tell()',
  ),
  once('existing function', 'select who(1)', 'select * from who(1)', 'call complain_loudly()'),
  once(
    'own aggregate and operator',
    'create aggregate keep (text) (sfunc = textcat, stype = text)',
    'select keep(email) from customers',
    'create operator ### (leftarg = text, rightarg = text, function = textcat)',
    "select email ### '' from customers",
    "select email operator(public.###) '' from customers",
  ),
  select(
    'set_config',
    "select set_config('application_name', email, false) from customers where id = 1",
    "select current_setting('application_name')",
    "select set_config('my.value', phone, false) from customers where id = 1",
    "select current_setting('my.value', true)",
    'show application_name',
  ),
  once(
    'SET',
    "set application_name to 'x'",
    'set session my.x = 1',
    'set role postgres',
    'set session authorization postgres',
    'set search_path = hidden, public',
    'select email from customers',
  ),
  select('notifications', "select pg_notify('x', email) from customers", 'listen x', "notify x, 'y'"),
  select(
    'statistics',
    "select * from pg_stats where tablename in ('customers', 'cards')",
    'select most_common_vals, histogram_bounds::text from pg_stats',
    'select stavalues1 from pg_statistic',
    'select * from pg_stats_ext',
    'select histogram_bounds from (select * from pg_stats) s',
  ),
  select(
    'activity',
    'select query from pg_stat_activity',
    'select * from pg_stat_get_activity(null)',
    'select pg_stat_get_backend_activity(i) from generate_series(1, 10) i',
    'select application_name from pg_stat_activity',
  ),
  select(
    'query_to_xml',
    "select query_to_xml('select email from customers', true, false, '')",
    "select table_to_xml('customers', true, false, '')",
    "select schema_to_xml('public', true, false, '')",
    "select database_to_xml(true, false, '')",
    "select query_to_xml_and_xmlschema('select card_number from cards', true, false, '')",
  ),
  select('cursor_to_xml', "select cursor_to_xml('c', 10, true, false, '')"),
  select(
    'ts_stat',
    "select * from ts_stat('select to_tsvector(''simple'', email) from customers')",
    "select * from ts_rewrite('a'::tsquery, 'select plainto_tsquery(email), plainto_tsquery(email) from customers')",
  ),
  select('dblink', "select * from dblink('dbname=shop', 'select email from customers') as t(e text)"),
  once(
    'large objects',
    'select lo_from_bytea(0, email::bytea) from customers where id = 1',
    'select convert_from(lo_get(loid), $$UTF8$$) from (select distinct loid from pg_largeobject) x',
    'select encode(data, $$escape$$) from pg_largeobject',
    "select lo_import('/etc/hostname')",
  ),
  once(
    'large object positions',
    'begin',
    'select lo_create(424242)',
    'select lo_open(424242, 131072 + 262144)',
    'select lo_lseek64(0, left(card_number, 8)::int8, 0) from cards where id = 1',
    'select lo_tell64(0)',
    'rollback',
  ),
  select(
    'files',
    "select pg_read_file('postgresql.conf')",
    "select pg_ls_dir('.')",
    'select * from pg_hba_file_rules',
    "select pg_read_binary_file('PG_VERSION')",
  ),
  {
    name: 'sequences',
    modes: ['simple'],
    statements: () => [
      "select setval('keep1', left(card_number, 8)::int8) from cards where id = 1",
      'select last_value::text from keep1',
      "select nextval('keep1')::text",
      "select setval('keep1', 1)",
    ],
  },
  {
    name: 'advisory locks',
    modes: ['simple'],
    statements: () => [
      'select pg_advisory_lock(left(card_number, 8)::int8) from cards where id = 1',
      "select classid, objid, objid::text from pg_locks where locktype = 'advisory'",
      'select pg_try_advisory_xact_lock(left(card_number, 8)::int, right(card_number, 8)::int) from cards where id = 1',
    ],
  },
  select(
    'cursors',
    'begin',
    'declare x cursor for select email from customers',
    'fetch all from x',
    'declare y binary cursor with hold for select card_number::int8 from cards',
    'fetch 1 from y',
    'move 1 in x',
    'commit',
    'fetch all from y',
  ),
  select(
    'PREPARE and EXECUTE',
    'prepare p as select email from customers',
    'execute p',
    'create table laundered_p as execute p',
    'deallocate p',
    'explain analyze execute p',
  ),
  select(
    'statistics objects',
    'create statistics s9 on email, phone from customers',
    'analyze customers',
    'select * from pg_stats_ext where statistics_name = $$s9$$',
    'select pg_mcv_list_items(stxdmcv) from pg_statistic_ext_data',
  ),
  select(
    'catalogue text',
    'select pg_get_expr(adbin, adrelid) from pg_attrdef',
    'select * from pg_prepared_statements',
    'select * from pg_cursors',
    'select attmissingval from pg_attribute where attmissingval is not null',
  ),
]

const laundering: Way[] = [
  once(
    'CREATE TABLE AS',
    'create table l1 as select email as v from customers',
    'select v from l1',
    'create temp table l1t as select card_number as v from cards',
    'select v from l1t',
  ),
  once(
    'SELECT INTO',
    'select email as v into l2 from customers',
    'select v from l2',
    'select phone as v into temp l2t from customers',
    'select * from l2t',
  ),
  once(
    'INSERT SELECT',
    'insert into stash select id, email from customers',
    'insert into stash (id, v) select 1, max(card_number) from cards',
    'with a as (select email from customers) insert into stash (v) select * from a',
    'select v from stash',
  ),
  once(
    'INSERT VALUES',
    'insert into stash values (1, (select email from customers where id = 1))',
    'insert into stash (v) values (default), ((select phone from customers where id = 1))',
    'select v from stash',
  ),
  once(
    'UPDATE FROM',
    "insert into stash (id, v) values (1, 'x')",
    'update stash set v = c.email from customers c where c.id = stash.id',
    'update stash set (id, v) = (select id, phone from customers where customers.id = 1)',
    'select v from stash',
  ),
  once(
    'UPDATE within the table',
    'update customers set full_name = email where id = 3',
    'update customers set (full_name, email) = (email, full_name) where id = 3',
    'update customers set city = left(phone, 40) where id = 3',
    'select full_name, city from customers where id = 3',
  ),
  once(
    'MERGE',
    'merge into stash s using customers c on s.id = c.id when not matched then insert (id, v) values (c.id, c.email) when matched then update set v = c.phone',
    'select v from stash',
  ),
  once(
    'ON CONFLICT DO UPDATE',
    "insert into customers values (3, 'x', 'x3@x', 'x', 'x', 'XX', now()) on conflict (id) do update set full_name = customers.email",
    'select full_name from customers where id = 3',
  ),
  once('materialized view', 'create materialized view l3 as select email as v from customers', 'select v from l3'),
  once(
    'materialized view of a view that changes',
    'create view l4 as select id, email as x from customers',
    'create materialized view l4m as select x from l4 with no data',
    'refresh materialized view l4m',
    'create or replace view l4 as select id, full_name as x from customers',
    'select x from l4m',
  ),
  once(
    'CREATE VIEW',
    'create view l5 as select email as v, id from customers',
    'select v from l5',
    'create view l5b (a, b) as select v, id from l5',
    'select a from l5b',
    'create recursive view l5c (n) as select email from customers union select n from l5c',
    'select n from l5c',
  ),
  once('view by CREATE SCHEMA', 'create schema s5 create view v as select email from public.customers', 'select email from s5.v'),
  once(
    'generated column',
    "alter table customers add column g1 text generated always as (email || '') stored",
    'select g1 from customers',
    'alter table cards add column g2 text generated always as (left(card_number, 99))',
    'select g2 from cards',
  ),
  once(
    'generated column that becomes an ordinary one',
    'alter table customers add column g3 text generated always as (lower(email)) stored',
    'alter table customers alter column g3 drop expression',
    'select g3 from customers',
  ),
  once(
    'a column added and filled',
    'alter table customers add column extra text',
    'update customers set extra = email',
    'select extra from customers',
  ),
  once(
    'RENAME COLUMN',
    'alter table customers rename column email to note',
    'select note from customers',
    'begin',
    'alter table cards rename column card_number to expires2',
    'select expires2, upper(expires2) from cards',
    'rollback',
  ),
  once(
    'RENAME TABLE',
    'alter table customers rename to people',
    'select email from people',
    'begin',
    'alter table cards rename to decks',
    'select card_number from decks',
    'rollback',
  ),
  once(
    'SET SCHEMA',
    'create schema s6',
    'alter table customers set schema s6',
    'select email from s6.customers',
    'alter schema public rename to private',
    'select email from private.customers',
  ),
  once(
    'tables swapped',
    'begin',
    'alter table orders rename to orders_old',
    'create view orders as select id, id as customer_id, created_at as placed_at, email as status from customers',
    'select status from orders',
    'select upper(status) from orders',
    'rollback',
  ),
  once(
    'columns swapped in a transaction',
    'begin',
    'alter table customers rename column full_name to was',
    'alter table customers rename column city to full_name',
    'alter table customers add column city text generated always as (email) stored',
    'select city, upper(city) from customers',
    'rollback',
  ),
  once(
    'ALTER TYPE',
    'begin',
    'alter table customers alter column full_name type text using email',
    'select full_name from customers',
    'rollback',
    'begin',
    "alter table cards alter column card_number type text using 'xxxxxxxxxxxx' || substr(card_number, 1, 4)",
    'select card_number from cards',
    'rollback',
  ),
  once(
    'a view replaced in a transaction',
    'begin',
    'create or replace view plain_names as select id, email as full_name from customers',
    'select upper(full_name) from plain_names',
    'select full_name from plain_names',
    'rollback',
  ),
  once(
    'a view replaced, then copied from, in a transaction',
    'begin',
    'create or replace view plain_names as select id, email as full_name from customers',
    'create table l6 as select full_name from plain_names',
    'insert into stash (v) select full_name from plain_names',
    'commit',
    'select full_name from l6',
    'select upper(full_name) from l6',
    'select v from stash',
    'create or replace view plain_names as select id, full_name from customers',
  ),
  once(
    'one text that replaces a view and reads it',
    'create or replace view plain_names2 as select id, email as full_name from customers; select full_name, upper(full_name) from plain_names2; create or replace view plain_names2 as select id, full_name from customers',
  ),
  once(
    'one text that replaces a view and copies from it',
    'create or replace view plain_names2 as select id, email as full_name from customers; create table l7 as select full_name from plain_names2; create or replace view plain_names2 as select id, full_name from customers',
    'select full_name from l7',
  ),
  once(
    'one text that drops and creates',
    'begin; drop view plain_names2; create view plain_names2 as select id, phone as full_name from customers; select lower(full_name) from plain_names2; rollback',
  ),
  once(
    'savepoints',
    'begin; savepoint a; create or replace view plain_names as select id, email as full_name from customers; release a',
    'select lower(full_name) from plain_names',
    'rollback',
  ),
  once(
    'temporary table named like a safe one',
    'create temp table orders as select email as status from customers',
    'select status from orders',
    'create temp table orders (status text)',
    'insert into orders select email from customers',
    'select status from orders',
  ),
  once(
    'temporary view named like a safe one',
    'create temp view orders as select id, email as status from customers',
    'select upper(status) from orders',
    'select status from orders',
  ),
  once(
    'temporary view in pg_temp',
    'create view pg_temp.orders as select id, email as status from customers',
    'select upper(status) from orders',
  ),
  once(
    'temporary view before the table',
    'create temp view later1 as select email as x from customers',
    'create table public.later1 (x text)',
    'select upper(x) from later1',
    'select x from later1',
    'copy (select x || $$$$ from later1) to stdout',
  ),
  once(
    'temporary view, renamed',
    'create temp view later2 as select id, email as status from customers',
    'alter view later2 rename to orders',
    'select upper(status) from orders',
  ),
  once(
    'view that is temporary because of what it reads',
    'create temp table nothing1 (a int)',
    'create view orders as select c.id, c.email as status from customers c left join nothing1 on true',
    'select upper(status) from orders',
  ),
  once(
    'view that is temporary, before the table',
    'create temp table nothing2 (a int)',
    'create view later3 as select c.email as x from customers c left join nothing2 on true',
    'create table public.later3 (x text)',
    'select upper(x) from later3',
  ),
  once(
    'the temporary schema by its number',
    'create temp table nothing3 (a int)',
    ...Array.from(
      { length: 12 },
      (_, i) => `create view pg_temp_${i}.order_items as select id as order_id, email as product from customers`,
    ),
    'select upper(product) from order_items',
    'select product from order_items',
  ),
  once(
    'search_path',
    'create schema hidden',
    'create view hidden.orders as select id, email as status from customers',
    'set search_path = hidden, public',
    'select status from orders',
    "select set_config('search_path', 'hidden,public', false)",
    'select upper(status) from orders',
    'set schema $$hidden$$',
  ),
  once(
    'the schema of the user',
    'create schema shop_app',
    'create view shop_app.orders as select id, email as status, id as customer_id from customers',
    'select upper(status) from orders',
    'select status from orders',
    'drop view shop_app.orders',
  ),
  once(
    'inheritance',
    'create table heir () inherits (customers)',
    'select email from heir',
    'alter table heir no inherit customers',
    'select upper(email) from heir',
  ),
  once(
    'inheritance from below',
    'create table ancestor (email text not null)',
    'alter table customers inherit ancestor',
    'select email from ancestor',
    'select upper(email) from ancestor',
    'alter table customers no inherit ancestor',
  ),
  once(
    'partition',
    'create table parted (like customers) partition by list (country)',
    'alter table parted attach partition customers default',
    'select email from parted',
    'select upper(phone) from parted',
    'alter table parted detach partition customers',
  ),
  once(
    'like',
    'create table alike (like customers including all)',
    'insert into alike select * from customers',
    'select email from alike',
  ),
  once(
    'rules and triggers',
    'create rule r as on update to customers do also insert into stash (v) values (new.email)',
    "create function t() returns trigger language plpgsql as 'begin insert into stash (v) values (new.email); return new; end'",
    'create trigger t after update on customers for each row execute function t()',
    'update customers set city = city where id = 1',
    'select v from stash',
  ),
  once(
    'index on an expression',
    'create index l8 on customers ((lower(email)))',
    "select * from pg_stats where tablename = 'l8'",
    'select lower from l8',
  ),
  once(
    'foreign data',
    'create extension postgres_fdw',
    "create server self foreign data wrapper postgres_fdw options (dbname 'shop')",
    'create foreign table far (email text) server self',
    'select email from far',
  ),
  once('hstore', 'create extension hstore', 'select hstore(c) from customers c'),
  once(
    'publication and subscription',
    'create publication p9 for table customers',
    "select * from pg_create_logical_replication_slot('s9', 'test_decoding')",
    "select * from pg_logical_slot_get_changes('s9', null, null)",
  ),
  once(
    'a comment of data',
    "comment on table orders is 'x'",
    "select obj_description('orders'::regclass)",
    "security label on table orders is 'x'",
  ),
]

/** What callers type stands in the record, and in what approvers see. */
const typedValues: Way[] = [
  {
    name: 'literals of an INSERT',
    modes: ['simple'],
    statements: ({ typed }) => [
      `insert into customers values (600001, 'T', '${typed.email}', '${typed.phone}', 'x', 'XX', now())`,
      `insert into cards values (600001, 600001, '${typed.card}', 'visa', '2030-01-01')`,
    ],
  },
  {
    name: 'literals of a predicate',
    modes: ['simple'],
    statements: ({ typed }) => [
      `select id from customers where email = '${typed.email}' or phone in ('${typed.phone}', 'x')`,
      `select id from customers where email like '${typed.email}%' and lower(phone) = lower($$${typed.phone}$$)`,
      `update customers set email = '${typed.email}' where id = 600002`,
      `select id from cards where card_number between '${typed.card}' and '${typed.card}'`,
    ],
  },
  {
    name: 'literals in other clothes',
    modes: ['simple'],
    statements: ({ typed }) => [
      `select id from customers where email = E'${typed.email}'`,
      `select id from customers where email = U&'${typed.email}'`,
      `select id from customers where email = $tag$${typed.email}$tag$`,
      `select id from cards where card_number::numeric = ${typed.card}`,
      `select id from customers c where c = row(1, 'x', '${typed.email}', 'x', 'x', 'XX', now())::customers`,
    ],
  },
  {
    name: 'literals compared with a view, an alias, a sub-select',
    modes: ['simple'],
    statements: ({ typed }) => [
      `select id from contact_list where address = '${typed.email}'`,
      `select 1 from (select email as x from customers) s where s.x = '${typed.email}'`,
      `with c as (select phone p from customers) select 1 from c where p = '${typed.phone}'`,
      `select '${typed.email}' in (select email from customers)`,
      `select 1 from customers join (values ('${typed.email}')) v(e) on v.e = email`,
    ],
  },
  {
    name: 'literals that are quoted as names',
    modes: ['simple', 'extended'],
    statements: ({ typed }) => [
      `select id from customers where email = "${typed.email}"`,
      `select id from customers where "${typed.card}" = card_number`,
    ],
  },
  {
    name: 'parameters',
    run: async (open, { typed }) => {
      const caller = await open()
      await caller.run('select id from customers where email = $1', 'extended', [typed.email])
      await caller.run('insert into cards values (600003, 1, $1, $2, now())', 'extended', [`${typed.card}`, 'x'])
      await caller.run('select $1::text', 'extended', [typed.card])
      await caller.run('select $1::text', 'extended', [Buffer.from(typed.card)])
      await caller.run('select id from customers where email = any($1)', 'extended', [[typed.email]])
      await caller.run('update customers set phone = $1 where phone = $1', 'binary', [typed.phone])
      await caller.run('select $1::bytea', 'extended', [Buffer.from(typed.card)])
      await caller.end()
    },
  },
  {
    name: 'data of COPY IN',
    run: async (open, { typed }) => {
      const caller = await open()
      await caller.copyIn('copy cards from stdin', `600010\t1\t${typed.card}\tvisa\t2030-01-01\n`)
      await caller.copyIn(
        'copy customers (id, full_name, email, phone, city, country, created_at) from stdin (format csv)',
        `600010,T,"${typed.email}",${typed.phone},x,XX,now\n`,
      )
      await caller.copyIn('copy stash (v) from stdin', `${typed.card}\n`)
      await caller.copyIn('copy cards from stdin', `600011\t1\t${typed.card}\tvisa\tno date\n`)
      await caller.copyIn(
        'copy cards from stdin (format binary)',
        Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.from(typed.card)]),
      )
      await caller.copyIn('copy cards from stdin', `600012\t1\t${typed.card}`)
      await caller.end()
    },
  },
  {
    name: 'texts that cannot be parsed',
    modes: ['simple', 'extended'],
    statements: ({ typed }) => [
      `selec '${typed.email}'`,
      `select id from customers where email = '${typed.email}' '${typed.phone}'`,
      `select id from customers where email = '${typed.email}`,

      `insert into cards values ('${typed.card}', , )`,
      `${typed.email}`,
      `select 1 from customers where email = "${typed.email}`,
    ],
  },
  {
    name: 'comments',
    modes: ['simple', 'extended'],
    statements: ({ typed }) => [
      `select 1 -- ${typed.email}`,
      `select /* ${typed.phone} /* ${typed.email} */ */ id from customers where id = 1`,
      `/* ${typed.card} */`,
      `select 1; -- ${typed.card}\n select 2`,
    ],
  },
  {
    name: 'what is denied',
    modes: ['simple'],
    statements: ({ typed }) => [
      `drop table "${typed.email}"`,
      `insert into stash (v) select email from customers where email = '${typed.email}'`,
      `select dblink('${typed.email}', email) from customers where email = '${typed.email}'`,
    ],
  },
  {
    name: 'what is held',
    run: async (open, { typed }) => {
      const caller = await open()
      const held = caller.run(
        `delete from customers where email = '${typed.email}' and phone = $1 /* ${typed.phone} */`,
        'extended',
        [typed.phone],
      )
      await Promise.race([held, new Promise((resolve) => setTimeout(resolve, 1_500))])
      await caller.end()
    },
  },
  {
    name: 'errors that quote what was typed',
    modes: ['simple', 'extended'],
    statements: ({ typed }) => [
      `select 1 from orders where id = '${typed.card}x'`,
      `insert into cards values (600001, 1, '${typed.card}', 'x', 'x')`,
      `select id from customers where email = '${typed.email}' and city = '${typed.email}'::int`.replace(
        `'${typed.email}'::int`,
        'full_name::int::text',
      ),
    ],
  },
  {
    name: 'settings that are reported',
    modes: ['simple'],
    statements: ({ typed }) => [
      `set application_name = '${typed.card}'`,
      'show application_name',
      `set timezone = '${typed.card}'`,
    ],
  },
]

/** Between messages, and between callers. */
const timing: Way[] = [
  {
    name: 'prepared before a change',
    run: async (open) => {
      const [caller, other] = [await open(), await open()]
      await caller.run('select 1', 'simple')
      await other.run('create or replace view plain_names3 as select id, full_name from customers', 'simple')
      const text = 'select lower(full_name) from plain_names3'
      await caller.run(text, 'extended')
      await other.run('create or replace view plain_names3 as select id, email as full_name from customers', 'simple')
      await caller.run(text, 'extended')
      await caller.run(text, 'simple')
      await Promise.all([caller.end(), other.end()])
    },
  },
  {
    name: 'prepared once, run after a change',
    run: async (open) => {
      const caller = await open()
      await caller.run('create or replace view plain_names4 as select id, full_name from customers', 'simple')
      const change = 'create or replace view plain_names4 as select id, email as full_name from customers'
      await caller.raw(
        Buffer.concat([
          messages.parse('a', 'select lower(full_name) from plain_names4'),
          messages.sync(),
          messages.query(change),
          messages.bind('', 'a'),
          messages.execute(''),
          messages.sync(),
        ]),
        3,
      )
      await caller.end()
    },
  },
  {
    name: 'pipelined behind a change',
    run: async (open) => {
      const caller = await open()
      await caller.run('create or replace view plain_names5 as select id, full_name from customers', 'simple')
      const change = 'create or replace view plain_names5 as select id, email as full_name from customers'
      await caller.raw(
        Buffer.concat([
          messages.run(change),
          messages.run('select lower(full_name) from plain_names5'),
          messages.run('select full_name from plain_names5', 1),
          messages.sync(),
        ]),
        1,
      )
      await caller.end()
    },
  },
  {
    name: 'bound before a change',
    run: async (open) => {
      const caller = await open()
      await caller.run('create or replace view plain_names6 as select id, full_name from customers', 'simple')
      const change = 'create or replace view plain_names6 as select id, email as full_name from customers'
      await caller.raw(
        Buffer.concat([
          messages.parse('a', 'select lower(full_name) from plain_names6'),
          messages.bind('p', 'a'),
          messages.run(change),
          messages.execute('p'),
          messages.bind('q', 'a'),
          messages.execute('q'),
          messages.sync(),
        ]),
        1,
      )
      await caller.end()
    },
  },
  {
    name: 'no description asked for, text and binary',
    run: async (open) => {
      const caller = await open()
      await caller.raw(
        Buffer.concat([
          messages.run('select email from customers'),
          messages.run('select card_number::int8 from cards', 1),
          messages.run('select email, phone from customers', 1),
          messages.run('select c from customers c', 1),
          messages.run('select array_agg(card_number) from cards', 1),
          messages.sync(),
        ]),
        1,
      )
      await caller.end()
    },
  },
  {
    name: 'portals in pieces',
    run: async (open) => {
      const caller = await open()
      await caller.raw(
        Buffer.concat([
          messages.parse('s', 'select email from customers order by id'),
          messages.bind('p', 's'),
          messages.describe('P', 'p'),
          messages.execute('p', 1),
          messages.execute('p', 2),
          messages.flush(),
          messages.execute('p', 0),
          messages.sync(),
        ]),
        1,
      )
      await caller.end()
    },
  },
  {
    name: 'a function call by its number',
    run: async (open) => {
      const caller = await open()
      await caller.raw(Buffer.concat([messages.functionCall(2078, 'email'), messages.sync()]), 1)
      await caller.end()
    },
  },
  {
    name: 'a view replaced while a statement sleeps',
    run: async (open) => {
      const [caller, other] = [await open(), await open()]
      await other.run('create or replace view plain_names7 as select id, full_name from customers', 'simple')
      await caller.run('select 1 from plain_names7', 'simple')
      const sleeping = caller.run('select pg_sleep(1); select lower(full_name) from plain_names7', 'simple')
      await new Promise((resolve) => setTimeout(resolve, 300))
      await other.run('create or replace view plain_names7 as select id, email as full_name from customers', 'simple')
      await sleeping
      await Promise.all([caller.end(), other.end()])
    },
  },
  {
    name: 'a view replaced while a statement waits for its lock',
    run: async (open) => {
      const [caller, other] = [await open(), await open()]
      await other.run('create or replace view plain_names8 as select id, full_name from customers', 'simple')
      await caller.run('select 1 from plain_names8', 'simple')
      await other.run('begin', 'simple')
      await other.run('create or replace view plain_names8 as select id, email as full_name from customers', 'simple')
      const waiting = caller.run('select lower(full_name) from plain_names8', 'extended')
      const stored = caller.run('select 1', 'simple')
      await new Promise((resolve) => setTimeout(resolve, 300))
      await other.run('commit', 'simple')
      await Promise.all([waiting, stored])
      await Promise.all([caller.end(), other.end()])
    },
  },
  {
    name: 'a copy made from a view while it is replaced',
    run: async (open) => {
      const [caller, other] = [await open(), await open()]
      await other.run('create or replace view plain_names9 as select id, full_name from customers', 'simple')
      await caller.run('select 1 from plain_names9', 'simple')
      const sleeping = caller.run('select pg_sleep(1); create table l9 as select full_name from plain_names9', 'simple')
      await new Promise((resolve) => setTimeout(resolve, 300))
      await other.run('create or replace view plain_names9 as select id, email as full_name from customers', 'simple')
      await sleeping
      await caller.run('select lower(full_name) from l9', 'simple')
      await Promise.all([caller.end(), other.end()])
    },
  },
]

export const ways: readonly Way[] = [
  ...plain,
  ...wholeRows,
  ...expressions,
  ...implicit,
  ...channels,
  ...laundering,
  ...typedValues,
  ...timing,
  ...waysByType,
]
