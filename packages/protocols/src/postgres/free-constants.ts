import type { A_Expr, Node, RawStmt, SelectStmt, TypeName, WithClause } from 'libpg-query'
import { isObject, nameOf, plainRows, qualifiedName } from './syntax-tree.ts'

/** Texts that are longer are read by themselves; UTF-16 units. */
export const longestTemplate = 4096

/**
 * The places, in bytes, of constants whose value has no part in how a text is read: those that are directly compared with a column in a condition, or
 * directly stored in one. Any other constant may be a position, a length, a name, a setting, a text that runs: nothing is concluded about it.
 */
export function freeConstants(text: string, statements: readonly RawStmt[]): ReadonlySet<number> {
  // `SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'y'` sets y.
  if (text.length > longestTemplate || /set_config/i.test(text)) return none
  const candidates = new Candidates()
  for (const { stmt } of statements) candidates.query(stmt)
  const { places } = candidates
  if (places.size === 0) return none
  const times = new Map<number, number>()
  countConstants(statements, times)
  for (const place of places) if (times.get(place) !== 1) places.delete(place)
  return places
}
const none: ReadonlySet<number> = new Set()

/** How often a constant stands in a tree: the grammar puts some in it twice, and one of them may count. */
function countConstants(value: unknown, times: Map<number, number>): void {
  if (Array.isArray(value)) {
    for (const item of value) countConstants(item, times)
  } else if (isObject(value)) {
    const { A_Const: constant } = value
    if (isObject(constant)) {
      const { location } = constant
      if (typeof location === 'number') times.set(location, (times.get(location) ?? 0) + 1)
    } else for (const inner of Object.values(value)) if (typeof inner === 'object') countConstants(inner, times)
  }
}

/** Operators whose other side is a value like any other. */
const comparisons = new Set(['=', '<>', '<', '>', '<=', '>='])
const others = new Set(['AEXPR_IN', 'AEXPR_LIKE', 'AEXPR_ILIKE', 'AEXPR_BETWEEN', 'AEXPR_NOT_BETWEEN'])

/** Walks the parts of a statement that it knows, and no others. */
class Candidates {
  readonly places = new Set<number>()

  query(node: Node | undefined): void {
    if (!node) return
    if ('SelectStmt' in node) this.#select(node.SelectStmt)
    else if ('InsertStmt' in node) {
      const { withClause, selectStmt, onConflictClause: conflict } = node.InsertStmt
      this.#with(withClause)
      const rows = selectStmt && 'SelectStmt' in selectStmt ? plainRows(selectStmt.SelectStmt) : null
      if (rows === null) this.query(selectStmt)
      for (const row of rows ?? []) if ('List' in row) for (const item of row.List.items ?? []) this.#constant(item)
      this.#assigned(conflict?.targetList)
      this.#condition(conflict?.whereClause)
    } else if ('UpdateStmt' in node) {
      const { withClause, targetList, fromClause, whereClause } = node.UpdateStmt
      this.#with(withClause)
      this.#assigned(targetList)
      for (const item of fromClause ?? []) this.#from(item)
      this.#condition(whereClause)
    } else if ('DeleteStmt' in node) {
      const { withClause, usingClause, whereClause } = node.DeleteStmt
      this.#with(withClause)
      for (const item of usingClause ?? []) this.#from(item)
      this.#condition(whereClause)
    }
  }

  #select({ withClause, larg, rarg, fromClause, whereClause, havingClause }: SelectStmt): void {
    this.#with(withClause)
    if (larg) this.#select(larg)
    if (rarg) this.#select(rarg)
    for (const item of fromClause ?? []) this.#from(item)
    this.#condition(whereClause)
    this.#condition(havingClause)
  }

  #with(clause: WithClause | undefined): void {
    for (const node of clause?.ctes ?? []) if ('CommonTableExpr' in node) this.query(node.CommonTableExpr.ctequery)
  }

  #from(item: Node | undefined): void {
    if (!item) return
    if ('RangeSubselect' in item) this.query(item.RangeSubselect.subquery)
    else if ('JoinExpr' in item) {
      this.#from(item.JoinExpr.larg)
      this.#from(item.JoinExpr.rarg)
      this.#condition(item.JoinExpr.quals)
    }
  }

  #condition(node: Node | undefined): void {
    if (!node) return
    if ('BoolExpr' in node) for (const arg of node.BoolExpr.args ?? []) this.#condition(arg)
    else if ('SubLink' in node) this.query(node.SubLink.subselect)
    else if ('A_Expr' in node) this.#comparison(node.A_Expr)
  }

  #comparison({ kind, name, lexpr, rexpr }: A_Expr): void {
    const [operator = '', ...schema] = nameOf(name).toReversed()
    if (kind === 'AEXPR_OP') {
      if (schema.length > 0 || !comparisons.has(operator)) return
      if (isColumn(lexpr)) this.#constant(rexpr)
      else if (isColumn(rexpr)) this.#constant(lexpr)
    } else if (others.has(kind ?? '') && isColumn(lexpr)) {
      if (rexpr && 'List' in rexpr) for (const item of rexpr.List.items ?? []) this.#constant(item)
      else this.#constant(rexpr)
    }
  }

  /** `SET column = …` */
  #assigned(list: readonly Node[] | undefined): void {
    for (const node of list ?? []) {
      if ('ResTarget' in node && node.ResTarget.indirection === undefined) this.#constant(node.ResTarget.val)
    }
  }

  #constant(node: Node | undefined): void {
    if (node && 'TypeCast' in node && isPlainType(node.TypeCast.typeName)) return this.#constant(node.TypeCast.arg)
    if (!node || !('A_Const' in node)) return
    const { location = 0, ival, fval, sval } = node.A_Const
    if (location > 0 && (ival ?? fval ?? sval)) this.places.add(location)
  }
}

/** Types whose values name nothing. */
const plainTypes = new Set(
  'date time timetz timestamp timestamptz uuid text varchar int2 int4 int8 float4 float8 numeric'.split(' '),
)

function isPlainType(type: TypeName | undefined): boolean {
  if (!type || type.typmods || type.arrayBounds || type.setof || type.pct_type) return false
  const { schema, name } = qualifiedName(type.names)
  return plainTypes.has(name) && (schema === null || schema === 'pg_catalog')
}

function isColumn(node: Node | undefined): boolean {
  if (!node || !('ColumnRef' in node)) return false
  const { fields = [] } = node.ColumnRef
  return nameOf(fields).length === fields.length
}
