import type { Way } from './ways.ts'

const select = (name: string, ...statements: string[]): Way => ({ name, statements: () => statements })
const every = "coalesce(nullif(substr(email, 1, 1), ''), '')"
/** The first letter of every value becomes NULL: an array whose shape is kept would tell where it stands. */
const holes = "array_replace(string_to_array(email, null), 'a', null)"
const withHoles = () => ['NULL,', ',NULL']

/** Ways by the shape of values: of arrays, documents, rows, ranges and bits, which is kept where they are stored, and COPY in each of its forms. */
export const waysByType: readonly Way[] = [
  { name: 'holes in an array', statements: () => [`select ${holes} from customers`], telling: withHoles },
  {
    name: 'holes in an array of a subquery',
    statements: () => [`select a from (select ${holes} a from customers) s`],
    telling: withHoles,
  },
  {
    name: 'holes in an array of a CTE',
    statements: () => [`with c as (select ${holes} a from customers) select a, a[1:3] from c`],
    telling: withHoles,
  },
  {
    name: 'holes in an array of a view',
    statements: () => [
      `create view letters as select ${holes} as a from customers`,
      'select a from letters',
      'copy (select a from letters) to stdout',
    ],
    telling: withHoles,
  },
  {
    name: 'holes in an array of a union',
    statements: () => [`select tags from notes union all select ${holes} from customers`],
    telling: withHoles,
  },
  select(
    'names of members',
    'select json_object_agg(email, id), jsonb_object_agg(phone, id) from customers',
    'select d from (select jsonb_build_object(card_number, 1) d from cards) s',
    'select jsonb_object(array_agg(phone), array_agg(phone)) from customers',
    'select data || jsonb_build_object(email, 1) from notes, customers',
    'create view members as select jsonb_build_object(email, id) as d from customers; select d from members',
  ),
  select(
    'members deep in arrays',
    'select jsonb_agg(jsonb_build_array(jsonb_build_object(phone, array[email]))) from customers',
    "select jsonb_set('{}', array[email], '1') from customers",
  ),
  select(
    'lengths of bits',
    `select repeat('0', ascii(${every}))::varbit from customers`,
    'select substr(card_number, 9)::int8::bit(64), card_number::int8::bit(64)::varbit from cards',
  ),
  select(
    'ranges and sets of ranges',
    'select int8range(card_number::int8, null), int8multirange(int8range(card_number::int8, card_number::int8 + 1)) from cards',
    "select numrange(card_number::numeric, card_number::numeric, '[]'), array[int8range(card_number::int8, null)] from cards",
  ),
  select(
    'numbers of every type',
    'select card_number::int8, card_number::numeric, card_number::float8, (card_number::numeric / 100)::money from cards',
    'select (card_number::numeric / 1e8)::int4::oid, card_number::xid8, (card_number::int8 % 65536)::int4, card_number::float8::text from cards',
  ),
  select(
    'geometry, networks, times',
    'select point(substr(card_number, 1, 8)::float8, substr(card_number, 9)::float8), circle(point(card_number::float8, 0), 1) from cards',
    "select ('{' || card_number || ',1,0}')::line, box(point(card_number::float8, 0)), path(array_to_string(array['((', card_number, ',0))'], ''))  from cards",
    'select to_timestamp(card_number::float8 / 1e9), make_interval(secs => substr(card_number, 1, 8)::float8) from cards',
    "select ('::' || substr(card_number, 1, 4) || ':' || substr(card_number, 5, 4))::inet from cards",
    "select lpad(card_number, 32, '0')::uuid, ('0/' || substr(card_number, 1, 8))::pg_lsn, (card_number || ':' || card_number || ':')::pg_snapshot from cards",
  ),
  select(
    'rows of a named type',
    'select (email, phone)::pair, array[(email, phone)::pair] from customers',
    'select row(row(email), array[phone]) from customers',
    'copy (select (email, phone)::pair from customers) to stdout',
  ),
  select(
    'words for a search',
    "select to_tsvector('simple', email), email::tsvector, plainto_tsquery('simple', phone) from customers",
    "select xmlelement(name a, xmlattributes(email as b), phone), xmlcomment(email), (xpath('//a', xmlelement(name a, phone)))[1] from customers",
    "select ('$.\"' || email || '\"')::jsonpath from customers",
  ),
  select(
    'COPY in every form',
    "copy customers to stdout (format text, delimiter ':', null 'x')",
    "copy customers to stdout (format text, delimiter '@')",
    "copy customers to stdout (format text, delimiter '1')",
    "copy customers to stdout (format csv, quote '''', escape '\\', force_quote *)",
    "copy customers to stdout (format csv, delimiter ';', null '', header true)",
    "copy customers (email) to stdout (format csv, force_quote (email), delimiter '\t')",
    "copy customers to stdout (format csv, quote '@')",
    "copy customers to stdout (format csv, escape '@')",
    'copy customers to stdout (format binary)',
    'copy (table cards) to stdout (format binary)',
    "copy customers to stdout (encoding 'UTF8')",
    "copy customers to stdout (encoding 'LATIN1')",
    "copy customers to stdout (encoding 'SJIS')",
    'copy customers to stdout with csv header force quote email',
    "copy customers to stdout with delimiter '|' null 'none'",
    'copy (select email::name, phone::bytea, email::"char"[] from customers) to stdout (format binary)',
  ),
  select(
    'EXPLAIN in every form',
    ...['text', 'json', 'xml', 'yaml'].map(
      (format) =>
        `explain (analyze, verbose, format ${format}) select email from customers where email = (select email from customers where id = 1)`,
    ),
  ),
]
