/** What somebody else has laid out in the database; `emptied()` is what a caller who may not write to people has in mind. */
export const scene: readonly string[] = [
  `create table people (id int primary key, email text, city text);
   create table notes (id int, body text);
   create table inbox (id int);
   create table outbox (id int)`,
  `create function emptied() returns int language plpgsql as $$ begin delete from public.people; return 1; end $$`,
  `create function emptied_by(anyelement) returns int language plpgsql as $$ begin perform public.emptied(); return 1; end $$;
   create function emptied_if(int) returns bool immutable language plpgsql as $$ begin perform public.emptied(); return true; end $$;
   create function by_default(n int default emptied()) returns int language plpgsql as $$ begin return n; end $$;
   create function by_path() returns int language plpgsql as $$ begin set search_path = shadow, public; return 1; end $$;
   create function by_cursor() returns int language plpgsql as $$
     declare c refcursor := 'c'; begin close c; open c for select city || email as city from people; return 1; end $$;
   create procedure empties() language sql as $$ delete from people $$`,
  // What is set off by a write elsewhere
  `create table triggered (id int);
   create function on_write() returns trigger language plpgsql as $$ begin delete from people; return new; end $$;
   create trigger t before insert on triggered for each row execute function on_write();
   create table ruled (id int);
   create rule r as on insert to ruled do also delete from people;
   create table defaulted (id int unique default emptied(), body text);
   insert into defaulted values (1);
   create table cities (id int primary key);
   insert into cities values (1), (2);
   create table streets (city int default emptied() references cities on delete set default);
   insert into streets values (2);
   create table checked (id int check (emptied_if(id)));
   create table guarded (id int, body text);
   create policy p on guarded using (emptied_if(id));
   alter table guarded enable row level security;
   insert into guarded values (1);
   create role low;
   grant all on guarded, people to low;
   create table people_cities (person int references people on delete cascade);
   create view people_view as select * from people;
   create view emptying as select emptied()`,
  // What is set off by a value of a type
  `create domain one as int check (emptied_if(value));
   create domain by_itself as int default emptied();
   create function of_one(n one) returns int language plpgsql as $$ begin return n; end $$;
   create type pair as (a one, b int);
   create table typed (pairs pair[]);
   create table typed_as (n one);
   create table selfmade (id int, n by_itself);
   create type many as (a int);
   create type whole as (a int);
   create function whole_emptied(whole) returns point language plpgsql as $$ begin perform public.emptied(); return '(1,1)'; end $$;
   create function many_compared(many, many) returns int immutable language plpgsql as $$
     begin perform public.emptied(); return 0; end $$;
   create function many_alike(many, many) returns bool immutable language sql as $$ select true $$;
   create operator <<< (leftarg = many, rightarg = many, function = many_alike);
   create operator === (leftarg = many, rightarg = many, function = many_alike);
   create operator class many_ops default for type many using btree as
     operator 1 <<<, operator 3 ===, function 1 many_compared(many, many);
   create cast (whole as point) with function whole_emptied(whole) as implicit;
   create table wholes (w whole);
   insert into wholes values (row(1));
   create table manifold (m many);
   insert into manifold values (row(1)), (row(2));
   create operator !!! (rightarg = int, function = emptied_if);
   create table operated (id int check (!!! id));
   create table divided (id int) partition by list (emptied_if(id));
   create table divided_rest partition of divided default;
   create function pg_catalog.lower(int) returns int immutable language plpgsql as $$ begin perform public.emptied(); return 1; end $$`,
  // What runs as somebody goes over rows that are there already
  `create table indexed (id int);
   insert into indexed values (1);
   create index indexed_by on indexed (emptied_if(id));
   create table measured (id int);
   insert into measured values (1);
   create statistics measured_by on (emptied_if(id)) from measured;
   create table unchecked (id int);
   insert into unchecked values (1);
   alter table unchecked add constraint c check (emptied_if(id)) not valid;
   create domain later as int;
   create table laters (n later);
   insert into laters values (1);
   alter domain later add constraint c check (emptied_if(value)) not valid;
   create table parts (id int) partition by list (emptied_if(id));
   create table part_one (id int);
   insert into part_one values (1);
   create table split (id int) partition by list (emptied_if(id));
   create table split_rest partition of split default;
   insert into split_rest values (1);
   create materialized view kept as select 1 as id;
   create index kept_by on kept (emptied_if(id));
   create function int_compared(int, int) returns int immutable language plpgsql as $$
     begin perform public.emptied(); return btint4cmp($1, $2); end $$;
   create operator class int_mine for type int using btree as operator 1 <, operator 3 =, function 1 int_compared(int, int);
   create table ranges (id int) partition by range (id int_mine);
   create table ranges_one partition of ranges for values from (1) to (3);
   create function many_point(many) returns point language plpgsql as $$ begin perform public.emptied(); return '(1,1)'; end $$`,
  // What came with the server
  `create or replace function pg_catalog.bit_length(text) returns int language plpgsql as $$ begin return public.emptied(); end $$;
   create or replace function pg_catalog.initcap(text) returns text language sql as $$ select public.emptied()::text $$;
   create or replace function pg_catalog.int4_mul_cash(int, money) returns money language sql as $$ select public.emptied()::money $$;
   create or replace view information_schema.information_schema_catalog_name as
     select public.emptied()::text::information_schema.sql_identifier as catalog_name`,
  `create schema shadow;
   create function shadow.lower(text) returns text language sql as $$ select public.emptied()::text $$;
   create function shadow.plus(int, int) returns int language sql as $$ select public.emptied() $$;
   create operator shadow.+ (leftarg = int, rightarg = int, function = shadow.plus);
   create view places as select city from people;
   create view shadow.places as select email as city from people`,
  `copy (select 'x@example.com') to program 'cat > addresses'`,
]

