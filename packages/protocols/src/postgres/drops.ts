import type { AlterTableCmd, DropStmt, Node } from 'libpg-query'
import { type Catalogue, type CatalogueRelation, findFunctions, findIndex, findType, probableRelation } from './catalogue.ts'
import { type Dropped, relationsDroppedWith } from './dependents.ts'
import type { Walk } from './expressions.ts'
import { goesOver } from './maintenance.ts'
import { dependedOn, isRelation, kindOf, nameObjects, namesIn, relationOf } from './named-objects.ts'

/** DROP, of anything but roles, databases and tablespaces: what it names, and what goes with that. */
export function drop(walk: Walk, { objects = [], removeType, behavior }: DropStmt): void {
  const cascade = behavior === 'DROP_CASCADE'
  const named = nameObjects(walk, objects, removeType ?? '')
  // What is dropped may be newer than the catalogue, and so may be what goes with it.
  for (const object of cascade ? objects : []) unresolved(walk, object, removeType ?? '')
  const schemas =
    removeType === 'OBJECT_SCHEMA' ? objects.map((object) => ('String' in object ? (object.String.sval ?? '') : '')) : []
  goesWith(walk, [...named, ...(cascade ? schemas.flatMap((schema) => inSchema(walk, schema)) : [])], cascade)
}

function unresolved({ catalogue, reading }: Walk, object: Node, type: string): void {
  const names = namesIn(object)
  const [name = '', schema = null] = [...names].reverse()
  if (!isKnown(catalogue, type, schema, name)) reading.unresolved.add(names.join('.'))
}

/** Whether the catalogue has it; what it never has counts as known. */
function isKnown(catalogue: Catalogue, type: string, schema: string | null, name: string): boolean {
  if (isRelation(type)) return probableRelation(catalogue, schema, name) !== null
  if (type === 'OBJECT_SCHEMA') return catalogue.schemas.has(name)
  if (type === 'OBJECT_TYPE' || type === 'OBJECT_DOMAIN') return findType(catalogue, schema, name) !== null
  return !/^OBJECT_(FUNCTION|PROCEDURE|ROUTINE|AGGREGATE)$/.test(type) || findFunctions(catalogue, schema, name).length > 0
}

/** ALTER TABLE … DROP COLUMN and DROP CONSTRAINT. */
export function dropPart(walk: Walk, table: CatalogueRelation, { subtype, name = '', behavior }: AlterTableCmd): void {
  const cascade = behavior === 'DROP_CASCADE'
  const column = subtype === 'AT_DropColumn' ? table.columns.find((candidate) => candidate.name === name) : undefined
  // A key of another table hangs on the index of a constraint.
  const index = subtype === 'AT_DropConstraint' ? findIndex(walk.catalogue, table.schema, name) : null
  if (column) goesWith(walk, [{ node: `relation ${table.oid}`, column: column.attnum }], cascade)
  if (index) goesWith(walk, [{ node: `index ${index.oid}`, column: 0 }], cascade)
}

/** ALTER DOMAIN and ALTER TYPE: tables that hold values of it are looked through, or written anew. */
export function alterType(walk: Walk, names: readonly string[]): void {
  const { dependents } = walk.catalogue.probable ?? walk.catalogue
  const nodes = dependedOn(walk.catalogue, 'type', names)
  const open = [...nodes]
  const seen = new Set<string>()
  for (let next = open.pop(); next; next = open.pop()) {
    for (const { node } of dependents.byNode.get(next.node) ?? []) {
      if (seen.has(node)) continue
      seen.add(node)
      // Arrays and domains of it, and types that have it in them.
      if (node.startsWith('type ')) open.push({ node, column: 0 })
      const relation = node.startsWith('relation ') ? relationOf(walk.catalogue, Number(node.split(' ')[1])) : undefined
      if (!relation || relation.kind === 'view') continue
      walk.reading.object(kindOf(relation), `${relation.schema}.${relation.name}`, 'ddl')
      goesOver(walk, relation)
    }
  }
}

/** Everything that a schema holds. */
function inSchema(walk: Walk, schema: string): readonly Dropped[] {
  const { relations, functions, dependents } = walk.catalogue.probable ?? walk.catalogue
  const own = [...(relations.get(schema)?.values() ?? [])]
  for (const relation of own) walk.reading.object(kindOf(relation), `${relation.schema}.${relation.name}`, 'ddl')
  for (const name of functions.get(schema)?.keys() ?? []) walk.reading.object('function', `${schema}.${name}`, 'ddl')
  const others = [...dependents.named.values()].flatMap((bySchema) => [...(bySchema.get(schema)?.values() ?? [])].flat())
  return [...own.map(({ oid }) => `relation ${oid}`), ...others].map((node) => ({ node, column: 0 }))
}

function goesWith(walk: Walk, dropped: readonly Dropped[], cascade: boolean): void {
  const { catalogue, reading } = walk
  // What its own transaction has made, moved or tied together since is in no catalogue that can be read.
  if (cascade && catalogue.probable)
    reading.unknown('CASCADE behind other definitions of its transaction: what goes with it is not known')
  const gone = relationsDroppedWith((catalogue.probable ?? catalogue).dependents, dropped, cascade)
  const whole = new Set<number>()
  for (const { node, column } of dropped) if (column === 0 && node.startsWith('relation ')) whole.add(Number(node.split(' ')[1]))
  for (const [oid, how] of gone) {
    if (how === 'whole') whole.add(oid)
    const relation = relationOf(catalogue, oid)
    if (relation) reading.object(kindOf(relation), `${relation.schema}.${relation.name}`, 'ddl')
  }
  if (whole.size > 0) tiedTo(walk, whole)
}

/** What a relation that goes was tied to is locked until it is gone: the tables that its keys refer to, and what it is a partition of. */
function tiedTo({ catalogue, reading }: Walk, gone: ReadonlySet<number>): void {
  const { relationsByOid, dependents } = catalogue.probable ?? catalogue
  for (const relation of relationsByOid.values()) {
    const tied =
      relation.referencedBy.some(({ table }) => gone.has(table)) ||
      (relation.kind === 'partitioned table' &&
        dependents.byNode
          .get(`relation ${relation.oid}`)
          ?.some(({ node, whole }) => whole && gone.has(Number(node.split(' ')[1]))))
    if (tied && !gone.has(relation.oid)) reading.object(kindOf(relation), `${relation.schema}.${relation.name}`, 'lock')
  }
}
