import type { Output, Sources } from '@hoop/contracts'
import type { A_Expr, CommonTableExpr, JoinExpr, Node, RangeFunction, RangeVar, SelectStmt, WithClause } from 'libpg-query'
import { type Catalogue, findRelation } from './catalogue.ts'
import { columnName } from './column-names.ts'
import { children, sourcesOf, type Walk, wholeRow } from './expressions.ts'
import { readFunction } from './functions.ts'
import { readDelete, readInsert, readMerge, readUpdate } from './modifications.ts'
import { created, writtenName } from './new-relations.ts'
import { parse, StatementUnreadable } from './parser.ts'
import type { Reading } from './reading.ts'
import { readRelation } from './relations.ts'
import { type CommonTable, findByAlias, makeRelation, type Scope, type ScopeRelation } from './scope.ts'
import { none, union, unionAll } from './sources.ts'
import { type Fields, nameOf, qualifiedName } from './syntax-tree.ts'

export type Outputs = readonly Output[] | 'opaque'

/** A walk over one statement that puts what it finds on `reading`. */
export function startWalk(catalogue: Catalogue, reading: Reading): Walk {
  const walk: Walk = {
    catalogue,
    reading,
    query: (statement, scope) => readQuery(walk, statement, scope),
    relation: (range, scope, access = 'read') => rangeVar(walk, range, scope, access),
  }
  return walk
}

/** The scope of a statement that stands by itself. */
export const outermost: Scope = Object.freeze({ relations: [], commonTables: [], parent: null })

function readQuery(walk: Walk, statement: Node, scope: Scope): Outputs {
  if ('SelectStmt' in statement) return readSelect(walk, statement.SelectStmt, scope)
  const inner = (clause: WithClause | undefined) => withCommonTables(walk, clause, scope)
  const tools = { from: (items: readonly Node[] | undefined, parent: Scope) => from(walk, items, parent), targets }
  if ('InsertStmt' in statement) return readInsert(walk, statement.InsertStmt, inner(statement.InsertStmt.withClause), tools)
  if ('UpdateStmt' in statement) return readUpdate(walk, statement.UpdateStmt, inner(statement.UpdateStmt.withClause), tools)
  if ('DeleteStmt' in statement) return readDelete(walk, statement.DeleteStmt, inner(statement.DeleteStmt.withClause), tools)
  if ('MergeStmt' in statement) return readMerge(walk, statement.MergeStmt, inner(statement.MergeStmt.withClause), tools)
  walk.reading.unknown(`hoop does not know the query ${Object.keys(statement)[0]}`)
  return 'opaque'
}

function readSelect(walk: Walk, select: SelectStmt, outer: Scope): Outputs {
  const scope = withCommonTables(walk, select.withClause, outer)
  walk.reading.verbs.add('SELECT')
  walk.reading.effects.add('read')
  if (select.op !== undefined && select.op !== 'SETOP_NONE') return readSetOperation(walk, select, scope)
  if (select.valuesLists) return readValues(walk, select, scope)

  const items = from(walk, select.fromClause, scope)
  const inside: Scope = { ...items.scope, windows: windows(walk, select.windowClause, items.scope) }
  predicate(walk, select.whereClause, inside)
  const outputs = targets(walk, select.targetList, inside, items.columns)
  // Every other clause, whatever its name: it adds calls and relations, never an output.
  const {
    withClause: _w,
    fromClause: _f,
    whereClause: _p,
    targetList: _t,
    windowClause: _d,
    intoClause: into,
    lockingClause: locking,
    ...rest
  } = select
  clauses(walk, rest as Fields, { ...inside, ...(outputs === 'opaque' ? {} : { outputs }) })
  if (locking) {
    // The server, too, counts it as a write: a read-only transaction refuses it.
    walk.reading.effects.add('write')
    for (const { name, kind } of walk.reading.objects.filter(({ access }) => access === 'read'))
      walk.reading.object(kind, name, 'lock')
  }
  if (into) {
    walk.reading.effects.add('write').add('ddl')
    walk.reading.changesCatalogue = true
    walk.reading.flow(outputs === 'opaque' ? 'opaque' : unionAll(outputs.map(({ sources }) => sources)))
    if (into.rel) created(walk, into.rel)
  }
  return outputs
}

function windows(walk: Walk, clause: readonly Node[] | undefined, scope: Scope): Sources {
  const mark = walk.reading.mark
  const sources = sourcesOf(walk, clause, scope)
  walk.reading.forget(mark)
  return sources
}

