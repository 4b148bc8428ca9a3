import type { Node } from 'libpg-query'
import { nameOf } from './syntax-tree.ts'

/**
 * The name that the server gives a result column which has no alias (FigureColname in parse_target.c); null is `?column?`.
 * `subselect` names the first column of a scalar sub-select.
 */
export function columnName(node: Node | undefined, subselect: (query: Node) => string | null): string | null {
  return figure(node, subselect).name
}

interface Figured {
  readonly name: string | null
  /** A weak name (of a type, of CASE) gives way to a stronger one. */
  readonly strong: boolean
}
const unnamed: Figured = { name: null, strong: false }
const strong = (name: string | null): Figured => (name === null ? unnamed : { name, strong: true })

function figure(node: Node | undefined, subselect: (query: Node) => string | null): Figured {
  if (!node) return unnamed
  if ('ColumnRef' in node) return strong(nameOf(node.ColumnRef.fields).at(-1) ?? null)
  if ('FuncCall' in node) return strong(nameOf(node.FuncCall.funcname).at(-1) ?? null)
  if ('A_Indirection' in node) {
    const field = nameOf(node.A_Indirection.indirection).at(-1)
    return field === undefined ? figure(node.A_Indirection.arg, subselect) : strong(field)
  }
  if ('TypeCast' in node) {
    const inner = figure(node.TypeCast.arg, subselect)
    const type = nameOf(node.TypeCast.typeName?.names).at(-1)
    return inner.strong || type === undefined ? inner : { name: type, strong: false }
  }
  if ('CollateClause' in node) return figure(node.CollateClause.arg, subselect)
  if ('CaseExpr' in node) {
    const inner = figure(node.CaseExpr.defresult, subselect)
    return inner.strong ? inner : { name: 'case', strong: false }
  }
  if ('SubLink' in node) {
    const { subLinkType, subselect: query } = node.SubLink
    if (subLinkType === 'EXISTS_SUBLINK') return strong('exists')
    if (subLinkType === 'ARRAY_SUBLINK') return strong('array')
    return subLinkType === 'EXPR_SUBLINK' && query ? strong(subselect(query)) : unnamed
  }
  if ('A_Expr' in node) return node.A_Expr.kind === 'AEXPR_NULLIF' ? strong('nullif') : unnamed
  if ('MinMaxExpr' in node) return strong(node.MinMaxExpr.op === 'IS_LEAST' ? 'least' : 'greatest')
  if ('SQLValueFunction' in node) return strong(sqlValueName(node.SQLValueFunction.op))
  if ('XmlExpr' in node)
    return node.XmlExpr.op === 'IS_DOCUMENT' ? unnamed : strong((node.XmlExpr.op ?? '').replace('IS_', '').toLowerCase())
  if ('JsonFuncExpr' in node) return strong((node.JsonFuncExpr.op ?? '').replace('_OP', '').toLowerCase())
  return strong(fixed[Object.keys(node)[0] ?? ''] ?? null)
}

const fixed: Readonly<Record<string, string>> = {
  CoalesceExpr: 'coalesce',
  A_ArrayExpr: 'array',
  RowExpr: 'row',
  GroupingFunc: 'grouping',
  MergeSupportFunc: 'merge_action',
  XmlSerialize: 'xmlserialize',
  JsonParseExpr: 'json',
  JsonScalarExpr: 'json_scalar',
  JsonSerializeExpr: 'json_serialize',
  JsonObjectConstructor: 'json_object',
  JsonArrayConstructor: 'json_array',
  JsonArrayQueryConstructor: 'json_array',
  JsonObjectAgg: 'json_objectagg',
  JsonArrayAgg: 'json_arrayagg',
}

/** `SVFOP_CURRENT_TIMESTAMP_N` → `current_timestamp` */
function sqlValueName(op: string | undefined): string {
  return (op ?? '').replace('SVFOP_', '').replace(/_N$/, '').toLowerCase()
}
