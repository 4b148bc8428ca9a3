import type { ObjectAccess } from '@hoop/contracts'
import type { Relation } from './known-catalogue.ts'

/** What a session has locked: `oid mode` each. */
export type Locks = ReadonlySet<string>

/** Access by the strength of a lock: https://www.postgresql.org/docs/current/explicit-locking.html */
type Strength = 'read' | 'row lock' | 'write' | 'ddl'
const strengths: Readonly<Record<string, Strength>> = {
  AccessShareLock: 'read',
  RowShareLock: 'row lock',
  RowExclusiveLock: 'write',
}

/** The access, as an operation words it, that accounts for a lock. Stronger ones account for weaker. */
const accounts: Readonly<Record<Strength, readonly string[]>> = {
  read: ['read', 'write', 'ddl', 'lock', 'execute'],
  'row lock': ['lock', 'write', 'ddl'],
  write: ['write', 'ddl', 'lock'],
  ddl: ['ddl', 'write', 'lock'],
}

/** Kinds of pg_class that operations name: tables, views, sequences. */
const named = 'rpvmfS'
const relationKinds: ReadonlySet<string> = new Set(['table', 'view', 'materialized view', 'foreign table', 'sequence'])

/** One thing on which the reading and the server do not agree. */
export interface Disagreement {
  /** `missing`: locked, and not among the objects; `claimed`: an object that was not locked so. */
  readonly what: 'missing' | 'claimed'
  readonly access: string
  readonly relation: string
}

export interface Observed {
  readonly before: Locks
  readonly after: Locks
  readonly relations: ReadonlyMap<number, Relation>
}

/** Compares the objects of a statement with the locks that it took. */
export function compare(objects: readonly ObjectAccess[], { before, after, relations }: Observed): Disagreement[] {
  const ours = new Map<string, Set<string>>()
  for (const { kind, name, access } of objects) {
    if (!relationKinds.has(kind)) continue
    const accesses = ours.get(name) ?? new Set()
    ours.set(name, accesses.add(access))
  }
  const has = (name: string, strength: Strength) => accounts[strength].some((access) => ours.get(name)?.has(access))
  const found = new Map<string, Disagreement>()
  const written = tiedTo(ours, ['write', 'ddl'], relations)
  const defined = tiedTo(ours, ['ddl'], relations)
  for (const lock of after) {
    if (before.has(lock)) continue
    const [relation, strength] = parseLock(lock, relations)
    if (relation === undefined || !named.includes(relation.kind)) continue
    if ([relation, ...ancestors(relation, relations)].some(({ name }) => has(name, strength))) continue
    if (strength !== 'write' && defined.has(relation.name)) continue
    if ((strength === 'row lock' || strength === 'read') && written.has(relation.name)) continue
    // To look at a sequence (currval, pg_sequence_last_value) takes the lock that it takes to advance it.
    if (relation.kind === 'S' && strength === 'write' && has(relation.name, 'read')) continue
    found.set(lock, { what: 'missing', access: strength, relation: relation.name })
  }
  const locked = new Map<string, Set<Strength>>()
  for (const lock of after) {
    const [relation, strength] = parseLock(lock, relations)
    // An index is a part of its table.
    const whose = relation?.of ? relations.get(relation.of) : relation
    if (whose !== undefined) locked.set(whose.name, (locked.get(whose.name) ?? new Set()).add(strength))
  }
  const existing = new Set([...relations.values()].map(({ name }) => name))
  for (const [name, accesses] of ours) {
    const strengthsOf = locked.get(name) ?? new Set()
    const changed = strengthsOf.has('write') || strengthsOf.has('ddl')
    const access = accesses.has('ddl') ? 'ddl' : accesses.has('write') ? 'write' : null
    if (access === null || changed || !existing.has(name)) continue
    // A name that a temporary relation hides counts for both.
    if (locked.has(`pg_temp.${name.slice(name.indexOf('.') + 1)}`)) continue
    found.set(`claimed ${name}`, { what: 'claimed', access, relation: name })
  }
  return [...found.values()]
}

/**
 * What a relation is tied to by foreign keys, as a partition or by inheritance. The server looks keys and bounds up when it is written to, and
 * locks the other side when it is defined, changed or dropped: it is the relation named that a statement is about.
 */
function tiedTo(
  ours: ReadonlyMap<string, ReadonlySet<string>>,
  accesses: readonly string[],
  relations: ReadonlyMap<number, Relation>,
): ReadonlySet<string> {
  const all = [...relations.values()]
  const named = all.filter(({ name }) => accesses.some((access) => ours.get(name)?.has(access)))
  const family = (of: readonly Relation[]): Relation[] => {
    const above = of.flatMap((relation) => [relation, ...ancestors(relation, relations)])
    return [...above, ...all.filter((relation) => ancestors(relation, relations).some((other) => above.includes(other)))]
  }
  const own = named.length === 0 ? [] : family(named)
  const others = own.flatMap(({ keys }) => keys.flatMap((oid) => relations.get(oid) ?? []))
  return new Set([...own, ...(others.length === 0 ? [] : family(others))].map(({ name }) => name))
}

function parseLock(lock: string, relations: ReadonlyMap<number, Relation>): [Relation | undefined, Strength] {
  const [oid = '', mode = ''] = lock.split(' ')
  return [relations.get(Number(oid)), strengths[mode] ?? 'ddl']
}

/** Who reads or writes a table does so to its partitions and to what inherits from it: the server locks each. */
function ancestors(relation: Relation, relations: ReadonlyMap<number, Relation>): Relation[] {
  return relation.parents.flatMap((oid) => {
    const parent = relations.get(oid)
    return parent === undefined ? [] : [parent, ...ancestors(parent, relations)]
  })
}