/** Clauses that only decide which rows there are, and in which order. */
function clauses(walk: Walk, fields: Fields, scope: Scope): void {
  for (const field in fields) {
    const value = fields[field]
    if (typeof value !== 'object') continue
    const mark = walk.reading.mark
    sourcesOf(walk, value, scope)
    walk.reading.forget(mark)
  }
}

function predicate(walk: Walk, where: Node | undefined, scope: Scope): void {
  clauses(walk, { where }, scope)
}

function readSetOperation(walk: Walk, select: SelectStmt, scope: Scope): Outputs {
  const { withClause: _w, larg, rarg, ...rest } = select
  const left: Outputs = larg ? readSelect(walk, larg, scope) : 'opaque'
  const right: Outputs = rarg ? readSelect(walk, rarg, scope) : 'opaque'
  const outputs = byPosition(left, right)
  clauses(walk, rest as Fields, { ...scope, relations: [makeRelation(null, null, outputs)] })
  return outputs
}

function byPosition(left: Outputs, right: Outputs): Outputs {
  if (left === 'opaque' || right === 'opaque' || left.length !== right.length) return 'opaque'
  return left.map(({ name, sources }, position) => ({ name, sources: union(sources, right[position]?.sources ?? 'opaque') }))
}

function readValues(walk: Walk, select: SelectStmt, scope: Scope): Outputs {
  const { valuesLists = [], withClause: _w, ...rest } = select
  const columns: Sources[] = []
  for (const row of valuesLists) {
    const items = 'List' in row ? (row.List.items ?? []) : []
    for (const [position, item] of items.entries())
      columns[position] = union(columns[position] ?? none, sourcesOf(walk, item, scope))
  }
  clauses(walk, rest as Fields, scope)
  return columns.map((sources, position) => ({ name: `column${position + 1}`, sources }))
}

/** The output columns of a target list or a RETURNING list; `star` is what a bare `*` stands for. */
function targets(walk: Walk, list: readonly Node[] | undefined, scope: Scope, star: Outputs): Outputs {
  const outputs: Output[] = []
  let opaque = false
  for (const node of list ?? []) {
    const target = 'ResTarget' in node ? node.ResTarget : null
    const value = target?.val
    const expanded = value ? expandStar(walk, value, scope, star) : null
    if (expanded === 'opaque') opaque = true
    else if (expanded) {
      for (const output of expanded) walk.reading.touch(output.sources)
      outputs.push(...expanded)
    } else {
      const subselect = (query: Node) => firstName(walk, query)
      outputs.push({ name: target?.name ?? columnName(value, subselect), sources: sourcesOf(walk, value, scope) })
    }
  }
  return opaque ? 'opaque' : outputs
}

/** What `*`, `t.*` or `(t).*` stands for; null: it is one value. */
function expandStar(walk: Walk, value: Node, scope: Scope, star: Outputs): Outputs | null {
  if ('ColumnRef' in value) {
    const fields = value.ColumnRef.fields ?? []
    const last = fields.at(-1)
    if (!last || !('A_Star' in last)) return null
    const names = nameOf(fields)
    if (names.length === 0) return star
    return relationOutputs(findByAlias(scope, names.at(-2) ?? null, names.at(-1) ?? ''))
  }
  if ('A_Indirection' in value) {
    const last = value.A_Indirection.indirection?.at(-1)
    if (!last || !('A_Star' in last)) return null
    sourcesOf(walk, value.A_Indirection.arg, scope)
    return value.A_Indirection.indirection?.length === 1 ? relationOutputs(wholeRow(value.A_Indirection.arg, scope)) : 'opaque'
  }
  return null
}

function relationOutputs(relation: ScopeRelation | null): Outputs {
  return relation?.columns ?? 'opaque'
}

/** The name of a scalar sub-select's column; what is found on the way was put on the reading before. */
function firstName(walk: Walk, query: Node): string | null {
  if (!('SelectStmt' in query)) return null
  let select: SelectStmt | undefined = query.SelectStmt
  while (select?.larg) select = select.larg
  if (select?.valuesLists) return 'column1'
  const first = select?.targetList?.[0]
  if (!first || !('ResTarget' in first)) return null
  return first.ResTarget.name ?? columnName(first.ResTarget.val, (inner) => firstName(walk, inner))
}