/** What a caller sends, one Query after another, and what comes of it where there is no gate. */
export interface Executed {
  readonly sql: readonly string[]
  /** `writes`: people are changed; `shows`: an address comes back; `runs`: a program has left its mark; `stays`: a default is changed. */
  readonly alone: 'writes' | 'shows' | 'runs' | 'stays'
  /** The rule that refuses, or the mask that hides; null: it needs neither. */
  readonly by: string | null
}

const by =
  (alone: Executed['alone'], rule: string | null) =>
  (...sql: readonly string[]): Executed => ({ sql, alone, by: rule })
const writes = by('writes', 'Policy/people-stay')
const unread = by('writes', 'hoop/unknown')
const unknown = by('shows', 'hoop/unknown')
const shows = by('shows', 'Mask/addresses')
const opaque = by('shows', 'hoop/opaque')
/** Words of the server that may quote what is masked are not passed on. */
const withheld = by('shows', null)
const stores = by('shows', 'hoop/masked-flow')
const leaves = by('shows', 'Policy/inside-only')

const block = (body: string, declared = ''): string => `do $$ declare r record; n int; ${declared} begin ${body} end $$`

export const executed: Readonly<Record<string, Executed>> = {
  'DELETE in WITH': writes('with gone as (delete from people returning id) select count(*) from gone'),
  'UPDATE in the WITH of an INSERT': writes(
    "with a as (update people set city = 'Oslo' returning id) insert into notes (id) select id from a",
  ),
  MERGE: writes('merge into people p using (values (1)) v (id) on p.id = v.id when matched then delete'),
  'ON CONFLICT': writes(
    `insert into defaulted (id) values (7);
     insert into defaulted (id) values (7) on conflict (id) do update set body = emptied()::text`,
  ),
  'a write through a view': writes('delete from people_view'),
  'EXPLAIN ANALYZE': writes('explain analyze delete from people'),
  'EXPLAIN with its options': writes('explain (costs off, analyze on) delete from people'),
  'EXPLAIN ANALYZE of a table made of a query': writes('explain analyze create table made as select emptied()'),
  'EXPLAIN ANALYZE of EXECUTE': writes('prepare e as delete from people', 'explain analyze execute e'),
  'EXPLAIN, which works out what never changes': unread('explain select 1 from notes where emptied_if(1)'),
  'a table made of EXECUTE': writes('prepare m as select emptied()', 'create table made as execute m'),
  'a materialized view': writes('create materialized view m as select emptied()'),
  'a copy of what a DELETE answers with': writes('copy (delete from people returning id) to stdout'),
  'a name in unicode escapes': writes('delete from U&"p\\0065ople"'),
  'a statement behind a comment in a comment': writes("select 1 /* /* ' */ */; delete from people -- '"),
  'a statement behind a quote in dollars': writes("select $a$ ' $b$ $a$; delete from people; select $$ ' $$"),
  'a statement behind an escaped quote': writes("select E'\\''; delete from people; --'"),

  'a call': writes('select emptied()'),
  'a call in FROM': writes('select 1 from notes, lateral emptied() where false or true'),
  'a call in LIMIT': writes('select 1 limit emptied()'),
  'a call in a sample': writes('table notes; select 1 from notes tablesample bernoulli (emptied())'),
  'a call in a window': writes('select sum(1) over (order by emptied()) from people'),
  'a call in VALUES': writes('values (emptied())'),
  'a call in a setting of XML': writes('select xmlelement(name x, emptied())'),
  'a call in what JSON_TABLE is given': writes(
    "select * from json_table('[1]', '$[*]' columns (a int path '$.x' default emptied() on empty)) j",
  ),
  'a call by attribute': writes("select ('a'::text).emptied_by"),
  'a call by an attribute of a row': writes('select n.emptied_by from (select 1) n'),
  'a call by default': writes('select by_default()'),
  'a call in a view': writes('select * from emptying'),
  'a procedure': writes('call empties()'),
  'a function made for it': writes(
    'create function mine() returns int language sql as $f$ select public.emptied() $f$',
    'select mine()',
  ),
  'a function of a search path': writes('set search_path = shadow, pg_catalog, public', "select lower('A')"),
  'an operator of a search path': unread('set search_path = shadow, pg_catalog, public', 'select 1 + 1'),
  DO: writes(block('delete from people;')),
  'DO with a name in strings': writes(block("execute 'delete ' || 'from people';")),
  'DO with SQL that nobody knows': unread(block('execute q;', "q text := chr(100) || 'elete from people';")),
  'DO with a loop over SQL in a string': writes(block("for r in execute 'delete from people returning id' loop null; end loop;")),
  'DO with a cursor over SQL in a string': writes(
    block("open c for execute 'select emptied()'; fetch c into n;", 'c refcursor;'),
  ),
  'DO in DO': writes(block("execute 'do $x$ begin delete from public.people; end $x$';")),
  'DO with a default': writes(block('', 'x int := emptied();')),
  'DO with a subscript': writes(block('a[emptied()] := 1;', "a int[] := '{1}';")),
  'DO with RAISE': writes(block("raise notice '%', emptied();")),
  'DO with a handler': writes(block('begin n := 1 / 0; exception when others then perform emptied(); end;')),
  'DO that prepares another statement under a name': unread(
    'prepare x as select 1',
    block("execute 'deallocate x'; execute 'prepare x as delete from public.people';"),
    'execute x',
  ),
  'DO that sets a search path': unknown(block('set search_path = shadow, public;'), 'select * from places'),

  'a cast to a domain': writes("select '1'::one"),
  'a domain as a word before a text': writes("select one '1'"),
  'a domain as a function': writes('select one(1)'),
  'a domain in a row': writes("select '(1,2)'::pair"),
  'a domain in a row of JSON': writes(`select json_populate_record(null::pair, '{"a": 1}')`),
  'a domain in a list of columns': writes(`select * from json_to_record('{"a": 1}') r (a one)`),
  'a domain in an array in a column': writes('insert into typed values (\'{"(1,2)"}\')'),
  'a domain with a default': writes('insert into selfmade (id) values (1)'),
  'a cast that nobody wrote': writes('select isvertical(w, w) from wholes'),
  'a comparison that nobody wrote': writes('select 1 from manifold order by m'),
  'a domain as a parameter': writes('select of_one(1)'),
  'a domain as a variable': writes(block('', 'x one := 1;')),
  'a domain as the type of a column that a variable has': writes(block('', 'x typed_as.n%type := 1;')),
  'a domain in the row that a variable has': writes(block('x.n := 1;', 'x typed_as%rowtype;')),
  'a domain as the type of what is prepared': writes('prepare typed(one) as select $1', 'execute typed(1)'),
  'a default that is set': writes('update defaulted set id = default'),
  'a default that is set by a conflict': writes(
    'insert into defaulted values (1) on conflict (id) do update set (id, body) = (default, null)',
  ),
  'a default that is set by MERGE': writes('merge into defaulted using notes on true when matched then update set id = default'),
  'a default that is set by a foreign key': writes('delete from cities where id = 2'),
  'an operator in a check': writes('insert into operated values (1)'),
  'a partition that a function chooses': writes('insert into divided values (1)'),
  "a function among the server's own": writes('select lower(1)'),
  "a function in place of the server's": writes("select bit_length('a')"),
  "a function in SQL in place of the server's": writes("select initcap('a')"),
  'an operator by such a function': unread("select 1 * '1'::money"),
  "a view in place of the server's": writes('select * from information_schema.information_schema_catalog_name'),

  'ANALYZE, with an index': writes('analyze indexed'),
  'ANALYZE, with statistics': writes('analyze measured'),
  'ANALYZE of everything': writes('analyze'),
  REINDEX: writes('reindex table indexed'),
  'REINDEX of an index': writes('reindex index indexed_by'),
  CLUSTER: writes('cluster indexed using indexed_by'),
  REFRESH: writes('refresh materialized view kept'),
  'a constraint that is validated': writes('alter table unchecked validate constraint c'),
  'the constraint of a domain that is validated': writes('alter domain later validate constraint c'),
  'a table that becomes a partition': writes('alter table parts attach partition part_one for values in (true)'),
  'a partition beside the default one': writes('create table split_one partition of split for values in (false)'),
  'the type of a column that changes': writes('alter table indexed alter id type int using id + 0'),
  'an index with an operator class': writes('create index on cities (id int_mine)'),
  'a key with an operator class': writes('insert into ranges values (1)'),
  'an operator class made for it': writes(
    'begin',
    'create operator class mine for type int using btree as operator 1 <, operator 3 =, function 1 int_compared(int, int)',
    'create index on cities (id mine)',
  ),
  'an operator made for it': writes('begin', 'create operator @@@@ (rightarg = int, function = emptied_if)', 'select @@@@ 1'),
  'a cast made for it': writes(
    'begin',
    'create cast (many as point) with function many_point(many) as implicit',
    'select isvertical(m, m) from manifold',
  ),
  'a view behind a definition': unread('begin', 'create table definition (id int)', 'select * from emptying'),
  'the type of a column behind a definition': unread(
    'begin',
    'create table made (id int)',
    'select isvertical(w, w) from wholes',
  ),
  'a policy behind a definition': unread(
    'begin',
    'create table definition (id int)',
    'set local role low',
    'select * from guarded',
    'reset role',
  ),

  'a trigger': writes('insert into triggered values (1)'),
  'a trigger, by MERGE': writes('merge into triggered using notes on false when not matched then insert values (1)'),
  'a rule': writes('insert into ruled values (1)'),
  'a default': writes("insert into defaulted (body) values ('x') on conflict do nothing"),
  'a check': writes('insert into checked values (1)'),
  'a policy of a table': writes('set role low', 'select * from guarded', 'reset role'),
  'a trigger made for it': writes(
    'create trigger mine before insert on inbox execute function on_write()',
    'insert into inbox values (1)',
  ),
  'a rule made for it': writes(
    'create rule mine as on insert to outbox do also delete from people',
    'insert into outbox values (1)',
  ),

  'a program that is given a result': by('runs', 'Policy/inside-only')("copy (select 1) to program 'cat > mark'"),
  'a program that gives rows': by('runs', 'Policy/inside-only')("copy notes from program 'echo 1 > mark'"),
  'a file, by a function': leaves("select pg_read_file('addresses')"),
  'a file, as a large object': leaves("select lo_import('addresses', 4711)", "select convert_from(lo_get(4711), 'UTF8')"),
  'a default of a role': by('stays', 'hoop/not-supported')('alter role postgres set search_path = shadow'),
  'a default of a database': by('stays', 'hoop/not-supported')('alter database postgres set role = pg_monitor'),

  'SQL in a string: query_to_xml': unknown("select query_to_xml('select email from people', false, false, '')"),
  'SQL in a string: table_to_xml': unknown("select table_to_xml('people', false, false, '')"),
  'SQL in a string: ts_stat': unknown("select ts_stat('select to_tsvector(''simple'', email) from people')"),
  'SELECT INTO': stores('select email into made from people', 'select * from made'),
  'a table made of a query': stores('create table made as select email from people', 'select * from made'),
  'INSERT of a query': stores('insert into notes (body) select email from people', 'select * from notes'),
  'a large object': stores(
    "select lo_from_bytea(4711, convert_to(email, 'UTF8')) from people limit 1",
    "select convert_from(lo_get(4711), 'UTF8')",
  ),
  'a temporary view under the name of another': opaque(
    'create temporary view places as select email as city from people',
    'select * from places',
  ),
  'a view of a search path': shows('set search_path = shadow, public', 'select * from places'),
  'a search path that a function sets': unknown('select by_path()', 'select * from places'),
  'a cursor that a function opens under a name': unknown(
    'begin',
    'declare c cursor for select city from people',
    'select by_cursor()',
    'fetch all from c',
  ),
  'a cursor that DO opens under a name': unknown(
    'begin',
    'declare c cursor for select city from people',
    block('close c; open c for select city || email as city from people;', "c refcursor := 'c';"),
    'fetch all from c',
  ),
  'a whole row': shows('select people from people'),
  'a row as JSON': shows('select row_to_json(people) from people'),
  'an array': shows('select array_agg(email) from people'),
  'a union': shows('select city from people union select email from people'),
  'a cast': shows('select email::varchar(40) from people'),
  'an attribute': shows('select people.email from people', 'select (people).email from people'),
  'a function of it': shows("select replace(email, 'a', 'a') from people"),
  'a sub-select': shows('select (select email from people limit 1)'),
  RETURNING: by('shows', 'Policy/people-stay')('update people set city = city where id = 1 returning email'),
  'RETURNING of another table': shows('with a as (insert into notes (id) select 3 returning id) select email from people, a'),
  'a notice': withheld(block("raise notice '%', (select email from people limit 1);")),
  'what a notice is about': withheld(block("raise notice 'x' using table = (select email from people limit 1);")),
  'an error': withheld('begin', 'savepoint s', 'select email::int from people', 'rollback to s'),
  statistics: opaque("select histogram_bounds from pg_stats where tablename = 'people' and attname = 'email'"),
  'what sessions run': opaque("select query from pg_stat_activity where 'x@example' <> ''"),
}
