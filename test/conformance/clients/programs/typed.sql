-- A column of every type, each NOT NULL: what a Mask makes of it must be a value of the type.
create extension citext;
create extension hstore;
create domain word as text check (value <> '');
create type person as (name text, n int);
create table typed (
  id int primary key,
  a_bool bool not null, a_int2 int2 not null, a_int4 int4 not null, a_int8 int8 not null, a_numeric numeric not null, an_odd_numeric numeric not null,
  a_float4 float4 not null, a_float8 float8 not null, a_money money not null, a_text text not null, a_varchar varchar(20) not null, a_bpchar char(20) not null,
  a_name name not null, a_char "char" not null, a_citext citext not null, a_date date not null, a_time time not null, a_timetz timetz not null,
  a_timestamp timestamp not null, a_timestamptz timestamptz not null, an_interval interval not null, a_uuid uuid not null, a_bytea bytea not null,
  an_inet inet not null, a_cidr cidr not null, a_macaddr macaddr not null, a_macaddr8 macaddr8 not null, a_bit bit(5) not null, a_varbit varbit not null,
  a_json json not null, a_jsonb jsonb not null, a_jsonpath jsonpath not null, an_xml xml not null, a_tsvector tsvector not null, a_tsquery tsquery not null,
  a_point point not null, a_lseg lseg not null, a_path path not null, a_box box not null, a_polygon polygon not null, a_line line not null, a_circle circle not null,
  texts text[] not null, numbers int4[] not null, dates date[] not null, documents jsonb[] not null, boxes box[] not null,
  an_int4range int4range not null, a_tstzrange tstzrange not null, a_multirange int4multirange not null,
  an_oid oid not null, a_regclass regclass not null, a_regtype regtype not null, an_lsn pg_lsn not null, a_snapshot pg_snapshot not null, a_tid tid not null,
  an_xid8 xid8 not null, an_hstore hstore not null, a_person person not null
);
insert into typed select i, true, 4711, 47114711, 4711471147114711, 4711.47, 'NaN', 4711.5, 4711.25, 4711.47, 'private-text', 'private-varchar', 'private-bpchar',
  'private_name', 'p', 'private-citext', '1947-11-04', '04:07:11', '04:07:11+01', '1947-11-04 04:07:11', '1947-11-04 04:07:11+00', '47 days 11:00', '47114711-4711-4711-4711-471147114711',
  '\x4711471147', '47.11.47.11', '47.11.0.0/16', '47:11:47:11:47:11', '47:11:47:11:47:11:47:11', '10110', '1011011',
  '{"word": "private-json", "n": 4711}', '{"word": "private-jsonb", "n": 4711}', '$."private"', '<a>private-xml</a>', '''private'':1', 'private & words',
  '(4711,47)', '[(4711,47),(1,2)]', '((4711,47),(1,2))', '(4711,47),(1,2)', '((4711,47),(1,2))', '{4711,47,1}', '<(4711,47),1>',
  '{private,NULL,"private, too"}', '{{4711},{4712}}', '{1947-11-04}', '{"{\"w\": \"private\"}"}', '{(4711,47),(1,2)}',
  '[4711,4747)', '[1947-11-04 00:00+00,1947-12-04 00:00+00)', '{[4711,4747)}', 4711, 'pg_class', 'text', '47/4711', '4711:4747:4712', '(4711,47)', '4711', 'word=>private', '(private,4711)'
from generate_series(1, 3) i;
