import type { Output, Sources } from '@hoop/contracts'
import type {
  DeleteStmt,
  InsertStmt,
  MergeStmt,
  MergeWhenClause,
  Node,
  OnConflictClause,
  RangeVar,
  ReturningClause,
  UpdateStmt,
} from 'libpg-query'
import { findRelation } from './catalogue.ts'
import { keepsWhole } from './choices.ts'
import { type WriteEvent, writeSetsOff } from './consequences.ts'
import { outputSources, predicate, sourcesOf, type Walk } from './expressions.ts'
import { bounded } from './predicates.ts'
import { makeRelation, type NamedColumn, type Scope, type ScopeRelation } from './scope.ts'
import { none, union, unionAll, without } from './sources.ts'
import { plainRows } from './syntax-tree.ts'

type Outputs = readonly Output[] | 'opaque'

/** The parts of reading a query that a modification shares with SELECT. */
export interface QueryTools {
  from(items: readonly Node[] | undefined, outer: Scope): { readonly scope: Scope; readonly columns: Outputs }
  targets(walk: Walk, list: readonly Node[] | undefined, scope: Scope, star: Outputs): Outputs
}

export function readInsert(walk: Walk, insert: InsertStmt, scope: Scope, tools: QueryTools): Outputs {
  walk.reading.verbs.add('INSERT')
  const target = writeTo(walk, insert.relation, scope)
  writeSetsOff(walk, insert.relation, {
    events: insertEvents(insert),
    given: givenColumns(insert, target),
    changed: null,
    defaulted: defaulted(insert.onConflictClause?.targetList),
  })
  const written = new Written(walk, target)
  const columns = insert.cols ? assignedNames(insert.cols) : (target.columns?.map(({ name }) => name) ?? null)
  sourcesOf(walk, subscripts(insert.cols), scope)
  const rows = insert.selectStmt && 'SelectStmt' in insert.selectStmt ? plainRows(insert.selectStmt.SelectStmt) : null
  if (rows !== null) {
    for (const row of rows) {
      for (const [position, item] of ('List' in row ? (row.List.items ?? []) : []).entries()) {
        const mark = walk.reading.mark
        written.store(columns?.[position] ?? null, sourcesOf(walk, item, scope), mark, keepsWhole(item))
      }
    }
  } else if (insert.selectStmt) {
    const mark = walk.reading.mark
    const outputs = walk.query(insert.selectStmt, scope)
    if (outputs === 'opaque') written.store(null, 'opaque', mark, false)
    else {
      walk.reading.settle(
        mark,
        unionAll(outputs.map((_, position) => target.columns?.find(({ name }) => name === columns?.[position])?.sources ?? none)),
      )
      for (const [position, { sources, form }] of outputs.entries())
        written.store(columns?.[position] ?? null, sources, walk.reading.mark, form === 'stored')
    }
  }
  const inside: Scope = { relations: [target], commonTables: scope.commonTables, parent: scope }
  if (insert.onConflictClause) onConflict(walk, insert.onConflictClause, inside, written)
  return returning(walk, insert.returningClause, inside, written, [], tools)
}

function insertEvents({ onConflictClause: conflict }: InsertStmt): readonly WriteEvent[] {
  return conflict?.action === 'ONCONFLICT_UPDATE' ? ['insert', 'update'] : ['insert']
}

/** Columns that certainly get a value of their own; null: any may get its default. */
function givenColumns({ cols, selectStmt }: InsertStmt, target: ScopeRelation): readonly string[] | null {
  if (!selectStmt || !('SelectStmt' in selectStmt)) return null
  const rows = selectStmt.SelectStmt.valuesLists ?? []
  const defaults = rows.some((row) => 'List' in row && row.List.items?.some((item) => 'SetToDefault' in item))
  if (defaults) return null
  if (cols) return assignedNames(cols)
  // Without a list, the values are for the first columns.
  const [first] = rows
  const count = first && 'List' in first ? first.List.items?.length : undefined
  return count === undefined ? null : (target.columns?.slice(0, count).map(({ name }) => name) ?? null)
}

const mergeWrites: Readonly<Record<string, WriteEvent>> = { CMD_INSERT: 'insert', CMD_UPDATE: 'update', CMD_DELETE: 'delete' }
function mergeEvents({ mergeWhenClauses: clauses = [] }: MergeStmt): readonly WriteEvent[] {
  const events = clauses.map((node) => mergeWrites[('MergeWhenClause' in node && node.MergeWhenClause.commandType) || ''])
  return [...new Set(events.filter((event) => event !== undefined))]
}

function onConflict(walk: Walk, clause: OnConflictClause, inside: Scope, written: Written): void {
  // The row proposed for insertion: the table's own columns, and what is being put in them.
  const excluded = { ...written.relation(), alias: 'excluded', schema: null, qualifiedOnly: true }
  const scope = { ...inside, relations: [...inside.relations, excluded] }
  walk.reading.filter('equality', sourcesOf(walk, clause.infer, inside))
  assign(walk, clause.targetList, scope, written)
  predicate(walk, clause.whereClause, scope)
  if (clause.action === 'ONCONFLICT_UPDATE') walk.reading.verbs.add('UPDATE')
}

