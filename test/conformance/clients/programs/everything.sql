-- One of each kind of object that a role may make in its own database.
create schema shop;
create extension hstore schema public;
create type shop.mood as enum ('sad', 'ok', 'happy');
create type shop.address as (street text, zip text);
create type shop.span as range (subtype = numeric);
create domain shop.percent as numeric(5, 2) default 1 check (value between 0 and 100);
create collation shop.plain from "C";
create sequence shop.tickets start 100 increment 5 cycle maxvalue 1000;
create function shop.double(n int) returns int language sql immutable strict cost 7 as 'select n * 2';
create function shop.add(n numeric, m numeric default 1, out sum numeric) language plpgsql as $$ begin sum := n + m; end $$;
create procedure shop.nothing() language plpgsql as $$ begin null; end $$;
create aggregate shop.total (numeric) (sfunc = numeric_add, stype = numeric, initcond = '0');
create function shop.near(a numeric, b numeric) returns boolean language sql immutable as 'select abs(a - b) < 1';
create operator shop.=~ (leftarg = numeric, rightarg = numeric, function = shop.near, commutator = operator(shop.=~));
create cast (shop.address as text) with inout;
create text search configuration shop.simple (copy = pg_catalog.simple);
create table shop.people (
  id int generated always as identity primary key,
  name text collate shop.plain not null,
  email text unique,
  mood shop.mood default 'ok',
  home shop.address,
  rate shop.percent,
  days shop.span,
  extra hstore,
  tags text[],
  born date,
  notes jsonb,
  bytes bytea,
  doubled numeric generated always as (rate * 2) stored,
  exclude using gist (days with &&) where (days is not null)
);
comment on table shop.people is 'People''s table';
comment on column shop.people.email is 'where to write';
create table shop.orders (id bigserial primary key, person int references shop.people on delete cascade deferrable, placed timestamptz default now(), amount numeric check (amount >= 0));
create index orders_placed on shop.orders (placed desc) where amount > 0;
create statistics shop.orders_both (dependencies) on person, amount from shop.orders;
create table shop.special (note text) inherits (shop.orders);
create unlogged table shop.quick (id int);
create table shop.logs (at timestamptz not null, line text) partition by range (at);
create table shop.logs_1 partition of shop.logs for values from ('2020-01-01') to ('2021-01-01');
create table shop.logs_rest partition of shop.logs default;
create view shop.rich with (security_barrier) as select p.id, p.name, sum(o.amount) as spent from shop.people p join shop.orders o on o.person = p.id group by p.id;
create materialized view shop.counts as select mood, count(*) from shop.people group by mood;
create rule quiet as on insert to shop.quick where new.id < 0 do instead nothing;
create function shop.trim_name() returns trigger language plpgsql as $$ begin new.name := trim(new.name); return new; end $$;
create trigger trim_name before insert or update of name on shop.people for each row when (new.name is not null) execute function shop.trim_name();
alter table shop.people enable row level security;
create policy mine on shop.people using (true) with check (id > 0);
grant select (id, name) on shop.people to public;
grant execute on function shop.double(int) to public;
alter default privileges in schema shop grant select on tables to public;
create table public.words (id int primary key, word text);
insert into shop.people (name, email, mood, home, rate, days, extra, tags, born, notes, bytes)
  select ' n' || i, 'p' || i || '@example.com', 'happy', row('s "x", ' || i, null)::shop.address, i % 100, shop.span(i, i + 1), 'a=>1, "b c"=>NULL',
    array['a', null, 'c,d"e'], date '2000-01-01' + i, jsonb_build_object('i', i), decode('00ff0a5c', 'hex')
  from generate_series(1, 300) i;
insert into shop.orders (person, amount) select id, id * 1.5 from shop.people;
insert into shop.special (person, amount, note) values (1, 1, 'größer €');
insert into shop.logs values ('2020-05-05', E'line\twith\ttabs\\ and \n newline'), ('1999-01-01', '\.');
insert into public.words values (1, 'one'), (2, null), (3, '');
refresh materialized view shop.counts;
select setval('shop.tickets', 200);
select lo_create(4242);
select lo_put(4242, 0, decode(repeat('6c61726765206f626a656374', 10000), 'hex'));
comment on large object 4242 is 'a big one';
grant select on large object 4242 to public;