/** The scope with a WITH clause's queries in it. */
function withCommonTables(walk: Walk, clause: WithClause | undefined, scope: Scope): Scope {
  if (!clause?.ctes) return scope
  const expressions = clause.ctes.flatMap((node) => ('CommonTableExpr' in node ? [node.CommonTableExpr] : []))
  let known: readonly CommonTable[] = scope.commonTables
  // RECURSIVE lets each see all of them, the later ones included.
  if (clause.recursive)
    known = [...expressions.map(({ ctename = '' }): CommonTable => ({ name: ctename, outputs: 'opaque' })), ...known]
  for (const expression of expressions) {
    const name = expression.ctename ?? ''
    const see = (outputs: Outputs): Scope => ({ relations: [], commonTables: [{ name, outputs }, ...known], parent: scope })
    const plain: Scope = { relations: [], commonTables: known, parent: scope }
    const outputs = clause.recursive ? recursive(walk, expression, see) : commonTable(walk, expression, plain)
    known = [{ name, outputs }, ...known]
  }
  return { ...scope, commonTables: known }
}

function commonTable(walk: Walk, expression: CommonTableExpr, scope: Scope): Outputs {
  const outputs = expression.ctequery ? walk.query(expression.ctequery, scope) : 'opaque'
  if (outputs === 'opaque') return 'opaque'
  const renamed = rename(outputs, expression.aliascolnames)
  const { search_clause: search, cycle_clause: cycle } = expression
  const any = unionAll(renamed.map(({ sources }) => sources))
  const added = [search?.search_seq_column, cycle?.cycle_mark_column, cycle?.cycle_path_column]
  return [...renamed, ...added.flatMap((name): Output[] => (name === undefined ? [] : [{ name, sources: any }]))]
}

/** More rounds than a query has columns cannot be needed; a query that still changes then is not worth more. */
const rounds = 8

/** A query that reads itself: its sources grow until a round adds nothing. */
function recursive(walk: Walk, expression: CommonTableExpr, see: (outputs: Outputs) => Scope): Outputs {
  const select = expression.ctequery && 'SelectStmt' in expression.ctequery ? expression.ctequery.SelectStmt : null
  const start = select?.larg && !select.withClause ? readSelect(walk, select.larg, see([])) : null
  if (!start || start === 'opaque') return commonTable(walk, expression, see('opaque'))
  let known: Outputs = rename(start, expression.aliascolnames)
  for (let round = 0; round < rounds; round++) {
    const next = commonTable(walk, expression, see(known))
    if (next === 'opaque' || same(known, next)) return next
    known = next
  }
  return commonTable(walk, expression, see('opaque'))
}

function same(a: readonly Output[], b: readonly Output[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ sources }, position) => sources === 'opaque' || sources.length === b[position]?.sources.length)
  )
}

/** Column aliases name the first columns; there may be fewer of them. */
function rename(outputs: readonly Output[], aliases: readonly Node[] | undefined): readonly Output[] {
  const names = nameOf(aliases)
  return names.length === 0 ? outputs : outputs.map(({ name, sources }, position) => ({ name: names[position] ?? name, sources }))
}

interface FromItem {
  readonly relations: readonly ScopeRelation[]
  /** What `*` stands for. */
  readonly columns: Outputs
}
export interface FromClause {
  readonly scope: Scope
  readonly columns: Outputs
}

/** Items see those before them (LATERAL); where the server would not let them, it refuses the statement. */
function from(walk: Walk, items: readonly Node[] | undefined, outer: Scope): FromClause {
  let scope: Scope = { relations: [], commonTables: outer.commonTables, parent: outer }
  let columns: Outputs = []
  for (const node of items ?? []) {
    const item = fromItem(walk, node, scope)
    scope = { ...scope, relations: [...scope.relations, ...item.relations] }
    columns = columns === 'opaque' || item.columns === 'opaque' ? 'opaque' : [...columns, ...item.columns]
  }
  return { scope, columns }
}

