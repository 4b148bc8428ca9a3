import type { Output, Sources } from '@hoop/contracts'
import type { JoinExpr, Node, RangeFunction } from 'libpg-query'
import { columnName } from './column-names.ts'
import { children, namedType, predicate, sourcesOf, userOperator, type Walk } from './expressions.ts'
import { readFunction } from './functions.ts'
import { makeRelation, rename, type Scope, type ScopeRelation } from './scope.ts'
import { unionAll } from './sources.ts'
import { type Fields, nameOf, qualifiedName } from './syntax-tree.ts'
import { isOfSystemType, unnestsToOneColumn } from './system-types.ts'

type Outputs = readonly Output[] | 'opaque'

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
export function from(walk: Walk, items: readonly Node[] | undefined, outer: Scope): FromClause {
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
  if ('RangeVar' in node) return single(walk.relation(node.RangeVar, scope))
  if ('JoinExpr' in node) return join(walk, node.JoinExpr, scope)
  if ('RangeFunction' in node) return single(rangeFunction(walk, node.RangeFunction, scope))
  if ('RangeTableSample' in node) {
    const { relation, method, args, repeatable } = node.RangeTableSample
    walk.reading.choose(sourcesOf(walk, [args, repeatable], scope))
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
    walk.reading.choose(any)
    const names =
      columns?.flatMap((column) => ('RangeTableFuncCol' in column ? [column.RangeTableFuncCol.colname ?? ''] : [])) ?? []
    return single(makeRelation(alias?.aliasname ?? null, null, rename(alike(names, any), alias?.colnames)))
  }
  if ('JsonTable' in node) {
    const { alias } = node.JsonTable
    const any = children(walk, node.JsonTable as Fields, scope)
    walk.reading.choose(any)
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
  const columns = natural ? merge(left.columns, right.columns, natural) : 'opaque'
  if (natural && natural.length > 0) {
    const compared = columns === 'opaque' ? null : columns.slice(0, natural.length)
    userOperator(walk, undefined, '=', () => !compared?.every(({ ofSystemType }) => ofSystemType))
  }
  if (columns !== 'opaque') {
    for (const { sources, form } of columns.slice(0, natural?.length ?? 0)) {
      if (form === 'stored') walk.reading.filter('equality', sources)
      else walk.reading.choose(sources)
    }
  } else if (expression.isNatural || expression.usingClause) walk.reading.filter('equality', 'opaque')
  const alias = expression.alias
  if (alias?.aliasname !== undefined) {
    return single(makeRelation(alias.aliasname, null, columns === 'opaque' ? 'opaque' : rename(columns, alias.colnames)))
  }
  const using = expression.join_using_alias?.aliasname
  if (using === undefined) return { relations: both, columns }
  const merged = columns === 'opaque' ? columns : columns.slice(0, natural?.length ?? 0)
  return { relations: [...both, { ...makeRelation(using, null, merged), qualifiedOnly: true }], columns }
}

function commonNames(left: Outputs, right: Outputs): readonly string[] | null {
  if (left === 'opaque' || right === 'opaque') return null
  return left.flatMap(({ name }) => (name !== null && right.some((other) => other.name === name) ? [name] : []))
}

/** The columns of a join: the merged ones first, then what is left of either side. */
function merge(left: Outputs, right: Outputs, names: readonly string[]): Outputs {
  if (left === 'opaque' || right === 'opaque') return 'opaque'
  const merged = (name: string): Output => {
    const both = [...left, ...right].filter((output) => output.name === name)
    const stored = both.every(({ form }) => form === 'stored')
    const ofSystemType = both.every((output) => output.ofSystemType)
    return { name, sources: unionAll(both.map(({ sources }) => sources)), form: stored ? 'stored' : undefined, ofSystemType }
  }
  const others = (output: Output) => output.name === null || !names.includes(output.name)
  return [...names.map(merged), ...left.filter(others), ...right.filter(others)]
}

function rangeFunction(walk: Walk, range: RangeFunction, scope: Scope): ScopeRelation {
  const aliases = nameOf(range.alias?.colnames)
  const lists = (range.functions ?? []).map((node) => ('List' in node ? (node.List.items ?? []) : []))
  const any = unionAll(lists.map((list) => sourcesOf(walk, list[0], scope)))
  walk.reading.choose(any)
  for (const node of [...lists.flatMap((list) => listed(list[1])), ...(range.coldeflist ?? [])]) {
    if ('ColumnDef' in node && node.ColumnDef.typeName) namedType(walk, node.ColumnDef.typeName, scope)
    else sourcesOf(walk, node, scope)
  }
  const names: string[] = []
  for (const [call, definitions] of lists) {
    const own =
      columnDefinitions(range.coldeflist ?? []) ??
      columnDefinitions(listed(definitions)) ??
      unnestedColumns(walk, call, scope, range.alias?.aliasname) ??
      functionColumns(walk, call, range.alias?.aliasname)
    if (!own) return { alias: range.alias?.aliasname ?? functionName(call), schema: null, columns: null, any }
    names.push(...own)
  }
  if (range.ordinality) names.push('ordinality')
  const defined = lists.some(([, definitions]) => listed(definitions).length > 0) || range.coldeflist !== undefined
  const ofSystemType = !defined && lists.every(([call]) => call !== undefined && isOfSystemType(walk.catalogue, call, scope))
  const columns = names.map((name, position) => ({ name: aliases[position] ?? name, sources: any, ofSystemType }))
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

/** One for each array of `unnest(a, b)`; null if it is another function, or what one of them holds is not certain. */
function unnestedColumns(walk: Walk, call: Node | undefined, scope: Scope, alias: string | undefined): readonly string[] | null {
  if (!call || !('FuncCall' in call)) return null
  const { funcname, args = [] } = call.FuncCall
  const { schema, name } = qualifiedName(funcname)
  if (name !== 'unnest' || args.length === 0) return null
  if (readFunction(walk.catalogue, schema, name).candidates.some((candidate) => candidate.schema !== 'pg_catalog')) return null
  if (!args.every((arg) => unnestsToOneColumn(walk.catalogue, arg, scope))) return null
  return args.map(() => alias ?? name)
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
