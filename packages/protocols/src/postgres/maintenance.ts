import type { AlterTableStmt, Node, RangeVar } from 'libpg-query'
import { type CatalogueRelation, findIndex, printed, probableRelation } from './catalogue.ts'
import { callByName, type Walk } from './expressions.ts'
import { relationOf } from './named-objects.ts'
import { nameOf } from './syntax-tree.ts'

/**
 * Puts on the reading what runs as a statement goes over rows that are there already, to look at them, to check them or to store them anew:
 * expressions of indexes, statistics, checks and keys, and what compares the values.
 */
export function maintains(walk: Walk, node: Node): void {
  if ('VacuumStmt' in node) {
    const named = (node.VacuumStmt.rels ?? []).map((each) =>
      'VacuumRelation' in each ? each.VacuumRelation.relation : undefined,
    )
    goesOverAll(walk, named.length > 0 ? named : null)
  } else if ('ClusterStmt' in node) goesOverAll(walk, node.ClusterStmt.relation ? [node.ClusterStmt.relation] : null)
  else if ('ReindexStmt' in node) goesOverAll(walk, node.ReindexStmt.relation ? [node.ReindexStmt.relation] : null)
  else if ('RefreshMatViewStmt' in node) goesOverAll(walk, [node.RefreshMatViewStmt.relation])
  else if ('IndexStmt' in node) goesOverAll(walk, [node.IndexStmt.relation], 'value')
  else if ('AlterTableStmt' in node) altered(walk, node.AlterTableStmt)
  else if ('CreateStmt' in node && node.CreateStmt.partbound)
    // What is in the default partition may belong into the new one.
    goesOverAll(
      walk,
      (node.CreateStmt.inhRelations ?? []).map((each) => ('RangeVar' in each ? each.RangeVar : undefined)),
    )
}

/** Changes of a table that look at its rows or store them anew. */
const overRows = new Set(
  'AddColumn AddConstraint AddIndex AlterColumnType AttachPartition SetAccessMethod SetExpression SetLogged SetNotNull SetUnLogged ValidateConstraint'
    .split(' ')
    .map((name) => `AT_${name}`),
)

function altered(walk: Walk, { relation, cmds = [] }: AlterTableStmt): void {
  for (const each of cmds) {
    if (!('AlterTableCmd' in each) || !overRows.has(each.AlterTableCmd.subtype ?? '')) continue
    const { def } = each.AlterTableCmd
    const other = def && 'PartitionCmd' in def ? def.PartitionCmd.name : undefined
    goesOverAll(walk, [relation, other])
  }
}

/** `ranges` null: whatever is in the database. */
function goesOverAll(walk: Walk, ranges: readonly (RangeVar | undefined)[] | null, only?: 'value'): void {
  const { relationsByOid } = walk.catalogue.probable ?? walk.catalogue
  if (ranges === null) for (const relation of relationsByOid.values()) goesOver(walk, relation, only)
  for (const range of ranges ?? []) {
    const { schemaname = null, relname = '' } = range ?? {}
    const index = findIndex(walk.catalogue, schemaname, relname)
    const found = probableRelation(walk.catalogue, schemaname, relname) ?? (index && relationOf(walk.catalogue, index.table))
    if (found) for (const each of [found, ...found.kin]) goesOver(walk, each, only)
  }
}

/** `only`: nothing but what compares the values. */
export function goesOver(walk: Walk, { attached }: CatalogueRelation, only?: 'value'): void {
  for (const { occasion, kind, schema, name } of attached)
    if (kind === 'function' && (only === undefined ? !notOverRows.has(occasion) : occasion === only))
      callByName({ ...walk, catalogue: printed(walk.catalogue) }, schema, name)
}
const notOverRows = new Set(['default', 'policy'])

/** An operator class by the name that an index or a key gives: its functions run, whatever the type has for its own. */
export function usesOperatorClass(walk: Walk, opclass: readonly Node[] = []): void {
  const [name = '', schema] = [...nameOf(opclass)].reverse()
  for (const candidate of schema === undefined ? walk.catalogue.searchPath : [schema])
    for (const called of walk.catalogue.operatorClasses.get(candidate)?.get(name) ?? [])
      callByName({ ...walk, catalogue: printed(walk.catalogue) }, called.schema, called.name)
}
