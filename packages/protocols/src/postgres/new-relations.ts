import type { RangeVar } from 'libpg-query'
import { isHidden, isTemporary, type OwnRelation, ownTable, probableRelation, remember } from './catalogue.ts'
import type { Walk } from './expressions.ts'

/** `schema.name` as far as it was written. */
export function writtenName(range: RangeVar): string {
  return range.schemaname === undefined ? (range.relname ?? '') : `${range.schemaname}.${range.relname}`
}

/** Puts a relation on the reading that the statement creates. */
export function created(walk: Walk, range: RangeVar, kind = 'table'): void {
  walk.reading.effects.add('ddl')
  walk.reading.changesCatalogue = true
  const temporary = range.relpersistence === 't' || isTemporary(range.schemaname ?? '')
  if (temporary) hides(walk, range.relname ?? '', ownTable)
  walk.reading.object(kind, temporary ? `pg_temp.${range.relname}` : madeName(walk, range), 'ddl')
}

/** What is made stands in the first schema of the path, whatever has its name in another. */
function madeName(walk: Walk, range: RangeVar): string {
  const [schema] = walk.catalogue.searchPath.filter((candidate) => candidate !== 'pg_catalog')
  return range.schemaname === undefined && schema !== undefined ? `${schema}.${range.relname}` : targetName(walk, range)
}

/** A temporary relation comes before all others of its name, for its own session, which remembers the name. */
export function hides(walk: Walk, name: string, own: OwnRelation): void {
  remember(walk.reading.temporary, name, own)
}

/**
 * Every relation that a statement may be about by a name: one of its session's own, and the one that this hides. Whether the first is there
 * (its transaction may have ended otherwise) is not certain, so rules about either count.
 */
export function targetNames(walk: Walk, range: RangeVar): readonly string[] {
  const { relname = '', schemaname = null } = range
  if (!isHidden(walk.catalogue, schemaname, relname)) return [targetName(walk, range)]
  const hidden = probableRelation(walk.catalogue, schemaname, relname)
  return [`pg_temp.${relname}`, ...(hidden ? [`${hidden.schema}.${hidden.name}`] : [])]
}

/** The resolved name of a relation that a statement is about; as written, in the schema it would be made in, if there is none. */
function targetName(walk: Walk, range: RangeVar): string {
  const found = probableRelation(walk.catalogue, range.schemaname ?? null, range.relname ?? '')
  if (found) return `${found.schema}.${found.name}`
  if (range.schemaname !== undefined) return writtenName(range)
  const [schema] = walk.catalogue.searchPath.filter((candidate) => candidate !== 'pg_catalog' && !candidate.startsWith('pg_temp'))
  return schema === undefined ? writtenName(range) : `${schema}.${range.relname}`
}
