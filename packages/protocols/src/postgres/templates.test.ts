import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { fixtureCatalogue } from './catalogue.fixture.ts'
import { longestTemplate } from './free-constants.ts'
import { loadParser, readStatement, type Statement, StatementUnreadable } from './operations.ts'
import { plainTokens } from './plain-tokens.ts'
import { Templates } from './templates.ts'

const cases = parseYaml(readFileSync(new URL('operations.yaml', import.meta.url), 'utf8')) as readonly { readonly sql: string }[]
const catalogue = fixtureCatalogue()
beforeAll(loadParser)

/** What is made of a text by a statement that was read from another. */
function byTemplate(first: string, text: string): Statement | null {
  let templates = templatesOf.get(first)
  if (templates === undefined) {
    templates = new Templates()
    templates.keep(readStatement(first, catalogue))
    templatesOf.set(first, templates)
  }
  return templates.read(text)
}
const templatesOf = new Map<string, Templates>()
function anew(text: string): Statement | null {
  try {
    return readStatement(text, catalogue)
  } catch (error) {
    if (error instanceof StatementUnreadable) return null
    throw error
  }
}
/** The text with other constants, in their order; what is not given stays. */
function withConstants(text: string, values: readonly (string | null)[]): string | null {
  const tokens = plainTokens(text)?.constants.filter(({ kind }) => kind === 'constant')
  if (!tokens?.length) return null
  let changed = ''
  let copied = 0
  for (const [index, { start, end }] of tokens.entries()) {
    changed += text.slice(copied, start) + (values[index % values.length] ?? text.slice(start, end))
    copied = end
  }
  return changed + text.slice(copied)
}

const numbers = fc.oneof(
  fc.constantFrom(
    '0',
    '1',
    '2',
    '3',
    '00',
    '7',
    '1234567',
    '2147483647',
    '2147483648',
    '99999999999999999999',
    '0.0',
    '1.5',
    '10.25',
  ),
  fc.nat().map(String),
)
const texts = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      'a',
      't',
      'x',
      'true',
      'none',
      'name',
      'id',
      '1',
      '1234567',
      'ada@example.com',
      'customers',
      'public.customers',
      'public.wipe()',
    ],
    ...[
      'search_path',
      'application_name',
      'role',
      'app',
      'select wipe()',
      'delete from customers',
      'pg_temp',
      'orders_id_seq',
      '{1,2}',
      'now',
    ],
  ),
  fc.stringMatching(/^[a-z0-9@ ]{0,12}$/),
)
/** In the place of a constant: nothing else, one that is most like it, or any. */
const values = fc.array(
  fc.oneof(
    fc.constant(null),
    numbers,
    texts.map((value) => `'${value}'`),
  ),
  { minLength: 1, maxLength: 4 },
)

describe('a text is read as its template says, or by itself', () => {
  const plain = cases.map(({ sql }) => sql).filter((sql) => withConstants(sql, [null]) !== null)
  const own = [
    "select full_name, name from customers where id = 5 and email = 'a' or not (phone like 'b%' and id in (1, -2, 3))",
    'select * from customers c join orders o on o.customer_id = c.id and o.total > 5.5 where c.id between 1 and 2; select 1 from orders where id = -5',
    "insert into customers (id, email) values (1, 'a'), (2, 'b') on conflict (id) do update set email = 'c' where customers.id <> 7",
    "update customers set email = 'x', name = 'y' where id = 3 returning id, 4",
    'delete from orders where id >= 5 and "total" < 6; begin; delete from orders where 7 = id',
    "with a as (select id from customers where email = 'x') select * from a where id = 5 union select id from orders where id = 6 order by 1 limit 2",
    'select name from customers where exists (select from orders where customer_id = 9) and id in (select 5 from orders where id = 1)',
    "select * from orders where note >= '2024-01-01'::date and total < cast('5' as numeric)",
    'select count(*) from customers having min(id) > 5 and 1 = 1',
  ]

  test('whatever its constants', () => {
    const made = new Set<string>()
    fc.assert(
      fc.property(fc.constantFrom(...plain, ...own), values, (sql, others) => {
        const text = withConstants(sql, others)
        if (text === null) return
        const statement = byTemplate(sql, text)
        if (statement === null) return
        made.add(sql)
        expect(statement).toEqual(anew(text))
        expect(Object.isFrozen(statement.operation)).toBe(true)
      }),
      { numRuns: 6_000 },
    )
    expect(made.size).toBeGreaterThan(60)
  })

  test('each case, its constants one by one', () => {
    for (const sql of [...plain, ...own]) {
      const count = plainTokens(sql)?.constants.filter(({ kind }) => kind === 'constant').length ?? 0
      for (let index = 0; index < count; index++) {
        for (const value of ['12', "'a'", "'role'", '2.5', '77777777777']) {
          const text = withConstants(
            sql,
            Array.from({ length: count }, (_, other) => (other === index ? value : null)),
          )
          const statement = text === null ? null : byTemplate(sql, text)
          if (statement !== null) expect(statement).toEqual(anew(text ?? ''))
        }
      }
    }
  })
})