export function readUpdate(walk: Walk, update: UpdateStmt, scope: Scope, tools: QueryTools): Outputs {
  walk.reading.verbs.add('UPDATE')
  const target = writeTo(walk, update.relation, scope)
  writeSetsOff(walk, update.relation, {
    events: ['update'],
    given: null,
    changed: assignedNames(update.targetList ?? []),
    defaulted: defaulted(update.targetList),
  })
  const written = new Written(walk, target)
  const others = tools.from(update.fromClause, scope)
  const inside: Scope = { ...others.scope, relations: [target, ...others.scope.relations] }
  assign(walk, update.targetList, inside, written)
  predicate(walk, update.whereClause, inside)
  if (!bounded(update.whereClause)) walk.reading.unbounded = true
  return returning(walk, update.returningClause, inside, written, others.columns, tools)
}

export function readDelete(walk: Walk, deletion: DeleteStmt, scope: Scope, tools: QueryTools): Outputs {
  walk.reading.verbs.add('DELETE')
  const target = writeTo(walk, deletion.relation, scope)
  writeSetsOff(walk, deletion.relation, { events: ['delete'], given: null, changed: null })
  const others = tools.from(deletion.usingClause, scope)
  const inside: Scope = { ...others.scope, relations: [target, ...others.scope.relations] }
  predicate(walk, deletion.whereClause, inside)
  if (!bounded(deletion.whereClause)) walk.reading.unbounded = walk.reading.destructive = true
  return returning(walk, deletion.returningClause, inside, new Written(walk, target), others.columns, tools)
}

export function readMerge(walk: Walk, merge: MergeStmt, scope: Scope, tools: QueryTools): Outputs {
  walk.reading.verbs.add('MERGE')
  const target = writeTo(walk, merge.relation, scope)
  writeSetsOff(walk, merge.relation, { events: mergeEvents(merge), given: null, changed: null, defaulted: mergeDefaults(merge) })
  const written = new Written(walk, target)
  const source = tools.from(merge.sourceRelation ? [merge.sourceRelation] : [], scope)
  const inside: Scope = { ...source.scope, relations: [target, ...source.scope.relations] }
  predicate(walk, merge.joinCondition, inside)
  for (const node of merge.mergeWhenClauses ?? []) {
    if ('MergeWhenClause' in node) mergeWhen(walk, node.MergeWhenClause, inside, written)
    else walk.reading.unknown('hoop does not know a clause of MERGE')
  }
  return returning(walk, merge.returningClause, inside, written, source.columns, tools, 'last')
}

function mergeWhen(walk: Walk, when: MergeWhenClause, scope: Scope, written: Written): void {
  predicate(walk, when.condition, scope)
  if (when.commandType !== 'CMD_INSERT') {
    assign(walk, when.targetList, scope, written)
    return
  }
  const columns = when.targetList ? assignedNames(when.targetList) : written.names
  sourcesOf(walk, subscripts(when.targetList), scope)
  for (const [position, value] of (when.values ?? []).entries()) {
    const mark = walk.reading.mark
    written.store(columns?.[position] ?? null, sourcesOf(walk, value, scope), mark, keepsWhole(value))
  }
}

/** `SET a = …, (b, c) = …` */
function assign(walk: Walk, list: readonly Node[] | undefined, scope: Scope, written: Written): void {
  sourcesOf(walk, subscripts(list), scope)
  for (const node of list ?? []) {
    if (!('ResTarget' in node)) continue
    const { name = null, val } = node.ResTarget
    const mark = walk.reading.mark
    if (val && 'MultiAssignRef' in val) written.store(name, multiAssigned(walk, val, scope), mark, false)
    else written.store(name, sourcesOf(walk, val, scope), mark, val !== undefined && keepsWhole(val))
  }
}

/** The grammar repeats the source of `(a, b) = …` for each column. */
function multiAssigned(walk: Walk, node: Node, scope: Scope): Sources {
  if (!('MultiAssignRef' in node)) return none
  const { source, colno = 1 } = node.MultiAssignRef
  if (source && 'RowExpr' in source) return sourcesOf(walk, source.RowExpr.args?.[colno - 1], scope)
  if (source && 'SubLink' in source && source.SubLink.subselect) {
    const outputs = walk.query(source.SubLink.subselect, scope)
    return outputs === 'opaque' ? 'opaque' : (outputs[colno - 1]?.sources ?? 'opaque')
  }
  return sourcesOf(walk, source, scope)
}

function assignedNames(list: readonly Node[]): readonly string[] {
  return list.map((node) => ('ResTarget' in node ? (node.ResTarget.name ?? '') : ''))
}