function fromItem(walk: Walk, node: Node, scope: Scope): FromItem {
  if ('RangeVar' in node) return single(rangeVar(walk, node.RangeVar, scope, 'read'))
  if ('JoinExpr' in node) return join(walk, node.JoinExpr, scope)
  if ('RangeFunction' in node) return single(rangeFunction(walk, node.RangeFunction, scope))
  if ('RangeTableSample' in node) {
    const { relation, method, args, repeatable } = node.RangeTableSample
    sourcesOf(walk, [args, repeatable], scope)
    const { schema, name } = qualifiedName(method)
    const sampling = readFunction(walk.catalogue, schema, name).candidates.every((candidate) => candidate.schema === 'pg_catalog')
    if (!sampling) walk.reading.unknown(`the sampling method ${name} is not one of PostgreSQL itself`)
    return relation ? fromItem(walk, relation, scope) : single(makeRelation(null, null, 'opaque'))
  }
  if ('RangeSubselect' in node) {
    const { subquery, alias, lateral } = node.RangeSubselect
    // Without LATERAL it does not see the items beside it, only what is outside.
    const outputs = subquery ? walk.query(subquery, lateral ? scope : { ...scope, relations: [] }) : 'opaque'
    return single(makeRelation(alias?.aliasname ?? null, null, outputs === 'opaque' ? outputs : rename(outputs, alias?.colnames)))
  }
  if ('RangeTableFunc' in node) {
    const { alias, columns } = node.RangeTableFunc
    const any = children(walk, node.RangeTableFunc as Fields, scope)
    const names =
      columns?.flatMap((column) => ('RangeTableFuncCol' in column ? [column.RangeTableFuncCol.colname ?? ''] : [])) ?? []
    return single(makeRelation(alias?.aliasname ?? null, null, rename(alike(names, any), alias?.colnames)))
  }
  if ('JsonTable' in node) {
    const { alias } = node.JsonTable
    const any = children(walk, node.JsonTable as Fields, scope)
    return single(
      makeRelation(alias?.aliasname ?? null, null, rename(alike(jsonColumns(node.JsonTable.columns), any), alias?.colnames)),
    )
  }
  walk.reading.unknown(`hoop does not know ${Object.keys(node)[0]} in FROM`)
  sourcesOf(walk, node, scope)
  return single(makeRelation(null, null, 'opaque'))
}

function single(relation: ScopeRelation): FromItem {
  return { relations: [relation], columns: relation.columns ?? 'opaque' }
}

function alike(names: readonly string[], sources: Sources): readonly Output[] {
  return names.map((name) => ({ name, sources }))
}

function jsonColumns(columns: readonly Node[] | undefined): readonly string[] {
  return (columns ?? []).flatMap((node) => {
    if (!('JsonTableColumn' in node)) return []
    const { coltype, name = '', columns: nested } = node.JsonTableColumn
    return coltype === 'JTC_NESTED' ? jsonColumns(nested) : [name]
  })
}

function join(walk: Walk, expression: JoinExpr, scope: Scope): FromItem {
  const unknown: FromItem = single(makeRelation(null, null, 'opaque'))
  const left = expression.larg ? fromItem(walk, expression.larg, scope) : unknown
  const leftScope = { ...scope, relations: [...scope.relations, ...left.relations] }
  const right = expression.rarg ? fromItem(walk, expression.rarg, leftScope) : unknown
  const both = [...left.relations, ...right.relations]
  predicate(walk, expression.quals, { ...scope, relations: [...scope.relations, ...both] })

  const natural = expression.isNatural ? commonNames(left.columns, right.columns) : nameOf(expression.usingClause)
  if (natural && natural.length > 0) sourcesOf(walk, equality, scope)
  const columns = natural ? merge(left.columns, right.columns, natural) : 'opaque'
  const alias = expression.alias
  if (alias?.aliasname !== undefined) {
    return single(makeRelation(alias.aliasname, null, columns === 'opaque' ? 'opaque' : rename(columns, alias.colnames)))
  }
  const using = expression.join_using_alias?.aliasname
  if (using === undefined) return { relations: both, columns }
  const merged = columns === 'opaque' ? columns : columns.slice(0, natural?.length ?? 0)
  return { relations: [...both, { ...makeRelation(using, null, merged), qualifiedOnly: true }], columns }
}

/** The comparison that USING and NATURAL make, for an operator that somebody else may have defined. */
const equality = { A_Expr: { kind: 'AEXPR_OP', name: [{ String: { sval: '=' } }] } satisfies A_Expr }

function commonNames(left: Outputs, right: Outputs): readonly string[] | null {
  if (left === 'opaque' || right === 'opaque') return null
  return left.flatMap(({ name }) => (name !== null && right.some((other) => other.name === name) ? [name] : []))
}

/** The columns of a join: the merged ones first, then what is left of either side. */
function merge(left: Outputs, right: Outputs, names: readonly string[]): Outputs {
  if (left === 'opaque' || right === 'opaque') return 'opaque'
  const named = (outputs: readonly Output[], name: string) =>
    outputs.filter((output) => output.name === name).map(({ sources }) => sources)
  const others = (output: Output) => output.name === null || !names.includes(output.name)
  return [
    ...names.map((name) => ({ name, sources: unionAll([...named(left, name), ...named(right, name)]) })),
    ...left.filter(others),
    ...right.filter(others),
  ]
}

