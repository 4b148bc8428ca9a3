import type { Output } from '@hoop/contracts'
import type { Node } from 'libpg-query'
import type { Catalogue } from './catalogue.ts'
import { readFunction } from './functions.ts'
import { type FoundColumn, findColumn, type Scope } from './scope.ts'
import { isObject, nameOf, qualifiedName, tagged } from './syntax-tree.ts'

/*
 * A hidden value can be told without being shown: `select chr(i) from customers, generate_series(32, 126) i where ascii(email) = i` answers
 * with its first letter. What decides which rows there are, and in which order, is therefore part of what the result is made of, except
 * where it compares one stored value, or one row of a table with itself, with what the caller wrote: that answers no more than the
 * question's own yes or no.
 */

/** The conditions of a clause that all must hold; those that OR joins are one. */
export function conditions(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap(conditions)
  if (!isObject(value)) return []
  const node = value as Node
  if ('BoolExpr' in node && node.BoolExpr.boolop !== 'OR_EXPR') return (node.BoolExpr.args ?? []).flatMap(conditions)
  if ('List' in node) return (node.List.items ?? []).flatMap(conditions)
  if ('GroupingSet' in node) return (node.GroupingSet.content ?? []).flatMap(conditions)
  return [value]
}

/** Whether a condition, or a term of ORDER BY and the like, answers only what its author asked. */
export function tellsNothing(catalogue: Catalogue, condition: unknown, scope: Scope): boolean {
  const node = condition as Node
  // Whether there is a row is decided by the sub-select's own conditions.
  if ('SubLink' in node && node.SubLink.subLinkType === 'EXISTS_SUBLINK') return true
  const term = 'SortBy' in node && node.SortBy.node ? node.SortBy.node : node
  if ('A_Const' in term) {
    const position = term.A_Const.ival?.ival
    const output = position === undefined ? undefined : scope.outputs?.[position - 1]
    return output === undefined || output.form !== undefined
  }
  const columns = columnsIn(catalogue, term, scope)
  if (columns === null) return false
  const distinct = new Set(columns.map(({ column }) => column))
  if (distinct.size <= 1) return columns.every(({ column }) => column.form !== undefined)
  const relations = new Set(columns.map(({ relation }) => relation))
  if (relations.size === 1 && columns.every(({ column, relation }) => column.form !== undefined && relation?.stored)) return true
  return comparesStored(term, scope)
}

/** `stored` for a column as it stands, `function` for what is computed of one stored value and constants. */
export function formOf(catalogue: Catalogue, value: Node | undefined, scope: Scope): Output['form'] {
  if (!value) return undefined
  if ('ColumnRef' in value) return findColumn(scope, nameOf(value.ColumnRef.fields))?.column.form
  const columns = columnsIn(catalogue, value, scope)
  if (columns === null || new Set(columns.map(({ column }) => column)).size !== 1) return undefined
  return columns.every(({ column }) => column.form !== undefined) ? 'function' : undefined
}

/** The columns that an expression names; null: it may hold what they do not tell. */
function columnsIn(catalogue: Catalogue, value: unknown, scope: Scope): readonly FoundColumn[] | null {
  if (Array.isArray(value)) return together(value.map((item) => columnsIn(catalogue, item, scope)))
  if (!isObject(value)) return []
  const [tag, fields] = tagged(value) ?? [null, value]
  const node = value as Node
  if ('ColumnRef' in node) {
    const names = nameOf(node.ColumnRef.fields)
    const found = names.length === node.ColumnRef.fields?.length ? findColumn(scope, names) : null
    return found === null ? null : [found]
  }
  if (tag === 'SubLink' || tag === 'SelectStmt') return null
  if ('FuncCall' in node) {
    const { schema, name } = qualifiedName(node.FuncCall.funcname)
    const { candidates } = readFunction(catalogue, schema, name)
    if (candidates.length === 0 || candidates.some(({ volatility }) => volatility === 'volatile')) return null
  }
  return together(Object.values(fields).map((inner) => columnsIn(catalogue, inner, scope)))
}

function together(parts: readonly (readonly FoundColumn[] | null)[]): readonly FoundColumn[] | null {
  const all: FoundColumn[] = []
  for (const part of parts) {
    if (part === null) return null
    all.push(...part)
  }
  return all
}

/** `a.email = lower(b.email)`: nothing but whole values of tables meet. */
function comparesStored(node: Node, scope: Scope): boolean {
  if (!('A_Expr' in node) || node.A_Expr.kind !== 'AEXPR_OP') return false
  const { name, lexpr, rexpr } = node.A_Expr
  if (nameOf(name).at(-1) !== '=') return false
  return [lexpr, rexpr].every((side) => wholeColumn(side, scope) === 'stored')
}

/** `stored`: a stored value, but for changes of case, blanks around it, and casts to text. */
export function wholeColumn(node: Node | undefined, scope: Scope): Output['form'] {
  const inner = node && unfolded(node)
  return inner && 'ColumnRef' in inner ? findColumn(scope, nameOf(inner.ColumnRef.fields))?.column.form : undefined
}

/** Functions of one argument that keep all of it in place. */
const folding = /^(lower|upper|btrim|ltrim|rtrim)$/
const texts = /^(text|varchar|citext)$/

/**
 * Whether an expression is one of its stored values whole, or a constant: put back into its own column, it brings no other part of it to
 * where a mask shows one.
 */
export function keepsWhole(node: Node): boolean {
  const inner = unfolded(node)
  if ('CoalesceExpr' in inner) return (inner.CoalesceExpr.args ?? []).every(keepsWhole)
  return 'ColumnRef' in inner || 'ParamRef' in inner || 'A_Const' in inner || 'SetToDefault' in inner
}

/** What is inside of changes of case, trimming of blanks and casts to text; `folds` gets the names of those that change something. */
export function unfolded(node: Node, folds: string[] = []): Node {
  if ('FuncCall' in node) {
    const { name } = qualifiedName(node.FuncCall.funcname)
    const [only, ...others] = node.FuncCall.args ?? []
    if (only && others.length === 0 && folding.test(name)) {
      folds.push(name)
      return unfolded(only, folds)
    }
  }
  if ('TypeCast' in node && node.TypeCast.arg && !node.TypeCast.typeName?.typmods && !node.TypeCast.typeName?.arrayBounds) {
    if (texts.test(nameOf(node.TypeCast.typeName?.names).at(-1) ?? '')) return unfolded(node.TypeCast.arg, folds)
  }
  return node
}
