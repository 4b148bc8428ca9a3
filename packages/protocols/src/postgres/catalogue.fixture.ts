import { buildCatalogue, type Catalogue } from './catalogue.ts'
import { attached, foreignKeys, routines, rules, triggers } from './routines.fixture.ts'

/** `name: columns`; a column is `name` or `name = generation expression`. */
const tables: Readonly<Record<string, readonly string[]>> = {
  'public.customers': ['id', 'name', 'email', 'phone'],
  'public.cards': ['id', 'customer_id', 'number', 'expires', 'last4 = right(number, 4)'],
  'public.orders': ['id', 'customer_id', 'total', 'note'],
  'public.staging': ['id', 'email', 'body'],
  'public.measurements': ['day', 'value'],
  'public.measurements_2026': ['day', 'value'],
  'public.Odd "Name"': ['Select', 'é'],
  'archive.customers': ['id', 'email', 'closed'],
  'public.audited': ['id', 'secret', 'changed_at'],
  'public.audit': ['id', 'what', 'who'],
  'public.parents': ['id', 'name'],
  'public.children': ['id', 'parent_id', 'body'],
  'public.nullable': ['id', 'parent_id'],
  'public.kept': ['id', 'parent_id'],
  'public.grandchildren': ['id', 'child_id'],
  'public.guarded': ['id', 'owner'],
  'public.numbered': ['id', 'code', 'label', 'plain'],
  'public.ruled': ['id', 'what'],
  'public.checked': ['id', 'body'],
  'public.bumped': ['id', 'version', 'note'],
  'public.foreign_code': ['id'],
  'pg_catalog.pg_class': ['oid', 'relname'],
  'pg_catalog.pg_index': ['indexrelid', 'indkey'],
  'pg_catalog.pg_stats': ['tablename', 'most_common_vals'],
  'pg_catalog.pg_stat_activity': ['pid', 'query'],
  'pg_catalog.pg_settings': ['name', 'setting'],
  'pg_catalog.pg_file_settings': ['name', 'setting'],
}

const views: Readonly<Record<string, { readonly columns: readonly string[]; readonly definition: string }>> = {
  'public.contacts': {
    columns: ['id', 'address'],
    definition: 'SELECT c.id, c.email AS address FROM public.customers c WHERE c.id > 0',
  },
  'public.contact_names': {
    columns: ['id', 'label'],
    definition: "SELECT v.id, upper(v.address) || 'x' AS label FROM public.contacts v",
  },
  'public.risky': { columns: ['result'], definition: 'SELECT public.risk(c.email) AS result FROM public.customers c' },
  'public.audited_ids': { columns: ['id'], definition: 'SELECT a.id FROM public.audited a' },
  'public.wiping': { columns: ['wipe'], definition: 'SELECT public.wipe() AS wipe' },
  'public.emails': { columns: ['email'], definition: 'SELECT public.email_of(c.id) AS email FROM public.customers c' },
  'public.contact_cache': { columns: ['address'], definition: 'SELECT v.address FROM public.contacts v' },
  'public.contact_copy': { columns: ['address'], definition: 'SELECT v.address FROM public.contacts v' },
}

const indexes: Readonly<Record<string, string>> = {
  'public.orders_by_note': 'public.orders',
  'archive.customers_by_email': 'archive.customers',
}

/** What goes with what: `schema.name` each, a column of the first one behind it where it hangs on that alone. */
const dependents: readonly (readonly [of: string, dependent: string, whole?: false])[] = [
  ['public.customers.id', 'public.contacts'],
  ['public.customers.email', 'public.contacts'],
  ['public.customers.email', 'public.risky'],
  ['public.customers.id', 'public.emails'],
  ['public.contacts', 'public.contact_names'],
  ['public.contacts', 'public.contact_cache'],
  ['public.contacts', 'public.contact_copy'],
  ['public.audited', 'public.audited_ids'],
  ['function public.risk', 'public.risky'],
  ['function public.email_of', 'public.emails'],
  ['function public.wipe', 'public.wiping'],
  ['type public.secretive', 'public.staging.body', false],
  ['public.parents.id', 'public.children', false],
  ['public.parents.id', 'public.nullable', false],
  ['public.parents.id', 'public.kept', false],
  ['public.children.id', 'public.grandchildren', false],
]