function rangeVar(walk: Walk, range: RangeVar, scope: Scope, access: 'read' | 'write'): ScopeRelation {
  const { relname = '', schemaname = null } = range
  const alias = range.alias?.aliasname ?? relname
  const schema = range.alias ? null : schemaname
  const common = schemaname === null ? scope.commonTables.find(({ name }) => name === relname) : undefined
  if (common)
    return makeRelation(alias, null, common.outputs === 'opaque' ? 'opaque' : rename(common.outputs, range.alias?.colnames))

  walk.reading.effects.add(access)
  const relation = findRelation(walk.catalogue, schemaname, relname)
  if (!relation) {
    walk.reading.unresolved.add(writtenName(range))
    walk.reading.object('table', writtenName(range), access)
    return makeRelation(alias, schema, 'opaque')
  }
  walk.reading.object(
    relation.kind === 'partitioned table' ? 'table' : relation.kind,
    `${relation.schema}.${relation.name}`,
    access,
  )
  const { outputs, reading } = readRelation(walk.catalogue, relation, readDefinition)
  walk.reading.include(reading, 'view')
  // A view passes a write on to what it reads.
  if (access === 'write' && relation.kind === 'view')
    for (const object of reading.objects) walk.reading.object(object.kind, object.name, 'write')
  return makeRelation(alias, range.alias ? null : relation.schema, rename(outputs, range.alias?.colnames))
}

function rangeFunction(walk: Walk, range: RangeFunction, scope: Scope): ScopeRelation {
  const aliases = nameOf(range.alias?.colnames)
  const lists = (range.functions ?? []).map((node) => ('List' in node ? (node.List.items ?? []) : []))
  const any = unionAll(lists.map((list) => sourcesOf(walk, list[0], scope)))
  for (const node of [...lists.flatMap((list) => listed(list[1])), ...(range.coldeflist ?? [])]) {
    sourcesOf(walk, 'ColumnDef' in node ? node.ColumnDef.typeName : node, scope)
  }
  const names: string[] = []
  for (const [call, definitions] of lists) {
    const own =
      columnDefinitions(range.coldeflist ?? []) ??
      columnDefinitions(listed(definitions)) ??
      functionColumns(walk, call, range.alias?.aliasname)
    if (!own) return { alias: range.alias?.aliasname ?? functionName(call), schema: null, columns: null, any }
    names.push(...own)
  }
  if (range.ordinality) names.push('ordinality')
  const columns = names.map((name, position) => ({ name: aliases[position] ?? name, sources: any }))
  return { alias: range.alias?.aliasname ?? functionName(lists[0]?.[0]), schema: null, columns, any }
}

function columnDefinitions(definitions: readonly Node[]): readonly string[] | null {
  const names = definitions.flatMap((node) => ('ColumnDef' in node ? [node.ColumnDef.colname ?? ''] : []))
  return names.length > 0 ? names : null
}

function listed(node: Node | undefined): readonly Node[] {
  return node && 'List' in node ? (node.List.items ?? []) : []
}

function functionName(call: Node | undefined): string | null {
  return columnName(call, () => null)
}

/** The names of the columns that a function gives in FROM; null if they depend on its arguments. */
function functionColumns(walk: Walk, call: Node | undefined, alias: string | undefined): readonly string[] | null {
  if (!call) return null
  if (!('FuncCall' in call)) return [alias ?? functionName(call) ?? '?column?']
  const { schema, name } = qualifiedName(call.FuncCall.funcname)
  const [first, ...others] = readFunction(walk.catalogue, schema, name).candidates.map(({ result }) => result)
  if (first === undefined || first === null) return null
  if (others.some((other) => JSON.stringify(other) !== JSON.stringify(first))) return null
  return first === 'scalar' ? [alias ?? name] : first
}

/** A view's definition, whose names are all qualified, or not found on the path that it was printed with. */
function readDefinition(catalogue: Catalogue, sql: string, reading: Reading): Outputs {
  const walk = startWalk({ ...catalogue, searchPath: ['pg_catalog'] }, reading)
  try {
    const [statement, ...others] = parse(sql)
    if (!statement?.stmt || others.length > 0) throw new StatementUnreadable('not one statement', 0)
    return walk.query(statement.stmt, outermost)
  } catch (error) {
    if (!(error instanceof StatementUnreadable)) throw error
    reading.unknown(`a view's definition cannot be read: ${error.message}`)
    return 'opaque'
  }
}
