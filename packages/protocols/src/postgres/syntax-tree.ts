import type { Node, SelectStmt } from 'libpg-query'

/** A node without its tag, or any object inside one. */
export type Fields = { readonly [field: string]: unknown }

/** A node's tag and its fields; null for the empty object that stands for a null in a list. */
export function tagged(node: object): readonly [tag: string, fields: Fields] | null {
  for (const tag in node) {
    const fields: unknown = (node as Fields)[tag]
    return isTag(tag) && isObject(fields) ? [tag, fields] : null
  }
  return null
}

/** Tags begin with a capital, fields never do. */
function isTag(name: string): boolean {
  const first = name.charCodeAt(0)
  return first >= 65 && first <= 90
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The text of a String node; null for any other. */
export function stringOf(node: Node | undefined): string | null {
  if (!node) return null
  if ('String' in node) return node.String.sval ?? ''
  if ('A_Const' in node) return node.A_Const.sval ? (node.A_Const.sval.sval ?? '') : null
  return null
}

/** A possibly qualified name: `[schema, name]`, `[database, schema, name]`; anything that is not a String is left out. */
export function nameOf(nodes: readonly Node[] | undefined): readonly string[] {
  const names: string[] = []
  for (const node of nodes ?? []) if ('String' in node) names.push(node.String.sval ?? '')
  return names
}

/** A qualified name's last two parts; the schema is null where none is written. */
export function qualifiedName(nodes: readonly Node[] | undefined): { readonly schema: string | null; readonly name: string } {
  const names = nameOf(nodes)
  return { schema: names.at(-2) ?? null, name: names.at(-1) ?? '' }
}

/** The rows of a VALUES that has no other clause; null: it is any other query. */
export function plainRows({
  valuesLists,
  withClause,
  sortClause,
  limitCount,
  limitOffset,
  lockingClause,
}: SelectStmt): readonly Node[] | null {
  return (withClause ?? sortClause ?? limitCount ?? limitOffset ?? lockingClause) ? null : (valuesLists ?? null)
}

/** Two trees that say the same, wherever they stand in the text. */
export function sameTree(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, withoutLocation) === JSON.stringify(b, withoutLocation)
}
function withoutLocation(key: string, value: unknown): unknown {
  return key === 'location' ? undefined : value
}