/** Functions of pg_catalog that the cases call: `name volatility`, an aggregate with `a` after it. */
const builtins = `int4pl i|lower i|upper i|right i|concat s|count i a|max i a|min i a|string_agg i a|array_agg i a|row_to_json s|to_jsonb s|json_agg s a
now s|random v|clock_timestamp v|gen_random_uuid v|pg_sleep v|unnest i|generate_series i|jsonb_array_elements i|coalesce i|length i|sum i a
nextval v|setval v|currval v|set_config v|current_setting s|query_to_xml v|table_to_xml s|ts_stat v|ts_rewrite v|pg_read_file v|pg_ls_dir v
lo_get v|lo_put v|lo_import v|lo_export v|pg_terminate_backend v|pg_notify v|pg_reload_conf v|pg_logical_slot_get_changes v|pg_stat_reset v
pg_stat_get_activity s|pg_advisory_lock v|row_number i|extract i|timezone i|like_escape i|md5 i|format s|jsonb_each_text i|date s|substr i|encode i
pg_backend_pid s|version s|to_tsquery s|overlay i|position i|substring i|btrim i|json_populate_record s|json_to_record s|xmlforest i|rank i|pg_table_is_visible s
quote_ident i|quote_literal i|quote_nullable s`

const types =
  'int4 int8 text bool date timestamptz numeric json jsonb uuid interval regclass bytea bpchar varchar xml tsquery int2vector void trigger refcursor record'.split(
    ' ',
  )

/** Of columns that are not of type text. */
const ownTypes = new Map([
  ['body', '900'],
  ['indkey', String(types.indexOf('int2vector') + 1)],
])

