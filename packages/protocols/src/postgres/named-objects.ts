import type { Node as ParseNode, RangeVar } from 'libpg-query'
import { type Catalogue, type CatalogueRelation, findIndex, probableRelation } from './catalogue.ts'
import type { Dropped } from './dependents.ts'
import type { Walk } from './expressions.ts'
import { targetNames, writtenName } from './new-relations.ts'
import { nameOf } from './syntax-tree.ts'

/** Relations, by the object type of a statement. */
const relationTypes: Readonly<Record<string, string>> = {
  OBJECT_TABLE: 'table',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'materialized view',
  OBJECT_FOREIGN_TABLE: 'foreign table',
  OBJECT_SEQUENCE: 'sequence',
}
/** What has its name on a table, as `name ON table`, or `table.name`. */
const ofTables = new Set(['OBJECT_TRIGGER', 'OBJECT_RULE', 'OBJECT_POLICY', 'OBJECT_TABCONSTRAINT', 'OBJECT_COLUMN'])
/** The kinds of `Dependents.named` that go by another word. */
const dependentKinds: Readonly<Record<string, string>> = {
  domain: 'type',
  procedure: 'function',
  routine: 'function',
  aggregate: 'function',
  opclass: 'operator class',
  opfamily: 'operator family',
}

/** Whether an object type is one of relations. */
export function isRelation(type: string): boolean {
  return type in relationTypes
}

/**
 * Puts the objects of DROP, COMMENT ON and SECURITY LABEL ON on the reading, relations and the tables of what stands on one by their resolved
 * names; answers with what others may hang on.
 */
export function nameObjects(walk: Walk, objects: readonly ParseNode[], type: string): readonly Dropped[] {
  return objects.flatMap((object) => {
    const names = namesIn(object)
    const [name = '', qualifier] = [...names].reverse()
    const range: RangeVar = qualifier === undefined ? { relname: name } : { relname: name, schemaname: qualifier }
    const relationType = relationTypes[type]
    if (relationType !== undefined) return ddlOn(walk, range, relationType)
    if (type === 'OBJECT_INDEX') return nameIndex(walk, range, 'ddl')
    if (names.length === 0) return []
    const kind = type
      .replace('OBJECT_', '')
      .replace('TABCONSTRAINT', 'CONSTRAINT')
      .replace('STATISTIC_EXT', 'STATISTICS')
      .toLowerCase()
      .replaceAll('_', ' ')
    if (ofTables.has(type) && names.length > 1) return nameOnTable(walk, names, kind)
    // An operator class stands behind its access method.
    const own = type === 'OBJECT_OPCLASS' || type === 'OBJECT_OPFAMILY' ? names.slice(1) : names
    walk.reading.object(kind, own.join('.'), 'ddl')
    if (type === 'OBJECT_STATISTIC_EXT') nameStatistics(walk, names)
    return dependedOn(walk.catalogue, dependentKinds[kind] ?? kind, own)
  })
}

/** A name as it is written, in parts. */
export function namesIn(object: ParseNode): readonly string[] {
  if ('List' in object) return nameOf(object.List.items)
  if ('TypeName' in object) return nameOf(object.TypeName.names)
  if ('ObjectWithArgs' in object) return nameOf(object.ObjectWithArgs.objname)
  return nameOf([object])
}

function ddlOn(walk: Walk, range: RangeVar, kind: string): readonly Dropped[] {
  for (const name of targetNames(walk, range)) walk.reading.object(kind, name, 'ddl')
  const found = known(walk.catalogue, range)
  return found ? [{ node: `relation ${found.oid}`, column: 0 }] : []
}

function nameOnTable(walk: Walk, names: readonly string[], kind: string): readonly Dropped[] {
  const [name = '', relname = '', schemaname] = [...names].reverse()
  const range: RangeVar = schemaname === undefined ? { relname } : { relname, schemaname }
  const found = known(walk.catalogue, range)
  const tableKind = found === null ? 'table' : kindOf(found)
  for (const table of targetNames(walk, range)) {
    walk.reading.object(tableKind, table, 'ddl')
    walk.reading.object(kind, `${table}.${name}`, 'ddl')
  }
  return []
}

/** Puts an index and the relation that it is of on the reading; nothing if there is no index of that name. */
export function nameIndex(walk: Walk, range: RangeVar, access: string): readonly Dropped[] {
  const { relname = '', schemaname } = range
  const found = findIndex(walk.catalogue, schemaname ?? null, relname)
  if (found === null) {
    const name = writtenName(range)
    walk.reading.object('index', name, access)
    // Whose it is would be known if it were one of the database.
    walk.reading.unresolved.add(name)
    return []
  }
  walk.reading.object('index', `${found.schema}.${relname}`, access)
  const table = relationOf(walk.catalogue, found.table)
  if (table) walk.reading.object(kindOf(table), `${table.schema}.${table.name}`, access)
  return [{ node: `index ${found.oid}`, column: 0 }]
}

/** Puts the table that statistics are of on the reading. */
export function nameStatistics(walk: Walk, names: readonly string[]): void {
  const { statistics, searchPath } = walk.catalogue
  const [name = '', schema] = [...names].reverse()
  const schemas = schema === undefined ? searchPath : [schema]
  const [oid] = schemas.flatMap((candidate) => statistics.get(candidate)?.get(name) ?? [])
  const table = oid === undefined ? undefined : relationOf(walk.catalogue, oid)
  if (table) walk.reading.object(kindOf(table), `${table.schema}.${table.name}`, 'ddl')
  else walk.reading.unresolved.add(names.join('.'))
}

/** The nodes of what is no relation, by its name. */
export function dependedOn({ dependents, searchPath }: Catalogue, kind: string, names: readonly string[]): readonly Dropped[] {
  const [name = '', schema] = [...names].reverse()
  const bySchema = dependents.named.get(kind)
  const schemas = bySchema?.has('') ? [''] : schema === undefined ? searchPath : [schema]
  const found = schemas.flatMap((candidate) => bySchema?.get(candidate)?.get(name) ?? [])
  return found.map((node) => ({ node, column: 0 }))
}

function known(catalogue: Catalogue, { schemaname, relname = '' }: RangeVar): CatalogueRelation | null {
  return probableRelation(catalogue, schemaname ?? null, relname)
}

/** A relation of the database as it is, or was known last. */
export function relationOf(catalogue: Catalogue, oid: number): CatalogueRelation | undefined {
  return (catalogue.probable ?? catalogue).relationsByOid.get(oid)
}

/** The word that an operation has for what a relation is. */
export function kindOf({ kind }: Pick<CatalogueRelation, 'kind'>): string {
  return kind === 'partitioned table' ? 'table' : kind
}
