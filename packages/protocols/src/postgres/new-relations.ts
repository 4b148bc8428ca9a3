import type { RangeVar } from 'libpg-query'
import { findRelation, probableRelation } from './catalogue.ts'
import type { Walk } from './expressions.ts'

/** `schema.name` as far as it was written. */
export function writtenName(range: RangeVar): string {
  return range.schemaname === undefined ? (range.relname ?? '') : `${range.schemaname}.${range.relname}`
}

/** Puts a relation on the reading that the statement creates. */
export function created(walk: Walk, range: RangeVar, kind = 'table'): void {
  walk.reading.effects.add('ddl')
  walk.reading.changesCatalogue = true
  const temporary = range.relpersistence === 't' || /^pg_temp(_\d+)?$/.test(range.schemaname ?? '')
  if (temporary) hides(walk, range.relname ?? '')
  walk.reading.object(kind, temporary ? `pg_temp.${range.relname}` : targetName(walk, range), 'ddl')
}

/**
 * A temporary relation comes before all others of its name, for its own session. Hiding a known one is refused: whoever reads the record
 * would take it for that. Of one that is made later this cannot be known now; the session remembers the name.
 */
export function hides(walk: Walk, name: string): void {
  walk.reading.temporary.add(name)
  const hidden = findRelation(walk.catalogue, null, name)
  if (hidden) walk.reading.refuse(`a temporary relation that hides ${hidden.schema}.${hidden.name}`)
}

/** The resolved name of a relation that a statement is about; as written, in the schema it would be made in, if there is none. */
export function targetName(walk: Walk, range: RangeVar): string {
  const found = probableRelation(walk.catalogue, range.schemaname ?? null, range.relname ?? '')
  if (found) return `${found.schema}.${found.name}`
  if (range.schemaname !== undefined) return writtenName(range)
  const [schema] = walk.catalogue.searchPath.filter((candidate) => candidate !== 'pg_catalog' && !candidate.startsWith('pg_temp'))
  return schema === undefined ? writtenName(range) : `${schema}.${range.relname}`
}
