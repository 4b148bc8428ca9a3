import type { Output, Sources } from '@hoop/contracts'
import type { Node } from 'libpg-query'
import { none, union, unionAll } from './sources.ts'
import { nameOf } from './syntax-tree.ts'

/** A column by the name that it has inside a query. */
export interface NamedColumn {
  readonly name: string
  readonly sources: Sources
  readonly form?: Output['form']
  /** Whatever it is made of, its type comes with the server. */
  readonly ofSystemType?: Output['ofSystemType']
}

/** What stands in FROM under one name. */
export interface ScopeRelation {
  /** Null: it has no name to qualify a column with. */
  readonly alias: string | null
  /** The schema that may stand before the alias. */
  readonly schema: string | null
  /** Null: number and names of its columns are not known. */
  readonly columns: readonly NamedColumn[] | null
  /** Of a value taken from it in whatever way. */
  readonly any: Sources
  /** A table: what its columns hold in one row was stored together. */
  readonly stored?: boolean
  /** Found only by its qualified name (`old`, `new`, `excluded`). */
  readonly qualifiedOnly?: boolean
}

/** The result of a WITH query. */
export interface CommonTable {
  readonly name: string
  readonly outputs: readonly Output[] | 'opaque'
}

/** Where names are looked for: one query level. */
export interface Scope {
  readonly relations: readonly ScopeRelation[]
  /** WITH queries seen from here, the nearest first; those of outer levels included. */
  readonly commonTables: readonly CommonTable[]
  readonly parent: Scope | null
  /** What the query's WINDOW clause names. */
  readonly windows?: Sources
  /** The query's own output columns, for ORDER BY and GROUP BY. */
  readonly outputs?: readonly Output[]
}

/** The scope of a statement that stands by itself. */
export const outermost: Scope = Object.freeze({ relations: [], commonTables: [], parent: null })

/** Columns that the server adds to every table; their values are nobody's data. */
const systemColumns = new Set(['tableoid', 'ctid', 'xmin', 'xmax', 'cmin', 'cmax'])

export function makeRelation(alias: string | null, schema: string | null, outputs: readonly Output[] | 'opaque'): ScopeRelation {
  if (outputs === 'opaque') return { alias, schema, columns: null, any: 'opaque' }
  // A column without a name cannot be referred to, but `*` passes it on.
  const columns = outputs.map((output) => ({ ...output, name: output.name ?? '?column?' }))
  return { alias, schema, columns, any: unionAll(columns.map(({ sources }) => sources)) }
}

/** Column aliases name the first columns; there may be fewer of them. */
export function rename(outputs: readonly Output[], aliases: readonly Node[] | undefined): readonly Output[] {
  const names = nameOf(aliases)
  return names.length === 0 ? outputs : outputs.map((output, position) => ({ ...output, name: names[position] ?? output.name }))
}

/** A column by its name; `relation` is null for an output of the query itself. */
export interface FoundColumn {
  readonly column: NamedColumn | Output
  readonly relation: ScopeRelation | null
}

/** The one column that a name stands for, the least known where there are several; null: there is none, or it is not certain. */
export function findColumn(scope: Scope, names: readonly string[]): FoundColumn | null {
  const [name, qualifier, schema = null] = [...names].reverse()
  if (qualifier !== undefined) {
    const relation = findByAlias(scope, schema, qualifier)
    const column = relation?.columns?.find((candidate) => candidate.name === name)
    return relation && column ? { column, relation } : null
  }
  for (let level: Scope | null = scope; level; level = level.parent) {
    const found: FoundColumn[] = (level.outputs ?? [])
      .filter((output) => output.name === name)
      .map((column) => ({ column, relation: null }))
    for (const relation of level.relations) {
      if (relation.qualifiedOnly) continue
      if (!relation.columns) return null
      for (const column of relation.columns) if (column.name === name) found.push({ column, relation })
    }
    if (found.length > 0) return found.find(({ column }) => column.form === undefined) ?? found.at(-1) ?? null
  }
  return null
}

/** What an unqualified name reads; null: nothing in sight has it, so that the server refuses it or knows a newer column. */
export function lookUp(scope: Scope, name: string): Sources | null {
  let possible: Sources = none
  for (let level: Scope | null = scope; level; level = level.parent) {
    let found: Sources | null = null
    for (const relation of level.relations) {
      if (relation.qualifiedOnly) continue
      if (!relation.columns) possible = union(possible, relation.any)
      for (const column of relation.columns ?? []) if (column.name === name) found = union(found ?? none, column.sources)
    }
    // A second relation with that name would make the server reject the statement as ambiguous.
    if (found) return level.relations.every(({ columns }) => columns) ? found : union(found, possible)
    const output = level.outputs?.filter((candidate) => candidate.name === name) ?? []
    if (output.length > 0) return unionAll(output.map(({ sources }) => sources))
    if (systemColumns.has(name) && level.relations.length > 0) return possible
    const whole = level.relations.find((relation) => relation.alias === name)
    if (whole) return union(possible, whole.any)
  }
  const all = everything(scope)
  return possible === none && all !== none && all !== 'opaque' ? null : union(possible, all)
}

/** What `qualifier.name` or `schema.qualifier.name` reads; null: no such relation in scope. */
export function lookUpQualified(scope: Scope, schema: string | null, qualifier: string, name: string): QualifiedColumn | null {
  const relation = findByAlias(scope, schema, qualifier)
  if (!relation) return null
  const matches = relation.columns?.filter((column) => column.name === name) ?? []
  if (matches.length > 0) return { sources: unionAll(matches.map(({ sources }) => sources)), call: null }
  if (relation.columns && systemColumns.has(name)) return { sources: none, call: null }
  // `t.f` is also a way to write `f(t)`.
  return { sources: relation.any, call: relation.columns ? name : null }
}
export interface QualifiedColumn {
  readonly sources: Sources
  /** The function that it calls on the whole row, where it is no column. */
  readonly call: string | null
}

export function findByAlias(scope: Scope, schema: string | null, alias: string): ScopeRelation | null {
  for (let level: Scope | null = scope; level; level = level.parent) {
    const found = level.relations.find((relation) => relation.alias === alias && (schema === null || relation.schema === schema))
    if (found) return found
  }
  return null
}

/** What a name may read that none of the above found: anything in sight. */
function everything(scope: Scope): Sources {
  const all: Sources[] = []
  for (let level: Scope | null = scope; level; level = level.parent) for (const { any } of level.relations) all.push(any)
  return unionAll(all)
}