test('what is not its own is shared', () => {
  const first = readStatement("select name from customers where email = 'a'", catalogue)
  const templates = new Templates()
  expect(templates.keep(first)).toBe(true)
  const second = templates.read("select name from customers where email = 'longer'")
  expect(second?.operation.facts).toBe(first.operation.facts)
  expect(second?.operation.objects).toBe(first.operation.objects)
  expect(second?.operation.literals).toEqual([{ ...first.operation.literals[0], end: 49 }])
  expect(second?.operation.parts).toMatchObject([{ start: 0, end: 49 }])
  templates.clear()
  expect(templates.read("select name from customers where email = 'b'")).toBeNull()
})

describe('a constant that counts is another text', () => {
  test.each([
    ['select email from customers order by 1', 'select email from customers order by 2'],
    ['select id, email from customers group by 1, 2', 'select id, email from customers group by 2, 2'],
    ['select id from customers where id = 1 limit 5', 'select id from customers where id = 1 limit 6'],
    ['select id from customers where id = 1 offset 5', 'select id from customers where id = 1 offset 6'],
    ['delete from customers where 1 = 1', 'delete from customers where 1 = 2'],
    ['delete from customers where id = 1 or 1 = 1', 'delete from customers where id = 1 or 2 = 1'],
    ["select set_config('search_path', 'a', false)", "select set_config('search_path', 'b', false)"],
    [
      "select set_config(name, 'x', false) from pg_settings where name = 'work_mem'",
      "select set_config(name, 'x', false) from pg_settings where name = 'role'",
    ],
    [
      "select id, set_config('a.b', 'x', true) from customers where id = 1",
      "select id, set_config('a.b', 'x', true) from customers where id = 2",
    ],
    [
      "select nextval('orders_id_seq') from customers where id = 1",
      "select nextval('others_id_seq') from customers where id = 1",
    ],
    [
      "select * from customers where id = 'customers'::regclass::int",
      "select * from customers where id = 'orders'::regclass::int",
    ],
    ["select query_to_xml('select 1', true, true, '')", "select query_to_xml('select email from customers', true, true, '')"],
    ["select name from customers where email = lower('A')", "select name from customers where email = lower('B')"],
    ['select name from customers where name = \'a\' collate "C"', 'select name from customers where name = \'b\' collate "C"'],
    ["set application_name = 'a'", "set application_name = 'b'"],
    ["set role 'a'", "set role 'b'"],
    ["copy orders to stdout (null 'a')", "copy orders to stdout (null 'b')"],
    ['copy (select id from customers where id = 1) to stdout', 'copy (select id from customers where id = 2) to stdout'],
    ['create table t (a int default 1)', 'create table t (a int default 2)'],
    ['create view v as select id from customers where id = 1', 'create view v as select id from customers where id = 2'],
    ['select id into t from customers where id = 1', 'select id into t from customers where id = 2'],
    ['prepare p as select id from customers where id = 1', 'prepare p as select id from customers where id = 2'],
    ['declare c cursor for select id from customers where id = 1', 'declare c cursor for select id from customers where id = 2'],
    ['explain select id from customers where id = 1', 'explain select id from customers where id = 2'],
    ["do 'begin perform 1; end'", "do 'begin perform 2; end'"],
    ["select id from customers where name = cast('a' as char(1))", "select id from customers where name = cast('a' as char(2))"],
    ['select id from orders where total > 1 + 1', 'select id from orders where total > 1 + 2'],
    ["select id from orders where created_at > interval '1' day", "select id from orders where created_at > interval '2' day"],
    ["select 'a' from customers where id = 1", "select 'b' from customers where id = 1"],
    ['select id from customers where id = 1', 'select id from customers where id = 3000000000'],
    ['select id from customers where id = 1', 'select id from customers where id = 1.5'],
    ['select id from customers where id = 1', "select id from customers where id = '1'"],
    ['select id from customers where id = 1', 'select id from customers where id = -1'],
    ["select id from customers where email = 'a'", "select id from customers where email = e'a'"],
    ["select id from customers where email = 'a'", "select id from customers where email = 'a''b'"],
    ["select id from customers where email = 'a'", "select id from customers where email = 'é'"],
    ["select id from customers where email = 'a'", "select id from customers where email = 'a\0'"],
    ["select id from customers where email = 'a'", "select id from customers where email = 'a' -- b"],
    ["select id from customers where email = 'a'", 'select id from customers where email = "a"'],
    ['select id from customers where "id" = 1', 'select id from customers where "iD" = 1'],
    ['select id from customers where id = 1', 'select id from  customers where id = 1'],
    ['select id from nobody where id = 1', 'select id from nobody where id = 2'],
    ['select id from customers where id = $1', 'select id from customers where id = $2'],
    ['insert into orders (id) values (1) limit 1', 'insert into orders (id) values (2) limit 1'],
    ['update customers set (id, name) = (1, 2)', 'update customers set (id, name) = (1, 3)'],
    ['select x from (values (1), (2)) v(x) where x = 1', 'select x from (values (1), (2)) v(x) where x = 2'],
  ])('%s', (first, second) => {
    expect(byTemplate(first, second)).toBeNull()
  })
})

