import type { ColumnRef, Output } from '@hoop/contracts'
import type { Node } from 'libpg-query'
import { type Catalogue, type CatalogueType, findType } from './catalogue.ts'
import { isSystemFunction, isSystemSchema, readFunction } from './functions.ts'
import { findColumn, type Scope } from './scope.ts'
import { isObject, nameOf, qualifiedName, tagged } from './syntax-tree.ts'

/** Sub-selects, which were walked before, whose values are of such types. */
const systemQueries = new WeakSet<object>()

/** Remembers what a sub-select answers with. */
export function noteQuery(query: Node, outputs: readonly Output[] | 'opaque'): void {
  if (outputs !== 'opaque' && outputs.every(({ ofSystemType }) => ofSystemType)) systemQueries.add(query)
}

/** Nodes whose value has the type of what is inside them, or one of PostgreSQL itself whatever that is. */
const ofInside = new Set(
  'A_ArrayExpr A_Expr A_Indirection BoolExpr BooleanTest CaseExpr CaseWhen CoalesceExpr CollateClause List MinMaxExpr NullTest'.split(
    ' ',
  ),
)
const constants = new Set(['A_Const', 'ParamRef', 'SQLValueFunction', 'String', 'Integer', 'A_Indices'])

/** Whether an expression is certainly of a type that comes with the server: no cast of somebody's own type applies to it. */
export function isOfSystemType(catalogue: Catalogue, node: Node, scope: Scope): boolean {
  const inside = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.every(inside)
    return !isObject(value) || isOfSystemType(catalogue, value as Node, scope)
  }
  if ('ColumnRef' in node) {
    const found = findColumn(scope, nameOf(node.ColumnRef.fields))
    return found?.column.ofSystemType === true
  }
  if ('SubLink' in node) {
    const { subLinkType, subselect } = node.SubLink
    const ofValues = subLinkType === 'EXPR_SUBLINK' || subLinkType === 'ARRAY_SUBLINK' || subLinkType === 'ANY_SUBLINK'
    return !ofValues || (subselect !== undefined && systemQueries.has(subselect))
  }
  if ('TypeCast' in node) {
    const { schema, name } = qualifiedName(node.TypeCast.typeName?.names)
    const type = findType(catalogue, schema, name)
    return type !== null && isSystemSchema(type.schema)
  }
  if ('FuncCall' in node) {
    const { schema, name } = qualifiedName(node.FuncCall.funcname)
    const { candidates } = readFunction(catalogue, schema, name)
    if (candidates.length === 0 || !candidates.every(isSystemFunction)) return false
    return inside(node.FuncCall.args)
  }
  const [tag, fields] = tagged(node) ?? [null, node]
  if (tag === null) return Object.values(fields).every(inside)
  if (constants.has(tag)) return true
  if (!ofInside.has(tag)) return false
  return Object.values(fields).every(inside)
}

/**
 * Whether unnest() of a value certainly gives one column: that of an array whose elements have no parts. It gives three for a tsvector, and
 * those of the rows for an array of rows.
 */
export function unnestsToOneColumn(catalogue: Catalogue, node: Node, scope: Scope): boolean {
  const found = 'ColumnRef' in node ? findColumn(scope, nameOf(node.ColumnRef.fields)) : null
  if (found?.column.form !== 'stored' || found.column.sources === 'opaque' || found.column.sources.length === 0) return false
  return found.column.sources.every((source) => {
    const type = typeOfColumn(catalogue, source)
    if (type?.schema !== 'pg_catalog') return false
    const element = type.name.startsWith('_') ? findType(catalogue, 'pg_catalog', type.name.slice(1)) : null
    return element?.kind === 'b' || type.name === 'int2vector' || type.name === 'oidvector'
  })
}

/** Whether a type by that name is one. */
export function ofSystemSchema(catalogue: Catalogue, names: readonly string[]): boolean {
  const type = findType(catalogue, names.at(-2) ?? null, names.at(-1) ?? '')
  return type !== null && isSystemSchema(type.schema)
}

/** Whether a column of the catalogue is of such a type. */
export function isSystemTyped(catalogue: Catalogue, typeOid: number): boolean {
  const type = catalogue.typesByOid.get(typeOid)
  return type !== undefined && isSystemSchema(type.schema)
}

function typeOfColumn(catalogue: Catalogue, { schema, table, column }: ColumnRef): CatalogueType | undefined {
  const found = catalogue.relations
    .get(schema)
    ?.get(table)
    ?.columns.find(({ name }) => name === column)
  return found && catalogue.typesByOid.get(found.typeOid)
}