/** The database that the cases are about: search path `public`, everything else as described above. */
export function fixtureCatalogue(): Catalogue {
  const relations: (string | null)[][] = []
  const columns: (string | null)[][] = []
  let oid = 1000
  const add = (name: string, kind: string, names: readonly string[], definition: string | null) => {
    oid++
    const dot = name.indexOf('.')
    relations.push([String(oid), name.slice(0, dot), name.slice(dot + 1), kind, definition])
    for (const [index, column] of names.entries()) {
      const [attname = '', generated = null] = column.split(' = ')
      columns.push([String(oid), String(index + 1), attname, ownTypes.get(attname) ?? '3', generated])
    }
  }
  for (const [name, names] of Object.entries(tables)) add(name, name.endsWith('measurements') ? 'p' : 'r', names, null)
  for (const [name, { columns: names, definition }] of Object.entries(views)) {
    add(name, name.endsWith('_cache') ? 'm' : 'v', names, definition)
  }
  add('public.order_ids', 'S', ['last_value'], null)
  const oidOf = (name: string) => relations.find((row) => row[2] === name)?.[0] ?? null

  const oidOfAny = (name: string) => relations.find((row) => `${row[1]}.${row[2]}` === name)?.[0] ?? '0'
  const attnumOf = (name = '', of = '0') => columns.find((row) => row[0] === of && row[2] === name)?.[1] ?? '0'
  const functions = builtins.split(/[|\n]/).map((text) => {
    const [name = '', volatility = '', kind = 'f'] = text.split(' ')
    const result =
      name === 'jsonb_each_text' ? '["key","value"]' : name === 'unnest' || name === 'json_populate_record' ? null : 'scalar'
    return ['pg_catalog', name, volatility, kind, 'internal', result, null, null, null, null]
  })
  const unread = [null, '1', '1', null]
  functions.push(
    ['public', 'risk', 'v', 'f', 'plpgsql', 'scalar', ...unread],
    ['public', 'initials', 'i', 'f', 'sql', 'scalar', ...unread],
  )
  functions.push(['archive', 'upper', 'i', 'f', 'sql', 'scalar', ...unread], ['public', 'dblink', 'v', 'f', 'c', null, ...unread])
  // Somebody's own among the server's
  functions.push(['pg_catalog', 'mended', 'i', 'f', 'plpgsql', 'scalar', null, '2', '2', null])
  functions.push(...routines.map(routineRow))

  return buildCatalogue({
    session: [['180004', '["pg_catalog","public"]', '"$user", public']],
    schemas: [['pg_catalog'], ['public'], ['archive']],
    relations,
    columns,
    inheritance: [[oidOf('measurements_2026'), oidOf('measurements')]],
    functions,
    types: [
      ...types.map((name, index) => [String(index + 1), 'pg_catalog', name, 'b', name === 'bytea' ? 'own' : 'none', null]),
      ['900', 'public', 'secretive', 'b', 'any', null],
      ['901', 'public', 'customers', 'c', 'none', null],
      ['902', 'public', 'code', 'd', 'none', '[["public","next_code"]]'],
    ],
    triggers: triggers.map((text) => [oidOf(/ ON (?:\w+\.)(\w+)/.exec(text)?.[1] ?? ''), `CREATE TRIGGER ${text}`]),
    rules: rules.map(([table, name, text]) => [oidOf(table), name, `CREATE RULE ${text}`]),
    foreignKeys: foreignKeys.map(([table, other, onDelete, onUpdate]) => [
      oidOf(table),
      oidOf(other),
      onDelete,
      onUpdate,
      '["id"]',
    ]),
    attached: attached.map(([table, ...rest]) => [oidOf(table), ...rest]),
    eventTriggers: [],
    indexes: Object.entries(indexes).map(([name, table], index) => [...name.split('.'), oidOfAny(table), String(2000 + index)]),
    statistics: [['public', 'order_totals', oidOfAny('public.orders')]],
    dependents: dependents.map(([of, dependent, whole = true], index) => {
      const [, kind = 'relation', schema = '', name = '', column] = /^(?:(\w+) )?(\w+)\.(\w+)(?:\.(\w+))?$/.exec(of) ?? []
      const oid = kind === 'relation' ? oidOfAny(`${schema}.${name}`) : String(3000 + index)
      const [to = '', table = '', part] = dependent.split('.')
      const other = oidOfAny(`${to}.${table}`)
      return [kind, schema, name, oid, attnumOf(column, oid), 'relation', other, attnumOf(part, other), whole ? 't' : 'f', 'f']
    }),
    operatorClasses: [['public', 'ordered', '[["public","next_code"]]']],
    operators: [
      ['public', '<->>', 'any'],
      ['public', '@@@', 'own'],
    ],
  })
}

/** As the server tells of a function: `schema.name(parameters) …`, the rest of CREATE FUNCTION. */
function routineRow(text: string): (string | null)[] {
  const [, schema = '', name = '', parameters = '', rest = ''] = /^(\w+)\.(\w+)\(([^)]*)\)(.*)$/s.exec(text) ?? []
  const kind = /\breturns\b/.test(rest) ? 'function' : 'procedure'
  const language = /\blanguage (\w+)/.exec(rest)?.[1] ?? 'sql'
  const all = parameters === '' ? [] : parameters.split(',')
  const least = all.filter((parameter) => !/\bdefault\b/.test(parameter)).length
  const most = parameters.includes('variadic') ? null : String(all.length)
  const definition = `CREATE OR REPLACE ${kind} ${schema}.${name}(${parameters}) ${rest}`
  const result = /\breturns (table|setof|record|trigger)\b/.test(rest) ? null : 'scalar'
  const volatility = /\b(immutable|stable)\b/.exec(rest)?.[1]?.[0] ?? 'v'
  return [schema, name, volatility, kind === 'function' ? 'f' : 'p', language, result, definition, String(least), most, null]
}