describe('a constant that does not count is none', () => {
  test.each([
    ['select * from customers where id = 1', 'select * from customers where id = 2147483647'],
    ["select * from customers where email = 'a'", "select * from customers where email = 'ada@example.com 1234567'"],
    ["update customers set email = 'a' where id = -1", "update customers set email = '' where id = -77"],
    ["insert into customers values (1, 'a', 'b', 'c')", "insert into customers values (2, 'd', '', '1234567')"],
    ['select id from customers where id in (1, 2) limit 5', 'select id from customers where id in (3, 44) limit 5'],
    ["select id from orders where note > '2024-01-01'::date", "select id from orders where note > '2025-12-31'::date"],
    ["update orders set note = text 'a'", "update orders set note = text 'nothing'"],
    ['select count(*) from orders where total > 1.5;', 'select count(*) from orders where total > 20.25;'],
    ["select 'x' from customers where 'a' <> email", "select 'x' from customers where 'b' <> email"],
  ])('%s', (first, second) => {
    expect(byTemplate(first, second)).toEqual(anew(second))
    expect(byTemplate(first, second)).not.toBeNull()
  })
})

test('what is kept is bounded', () => {
  const templates = new Templates()
  const keep = (sql: string) => templates.keep(readStatement(sql, catalogue))
  const kept = Array.from({ length: 20 }, (_, limit) => keep(`select id from customers where id = 1 limit ${limit}`))
  expect(kept.filter(Boolean)).toHaveLength(8)
  expect(keep(`select id from customers where id = 1 and name in (${"'a',".repeat(longestTemplate / 4)} 'b')`)).toBe(false)
})
