import type { Output, Sources } from '@hoop/contracts'
import { type Catalogue, type CatalogueRelation, type Column, ownSources } from './catalogue.ts'
import { isSystemSchema } from './functions.ts'
import { Reading } from './reading.ts'
import { none, union, unionAll } from './sources.ts'
import { isSystemTyped } from './system-types.ts'

/** System relations that hold or show what other tables and other sessions hold, with those of their columns that only say where or when. */
const revealing: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    pg_stats: 'schemaname tablename attname inherited',
    pg_statistic: 'starelid staattnum stainherit',
    pg_stats_ext: 'schemaname tablename statistics_schemaname statistics_name statistics_owner attnames kinds inherited',
    pg_stats_ext_exprs: 'schemaname tablename statistics_schemaname statistics_name statistics_owner inherited',
    pg_statistic_ext_data: 'stxoid stxdinherit',
    pg_stat_activity:
      'datid datname pid leader_pid usesysid usename client_addr client_hostname client_port backend_start xact_start query_start state_change wait_event_type wait_event state backend_xid backend_xmin query_id backend_type',
    pg_stat_statements: 'userid dbid toplevel queryid',
    pg_prepared_statements: 'prepare_time',
    pg_prepared_xacts: 'transaction gid prepared owner database',
    pg_cursors: 'creation_time',
    pg_largeobject: 'loid pageno',
  }).map(([name, columns]) => [name, new Set(columns.split(' '))]),
)
/** System relations that read the server's files. */
const files = new Set(['pg_hba_file_rules', 'pg_ident_file_mappings', 'pg_file_settings'])

/** A relation of the database: its columns with their sources, and what reading it does. */
export interface RelationReading {
  readonly outputs: readonly Output[]
  /** What a view does when it is read; empty for a table. */
  readonly reading: Reading
}

/** Reads a view's definition or a generated column's expression; given by the caller, so that imports point one way. */
export type ReadDefinition = (catalogue: Catalogue, sql: string, reading: Reading) => readonly Output[] | 'opaque'

/** By what else decides about it: where the functions that it calls look for names. */
const read = new WeakMap<CatalogueRelation, Map<string, RelationReading>>()
/** Readings of one relation that are kept. */
const maxKept = 100

/** What a relation's columns are made of, down to base columns; worked out once for each catalogue. */
export function readRelation(catalogue: Catalogue, relation: CatalogueRelation, readDefinition: ReadDefinition): RelationReading {
  const { hidden, probable, callerPath = catalogue.searchPath } = catalogue
  const key = JSON.stringify([callerPath, probable !== undefined, [...(hidden ?? [])]])
  const kept = read.get(relation) ?? new Map<string, RelationReading>()
  read.set(relation, kept)
  const known = kept.get(key)
  if (known) return known
  if (kept.size >= maxKept) kept.clear()
  const reading = new Reading()
  // A definition that reaches itself, through a function that it calls, finds this.
  const itself = new Reading()
  itself.unknown(`the view ${relation.schema}.${relation.name} reads itself`)
  kept.set(key, { outputs: relation.columns.map(({ name }) => ({ name, sources: 'opaque' })), reading: itself })
  const result = { outputs: outputsOf(catalogue, relation, reading, readDefinition), reading }
  kept.set(key, result)
  return result
}

function outputsOf(
  catalogue: Catalogue,
  relation: CatalogueRelation,
  reading: Reading,
  readDefinition: ReadDefinition,
): readonly Output[] {
  const telling = revealing.get(relation.name)
  if (telling !== undefined) {
    reading.effects.add('read')
    return relation.columns.map(({ name, self, typeOid }) =>
      isSystemSchema(relation.schema) && telling.has(name)
        ? { name, sources: [self], form: 'stored', ofSystemType: isSystemTyped(catalogue, typeOid) }
        : { name, sources: 'opaque' },
    )
  }
  if (isSystemSchema(relation.schema) && relation.definition === null) {
    if (files.has(relation.name)) reading.effects.add('file')
    return relation.columns.map(({ name, self, typeOid }) => ({
      ...{ name, sources: [self], form: 'stored' },
      ofSystemType: isSystemTyped(catalogue, typeOid),
    }))
  }
  if (relation.definition === '') {
    reading.effects.add('read')
    reading.unknown(`another session is altering what ${relation.schema}.${relation.name} reads; try again when it has done so`)
    return relation.columns.map(({ name }) => ({ name, sources: 'opaque' }))
  }
  if (relation.definition !== null) {
    const outputs = readDefinition(catalogue, relation.definition, reading)
    return relation.columns.map((column, position) => {
      const sources: Sources = outputs === 'opaque' ? 'opaque' : (outputs[position]?.sources ?? 'opaque')
      const form = outputs === 'opaque' ? undefined : outputs[position]?.form
      const ofSystemType = isSystemTyped(catalogue, column.typeOid)
      return { name: column.name, sources: union([column.self], sources), form, ofSystemType }
    })
  }
  return relation.columns.map((column) => ({
    name: column.name,
    sources: union(ownSources(relation, column), generatedFrom(catalogue, relation, column, readDefinition)),
    form: column.generated === null ? 'stored' : undefined,
    ofSystemType: isSystemTyped(catalogue, column.typeOid),
  }))
}

/** A generated column tells what it was generated from. */
function generatedFrom(
  catalogue: Catalogue,
  relation: CatalogueRelation,
  column: Column,
  readDefinition: ReadDefinition,
): Sources {
  if (column.generated === null) return none
  if (column.generated === '') return 'opaque'
  const plain: CatalogueRelation = { ...relation, columns: relation.columns.map((other) => ({ ...other, generated: null })) }
  const own = new Map([[relation.schema, new Map([[relation.name, plain]])]])
  const sql = `SELECT ${column.generated} FROM ${quote(relation.schema)}.${quote(relation.name)}`
  const outputs = readDefinition({ ...catalogue, relations: own }, sql, new Reading())
  return outputs === 'opaque' ? 'opaque' : unionAll(outputs.map(({ sources }) => sources))
}

/** A row of a table as a trigger has it. */
export function rowOf({ columns }: CatalogueRelation): readonly Output[] {
  return columns.map(({ name, self }) => ({ name, sources: [self], form: 'stored' }))
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
