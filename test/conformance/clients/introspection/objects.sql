-- One of every kind of object that a tool may list, made by the superuser in the clients’ database and owned by their role
-- wherever PostgreSQL lets an ordinary role own it.
create extension pgcrypto;
create extension postgres_fdw;
create extension file_fdw;
create role zoo_readers;
grant zoo_readers to clients;
create role zoo_keeper createdb connection limit 3;
comment on role zoo_keeper is 'keeps the zoo';
alter role clients in database app set statement_timeout = '10min';
alter role zoo_keeper set work_mem = '8MB';

create server elsewhere foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1', dbname 'nowhere');
create user mapping for clients server elsewhere options (user 'somebody', password 'nobody-knows');
grant usage on foreign server elsewhere to clients;
grant usage on foreign data wrapper postgres_fdw to clients;
create schema zoo authorization clients;
comment on schema zoo is 'all kinds of objects';
grant usage on schema zoo to zoo_readers;
create language hoofs handler plpgsql_call_handler inline plpgsql_inline_handler validator plpgsql_validator;
create access method heap_twin type table handler heap_tableam_handler;
create subscription quiet connection 'dbname=nowhere' publication everything with (connect = false, slot_name = none, enabled = false);
select lo_from_bytea(424242, 'a large object');
comment on large object 424242 is 'it is large';
alter large object 424242 owner to clients;
create function zoo.on_ddl() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger watch on ddl_command_end when tag in ('CREATE TABLE') execute function zoo.on_ddl();
comment on event trigger watch is 'watches';

set role clients;
set search_path = zoo;
create type mood as enum ('sad', 'ok', 'happy');
comment on type mood is 'how it is';
create type address as (street text, number int, country char(2));
create domain email_address as text collate "C" default 'nobody@example.com' not null check (value ~ '@');
comment on domain email_address is 'has an at sign';
create type float_range as range (subtype = float8, subtype_diff = float8mi);
create collation german (provider = icu, locale = 'de-u-co-phonebk');
create sequence numbers as int increment 5 minvalue 5 maxvalue 5000 start 10 cache 3 cycle;
create table keepers (
  id int generated always as identity primary key,
  name text not null default 'nobody' collate german,
  mail email_address,
  feels mood,
  home address,
  hours float_range,
  nicknames text[] default '{}',
  salary numeric(10, 2) check (salary > 0),
  initial char(1) generated always as (left(name, 1)) stored,
  unique (name, mail)
);
comment on table keepers is 'who keeps';
comment on column keepers.name is 'what they are called';
comment on constraint keepers_salary_check on keepers is 'paid';
create table animals (
  id serial primary key,
  keeper int references keepers on update cascade on delete set null deferrable initially deferred,
  species text not null,
  born date,
  weight double precision,
  facts jsonb,
  exclude using gist (int4range(id, id + 1) with &&)
) with (fillfactor = 70);
create index animals_by_species on animals using btree (lower(species) desc nulls last, born) include (weight) where weight > 1;
create index animals_facts on animals using gin (facts jsonb_path_ops);
create index animals_born on animals using brin (born) with (pages_per_range = 16);
alter table animals alter column weight set statistics 200, alter column facts set storage external;
comment on index animals_facts is 'finds facts';
alter table animals cluster on animals_pkey;
create statistics animals_stats (ndistinct, dependencies, mcv) on species, born from animals;
comment on statistics animals_stats is 'they depend';
create table birds (wingspan int) inherits (animals);
create table visits (at timestamptz not null, who text, area int) partition by range (at);
create table visits_2025 partition of visits for values from ('2025-01-01') to ('2026-01-01') partition by list (area);
create table visits_2025_north partition of visits_2025 for values in (1, 2);
create table visits_other partition of visits default;
create index on visits (at);
create unlogged table scribbles (note text);
create view happy_keepers as select id, name, mail from keepers where feels = 'happy' with local check option;
comment on view happy_keepers is 'glad';
create recursive view countdown (n) as values (3) union all select n - 1 from countdown where n > 0;
create materialized view species_counts as select species, count(*) as how_many from animals group by species;
create unique index on species_counts (species);
create function feed(animal int, food text default 'hay', variadic extras text[] default '{}') returns table (meal text, at date)
  language sql stable strict parallel safe cost 7 rows 3 set work_mem = '1MB' as $$ select food || animal, current_date $$;
comment on function feed is 'feeds';
create function on_animal() returns trigger language plpgsql security definer as $$ begin return new; end $$;
create procedure clean(inout cages int) language plpgsql as $$ begin cages := 0; end $$;
create function longest_of(text, text) returns text language sql immutable as $$ select case when length($1) < length($2) then $2 else $1 end $$;
create function after_step(text, text) returns text immutable parallel safe
  begin atomic; select coalesce($1, '') || $2; end;
create aggregate longest (text) (sfunc = longest_of, stype = text, initcond = '', combinefunc = longest_of, parallel = safe);
comment on aggregate longest (text) is 'the longest';
create function nearer(text, text) returns boolean language sql immutable as $$ select length($1) < length($2) $$;
create operator <<< (leftarg = text, rightarg = text, function = nearer, commutator = >>>, restrict = scalarltsel);
comment on operator <<< (text, text) is 'is shorter';
create function mood_number(mood) returns int language sql immutable as $$ select case $1 when 'sad' then -1 when 'ok' then 0 else 1 end $$;
create cast (mood as int) with function mood_number (mood) as assignment;
create text search dictionary plain (template = pg_catalog.simple, stopwords = english);
comment on text search dictionary plain is 'nothing special';
create text search configuration words (copy = pg_catalog.english);
alter text search configuration words alter mapping for asciiword with plain, english_stem;
create trigger animal_check before insert or update of species on animals for each row when (new.weight > 0) execute function on_animal('a', 'b');
comment on trigger animal_check on animals is 'checks';
alter table birds disable trigger user;
create rule quiet as on delete to scribbles do instead nothing;
comment on rule quiet on scribbles is 'keeps them';
alter table keepers enable row level security;
create policy own_row on keepers as permissive for select to zoo_readers using (name = current_user);
comment on policy own_row on keepers is 'their own';
create foreign table far_away (id int options (column_name 'key'), name text) server elsewhere options (schema_name 'public', table_name 'far');
grant select (name, feels), update (name) on keepers to zoo_readers with grant option;
grant select on animals, happy_keepers to public;
grant execute on function feed to zoo_readers;
alter default privileges in schema zoo grant select on tables to zoo_readers;
alter default privileges revoke execute on functions from public;
insert into keepers (name, mail, feels, salary) select 'keeper ' || n, 'keeper' || n || '@zoo.example', 'happy', 100 * n from generate_series(1, 40) n;
insert into animals (keeper, species, born, weight, facts) select n % 40 + 1, 'species ' || n % 5, date '2020-01-01' + n, n, jsonb_build_object('n', n) from generate_series(1, 200) n;
insert into visits values ('2025-05-05', 'somebody', 1), ('2024-01-01', 'nobody', 9);
refresh materialized view species_counts;
reset search_path;
reset role;
create operator family zoo.moods using btree;
create publication everything for tables in schema zoo;

create text search template zoo.copied (init = dsimple_init, lexize = dsimple_lexize);
create text search parser zoo.parts (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype, headline = prsd_headline);
create operator class zoo.text_again for type text using btree as
  operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 bttextcmp(text, text);
create conversion zoo.from_latin1 for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
analyze zoo.keepers, zoo.animals, zoo.visits;
