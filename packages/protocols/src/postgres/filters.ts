import type { Filters, Sources } from '@hoop/contracts'
import type { Node } from 'libpg-query'
import { unfolded, wholeColumn } from './choices.ts'
import type { Reading } from './reading.ts'
import { findColumn, type Scope } from './scope.ts'
import { none, unionAll } from './sources.ts'
import { isObject, nameOf, qualifiedName } from './syntax-tree.ts'

/*
 * A caller learns of a value that is never shown by what depends on it: which rows there are, their order, their groups, and whether there is an
 * error. These are the questions that a statement asks, of which a mask's `filter` decides.
 */

/** Each question of a condition by itself: what AND, OR and NOT join. */
export function questions(condition: unknown): readonly unknown[] {
  if (!isObject(condition)) return []
  const node = condition as Node
  return 'BoolExpr' in node ? (node.BoolExpr.args ?? []).flatMap(questions) : [condition]
}

/** Puts a question on the reading, with the columns that it is made of. */
export function ask(reading: Reading, question: unknown, sources: Sources, scope: Scope): void {
  if (sources === none || asksNothing(question)) return
  reading.filter(kindOf(question as Node, scope), sources)
}

/** EXISTS asks what the sub-select's own conditions ask. */
function asksNothing(question: unknown): boolean {
  const node = question as Node
  return 'SubLink' in node && node.SubLink.subLinkType === 'EXISTS_SUBLINK'
}

function kindOf(node: Node, scope: Scope): keyof Filters {
  if ('NullTest' in node) return isWhole(node.NullTest.arg, scope) ? 'equality' : 'other'
  if (!('A_Expr' in node) || nameOf(node.A_Expr.name).at(-1) !== '=') return 'other'
  const { kind = '', lexpr, rexpr } = node.A_Expr
  if (kind === 'AEXPR_IN' || kind === 'AEXPR_OP_ANY') return isWhole(lexpr, scope) && isGiven(rexpr) ? 'equality' : 'other'
  if (kind !== 'AEXPR_OP') return 'other'
  return kindOfEquals([lexpr, rexpr], scope)
}

/** `CASE x WHEN y` and NULLIF compare by `=`, without the word. */
export function askEqual(reading: Reading, one: Node, others: readonly Node[], sources: Sources, scope: Scope): void {
  reading.filter(kindOfEquals([one, ...others], scope), sources)
}

/** Columns are compared as they are or all folded alike: `lower(email) = email` is no guess, and tells whether there are capitals. */
function kindOfEquals(sides: readonly (Node | undefined)[], scope: Scope): keyof Filters {
  const whole = sides.filter((side) => isWhole(side, scope))
  if (whole.length === 0 || !sides.every((side) => whole.includes(side) || isGiven(side))) return 'other'
  return new Set(whole.map(foldsOf)).size === 1 ? 'equality' : 'other'
}

function foldsOf(node: Node | undefined): string {
  const folds: string[] = []
  if (node) unfolded(node, folds)
  return folds.join(' ')
}

/** A stored value as it stands, or of what is not known any further. */
function isWhole(node: Node | undefined, scope: Scope): boolean {
  if (wholeColumn(node, scope) === 'stored') return true
  return node !== undefined && 'ColumnRef' in node && findColumn(scope, nameOf(node.ColumnRef.fields)) === null
}

/** Made of what the caller wrote, and of nothing else. */
function isGiven(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isGiven)
  if (!isObject(value)) return true
  if ('ColumnRef' in value || 'SubLink' in value || 'CurrentOfExpr' in value) return false
  return Object.values(value).every(isGiven)
}

/** What ORDER BY, GROUP BY and DISTINCT ON say by the position or the name of an output. */
export function namedOutputs(term: unknown, scope: Scope): Sources {
  const node = term as Node
  const value = 'SortBy' in node && node.SortBy.node ? node.SortBy.node : node
  if ('A_Const' in value) {
    const position = value.A_Const.ival?.ival
    return (position === undefined ? undefined : scope.outputs?.[position - 1]?.sources) ?? none
  }
  if (!('ColumnRef' in value) || value.ColumnRef.fields?.length !== 1) return none
  const [name] = nameOf(value.ColumnRef.fields)
  return unionAll((scope.outputs ?? []).filter((output) => output.name === name).map(({ sources }) => sources))
}

/** Functions of PostgreSQL that have a result for every value of their arguments. */
const totalFunctions =
  /^(lower|upper|initcap|[blr]?trim|length|(char|character|octet|bit)_length|md5|concat(_ws)?|reverse|ascii|left|right|starts_with|strpos|to_jsonb?|row_to_json|array_to_json|jsonb?_build_array|array_agg|jsonb?_agg|string_agg|count|min|max|bool_(and|or)|every|(first|last)_value|row_number|(dense_)?rank|percent_rank|cume_dist|lag|lead|hashtext|num_nulls|num_nonnulls|cardinality|array_length|mode)$/
/** Operators that have one. */
const totalOperators = /^(\|\||=|<>|<|>|<=|>=|->>?|#>>?|@>|<@)$/
const comparisons = /^AEXPR_((NOT_)?DISTINCT|IN|(NOT_)?BETWEEN(_SYM)?)$/
const patterns = /^AEXPR_I?LIKE$|^AEXPR_SIMILAR$/
const patternOperators = /^(!?~\*?|~~\*?|!~~\*?)$/
const texts = /^(text|varchar|bpchar|name|citext)$/
const failingConstructs = new Set([
  'JsonFuncExpr',
  'JsonParseExpr',
  'JsonSerializeExpr',
  'JsonObjectConstructor',
  'JsonObjectAgg',
  'JsonScalarExpr',
  'XmlExpr',
  'XmlSerialize',
])

/** Those that have one if all arguments but the first, or the first one, are what the caller wrote. */
const totalOfFirst = /^(substr|substring|split_part|replace|translate|regexp_replace|[lr]pad|overlay|to_char|encode)$/
const totalOfOthers = /^(format|date_(trunc|part)|extract)$/

/** Whether a call has a result for all values of its arguments. */
export function isTotalCall(name: string, [first, ...others]: readonly Node[]): boolean {
  if (totalFunctions.test(name)) return true
  return (totalOfFirst.test(name) && isGiven(others)) || (totalOfOthers.test(name) && isGiven(first))
}

/** `right`: what its right side is made of. */
export function isTotalOperator(name: string, kind: string, right: Sources): boolean {
  if (comparisons.test(kind)) return true
  if (patterns.test(kind) || patternOperators.test(name)) return right === none || right.length === 0
  return totalOperators.test(name)
}

/** Whether every value has a form of this type. */
export function isTotalCast(node: Node): boolean {
  if (!('TypeCast' in node)) return false
  const { typeName } = node.TypeCast
  return !typeName?.typmods && !typeName?.arrayBounds && texts.test(qualifiedName(typeName?.names).name)
}

export function mayFail(tag: string): boolean {
  return failingConstructs.has(tag)
}

/** Whether COALESCE goes on to what is behind this by its value: of a stored one, whether it is null is shown. */
export function decides(node: Node): boolean {
  return !('ColumnRef' in node || 'A_Const' in node || 'ParamRef' in node)
}