/** `SET a = DEFAULT, (b, c) = (DEFAULT, 1)`: of the second, both. */
function defaulted(list: readonly Node[] = []): readonly string[] {
  const isDefault = (value: Node | undefined): boolean => {
    if (value && 'MultiAssignRef' in value) {
      const { source } = value.MultiAssignRef
      return source !== undefined && 'RowExpr' in source && (source.RowExpr.args ?? []).some(isDefault)
    }
    return value !== undefined && 'SetToDefault' in value
  }
  return assignedNames(list.filter((node) => 'ResTarget' in node && isDefault(node.ResTarget.val)))
}

function mergeDefaults({ mergeWhenClauses: clauses = [] }: MergeStmt): readonly string[] {
  return clauses.flatMap((node) => ('MergeWhenClause' in node ? defaulted(node.MergeWhenClause.targetList) : []))
}

/** `a[f(x)]` on the left side is an expression too. */
function subscripts(list: readonly Node[] | undefined): readonly Node[] {
  return (list ?? []).flatMap((node) => ('ResTarget' in node ? (node.ResTarget.indirection ?? []) : []))
}

/** The relation that is written to, as the rest of the statement sees it. */
function writeTo(walk: Walk, range: RangeVar | undefined, scope: Scope): ScopeRelation {
  const { reading } = walk
  reading.effects.add('write')
  if (!range) return makeRelation(null, null, 'opaque')
  // A WITH query cannot be written to: its name does not hide the table's here.
  const relation = walk.relation(range, { ...scope, commonTables: [] }, 'write')
  const found = findRelation(walk.catalogue, range.schemaname ?? null, range.relname ?? '')
  if (found?.schema === 'pg_catalog') {
    reading.refuse(`writing to the system catalogue (${found.name})`)
    reading.unknown(`a write to ${found.name} changes the server itself`)
  }
  return relation
}

/** What a statement puts in the columns of one relation. */
class Written {
  readonly #walk: Walk
  readonly #target: ScopeRelation
  readonly #stored = new Map<string, Sources>()
  #anywhere: Sources = none

  constructor(walk: Walk, target: ScopeRelation) {
    this.#walk = walk
    this.#target = target
  }

  get names(): readonly string[] | null {
    return this.#target.columns?.map(({ name }) => name) ?? null
  }

  /**
   * A value goes into a column; null: which one is not known. The constants since the mark go there, too. `whole`: it is a value as it was
   * stored, not a part of one.
   */
  store(column: string | null, sources: Sources, mark: number, whole: boolean): void {
    const known = column === null ? undefined : this.#target.columns?.find(({ name }) => name === column)
    const own = known?.sources ?? (this.#target.columns ? none : this.#target.any)
    this.#walk.reading.settle(mark, own)
    if (known) this.#walk.reading.touch(known.sources)
    const moved = whole ? without(sources, known?.sources ?? none) : sources
    this.#walk.reading.flow(moved)
    if (known) this.#stored.set(known.name, union(this.#stored.get(known.name) ?? none, sources))
    else this.#anywhere = union(this.#anywhere, sources)
  }

  /** The relation after the write: a column may hold what it held, or what was put in it. */
  relation(): ScopeRelation {
    const columns = this.#target.columns?.map(
      ({ name, sources, form, ofSystemType }): NamedColumn => ({
        name,
        form,
        ofSystemType,
        sources: unionAll([sources, this.#stored.get(name) ?? none, this.#anywhere]),
      }),
    )
    return columns ? makeRelation(this.#target.alias, this.#target.schema, columns) : this.#target
  }
}

function returning(
  walk: Walk,
  clause: ReturningClause | undefined,
  inside: Scope,
  written: Written,
  others: Outputs,
  tools: QueryTools,
  position: 'first' | 'last' = 'first',
): Outputs {
  if (!clause) return []
  walk.reading.effects.add('read')
  const target = written.relation()
  let [old, fresh] = ['old', 'new']
  for (const node of clause.options ?? []) {
    if (!('ReturningOption' in node)) continue
    if (node.ReturningOption.option === 'RETURNING_OPTION_OLD') old = node.ReturningOption.value ?? old
    else fresh = node.ReturningOption.value ?? fresh
  }
  const [, ...rest] = inside.relations
  const versions = [old, fresh].map((alias) => ({ ...target, alias, schema: null, qualifiedOnly: true }))
  const scope: Scope = { ...inside, relations: [target, ...rest, ...versions] }
  const own: Outputs = target.columns ?? 'opaque'
  const order = position === 'first' ? [own, others] : [others, own]
  const star = order.some((outputs) => outputs === 'opaque')
    ? 'opaque'
    : order.flatMap((outputs) => (outputs === 'opaque' ? [] : outputs))
  const mark = walk.reading.mark
  const outputs = tools.targets(walk, clause.exprs, scope, star)
  walk.reading.forget(mark)
  walk.reading.touch(outputSources(outputs))
  return outputs
}
