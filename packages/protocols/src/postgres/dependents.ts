/** What the server changes or takes away together with something else: https://www.postgresql.org/docs/current/catalog-pg-depend.html */
export interface Dependent {
  /** Column of the relation that it hangs on; 0: on the whole of it. */
  readonly on: number
  readonly node: Node
  /** Its column that goes; 0: something of it (a default, a key, a trigger), or all of it if `whole`. */
  readonly column: number
  readonly whole: boolean
  /** It goes without being asked for, as RESTRICT lets it. */
  readonly automatic: boolean
}

/** `relation 16385`, `function 16400`, `type 16390`: something that others hang on, by its kind and oid. */
export type Node = string

/** Who hangs on what in one database, whatever hangs together inside of one relation left out. */
export interface Dependents {
  readonly byNode: ReadonlyMap<Node, readonly Dependent[]>
  /** What has dependents and is no relation: by kind, then schema (empty where the kind has none), then name. */
  readonly named: ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, readonly Node[]>>>
}

/** A row of the query `dependents`. */
export type DependentRow = readonly [
  kind: string,
  schema: string,
  name: string,
  oid: string,
  column: string,
  dependentKind: string,
  dependentOid: string,
  dependentColumn: string,
  whole: string,
  automatic: string,
]

export function buildDependents(rows: readonly DependentRow[]): Dependents {
  const byNode = new Map<Node, Dependent[]>()
  const named = new Map<string, Map<string, Map<string, Node[]>>>()
  for (const [kind, schema, name, oid, on, dependentKind, dependentOid, column, whole, automatic] of rows) {
    const node = `${kind} ${oid}`
    const known = byNode.get(node)
    const dependent: Dependent = {
      on: Number(on),
      node: `${dependentKind} ${dependentOid}`,
      column: Number(column),
      whole: whole === 't',
      automatic: automatic === 't',
    }
    if (known) known.push(dependent)
    else byNode.set(node, [dependent])
    if (known || kind === 'relation') continue
    const bySchema = named.get(kind) ?? new Map<string, Map<string, Node[]>>()
    const byName = bySchema.get(schema) ?? new Map<string, Node[]>()
    byName.set(name, [...(byName.get(name) ?? []), node])
    named.set(kind, bySchema.set(schema, byName))
  }
  return { byNode, named }
}

/** Something that a statement takes away: all of a node, or one column of a relation. */
export interface Dropped {
  readonly node: Node
  readonly column: number
}

/** The oids of all relations that lose something, or everything, with what is dropped; the dropped ones themselves are among them if `whole`. */
export function relationsDroppedWith(
  { byNode }: Dependents,
  dropped: Iterable<Dropped>,
  cascade: boolean,
): ReadonlyMap<number, 'whole' | 'part'> {
  const relations = new Map<number, 'whole' | 'part'>()
  const open: Dropped[] = [...dropped]
  const seen = new Set<string>()
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const key = `${next.node} ${next.column}`
    if (seen.has(key)) continue
    seen.add(key)
    for (const { on, node, column, whole, automatic } of byNode.get(next.node) ?? []) {
      if ((next.column !== 0 && on !== next.column) || !(cascade || automatic)) continue
      const relation = relationOid(node)
      if (relation !== null && (whole || !relations.has(relation))) relations.set(relation, whole ? 'whole' : 'part')
      // Of what loses a default or a key nothing else goes.
      if (whole || column !== 0) open.push({ node, column: whole ? 0 : column })
    }
  }
  return relations
}

function relationOid(node: Node): number | null {
  return node.startsWith('relation ') ? Number(node.slice('relation '.length)) : null
}
