import type { Operation } from '@hoop/contracts'
import type { Catalogue, CatalogueRelation } from './catalogue.ts'

type Named = Pick<Operation, 'objects' | 'functions'>

/** Whether a relation or a function that the operation names is another one, or defined in another way, in the later catalogue. */
export function isRedefined(before: Catalogue | null, after: Catalogue | null, operation: Named): boolean {
  if (before === after) return false
  return before === null || after === null || definitionsOf(before, operation) !== definitionsOf(after, operation)
}

function definitionsOf(catalogue: Catalogue, { objects, functions }: Named): string {
  const relations = objects.flatMap(({ name }) => found(catalogue.relations, name)).map(definitionOf)
  return JSON.stringify([relations, functions.flatMap((name) => found(catalogue.functions, name))])
}

/** By a name of `schema.name`: each may have dots of its own. */
function found<Value>(bySchema: ReadonlyMap<string, ReadonlyMap<string, Value>>, name: string): Value[] {
  return [...bySchema].flatMap(([schema, byName]) => {
    const value = name.startsWith(`${schema}.`) ? byName.get(name.slice(schema.length + 1)) : undefined
    return value === undefined ? [] : [value]
  })
}

function definitionOf(relation: CatalogueRelation): unknown {
  const { oid, kind, definition, columns, kin } = relation
  const each = columns.map(({ attnum, name, typeOid, generated }) => [attnum, name, typeOid, generated])
  return [oid, kind, definition, each, setOffBy(relation), inOrder(kin.map((other) => [other.oid, setOffBy(other)]))]
}

/** What the server does besides when the relation is used. */
function setOffBy({ triggers, rules, attached, referencedBy }: CatalogueRelation): unknown {
  return [triggers, rules, attached, referencedBy].map(inOrder)
}

/** As texts, for the server gives them in any order. */
function inOrder(values: readonly unknown[]): string[] {
  return values.map((value) => JSON.stringify(value)).sort()
}
