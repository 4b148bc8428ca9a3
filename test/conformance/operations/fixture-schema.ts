import type { Catalogue, CatalogueFunction, CatalogueRelation } from '../../../packages/protocols/src/postgres/catalogue.ts'

/** The catalogue takes nearly every column for text; these are what its functions and cases use them as. */
const columnTypes: Readonly<Record<string, string>> = { id: 'int4', customer_id: 'int4', total: 'numeric', value: 'numeric' }

/** The definitions that make a database of what a catalogue describes, as far as statements can tell. */
export function definitionsOf(catalogue: Catalogue): string[] {
  const relations = [...catalogue.relationsByOid.values()].filter(({ schema }) => schema !== 'pg_catalog')
  const functions = [...catalogue.functions]
    .filter(([schema]) => schema !== 'pg_catalog')
    .flatMap(([, byName]) => [...byName.values()])
  const types = [...catalogue.typesByOid.values()].filter(({ schema, kind }) => schema !== 'pg_catalog' && kind !== 'c')
  const schemas = [...catalogue.schemas].filter((schema) => schema !== 'pg_catalog' && schema !== 'public')
  return [
    ...schemas.map((schema) => `create schema ${quote(schema)}`),
    ...types.map(({ schema, name }) => `create domain ${qualified(schema, name)} as text`),
    // The server has no other language.
    ...functions
      .flat()
      .filter(({ language, definition }) => definition === null || /^(?:sql|plpgsql)$/.test(language))
      .map(functionDefinition),
    ...relations.map((relation) => relationDefinition(catalogue, relation)),
    ...relations.flatMap(({ triggers }) => triggers),
    ...[...catalogue.indexes].flatMap(([, byName]) =>
      [...byName].map(([name, { table }]) => indexDefinition(name, catalogue.relationsByOid.get(table))),
    ),
    // Of an operator the catalogue has the name alone.
    ...[...catalogue.userOperators].map(
      ([name, [operator]]) =>
        `create operator ${quote(operator?.schema ?? 'public')}.${name} (leftarg = text, rightarg = text, function = texteq)`,
    ),
  ]
}

/** Of what nobody reads the catalogue has no body: one that does nothing. */
function functionDefinition({ schema, name, volatility, language, result, definition }: CatalogueFunction): string {
  if (definition !== null) return definition
  const returns = result === null ? 'setof record' : 'text'
  const [written, body] =
    language === 'sql' ? ['sql', 'select $1'] : ['plpgsql', result === null ? 'begin end' : 'begin return $1; end']
  return `create function ${qualified(schema, name)}(text) returns ${returns} language ${written} ${volatility} as '${body}'`
}

function relationDefinition(catalogue: Catalogue, relation: CatalogueRelation): string {
  const { schema, name, kind, columns, definition } = relation
  const target = qualified(schema, name)
  if (kind === 'sequence') return `create sequence ${target}`
  if (kind === 'view' || kind === 'materialized view')
    return `create ${kind} ${target} (${columns.map((column) => quote(column.name)).join(', ')}) as ${definition}`
  const parent = relation.kin.find((other) => other.kind === 'partitioned table')
  if (parent !== undefined) return `create table ${target} partition of ${qualified(parent.schema, parent.name)} default`
  const defined = columns.map(({ name: column, typeOid, generated }) => {
    const type = catalogue.typesByOid.get(typeOid)
    const typed = `${quote(column)} ${columnTypes[column] ?? qualified(type?.schema ?? 'pg_catalog', type?.name ?? 'text')}`
    return generated === null ? typed : `${typed} generated always as (${generated}) stored`
  })
  const partitioned = kind === 'partitioned table' ? ` partition by list (${quote(columns[0]?.name ?? '')})` : ''
  return `create table ${target} (${defined.join(', ')})${partitioned}`
}

function indexDefinition(name: string, table: CatalogueRelation | undefined): string {
  return `create index ${quote(name)} on ${qualified(table?.schema ?? '', table?.name ?? '')} (${quote(table?.columns[0]?.name ?? '')})`
}

function qualified(schema: string, name: string): string {
  return `${quote(schema)}.${quote(name)}`
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
