import type { ColumnRef, Sources } from '@hoop/contracts'

/** A value made of constants only. */
export const none: Sources = Object.freeze([])

/** What a value made of both is made of. References are interned by the catalogue: identity is equality. */
export function union(a: Sources, b: Sources): Sources {
  if (a === b || b === none) return a
  if (a === none) return b
  if (a === 'opaque' || b === 'opaque') return 'opaque'
  if (b.length === 0 || b.every((ref) => a.includes(ref))) return a
  return a.length === 0 ? b : [...new Set([...a, ...b])]
}

/** {@link union} of many, without its quadratic cost. */
export function unionAll(all: Iterable<Sources>): Sources {
  const refs = new Set<ColumnRef>()
  for (const sources of all) {
    if (sources === 'opaque') return 'opaque'
    for (const ref of sources) refs.add(ref)
  }
  return refs.size === 0 ? none : [...refs]
}

/** What is left when values of a column go back into the same column. */
export function without(sources: Sources, column: Sources): Sources {
  if (sources === 'opaque' || column === 'opaque') return sources
  return sources.some((ref) => column.includes(ref)) ? sources.filter((ref) => !column.includes(ref)) : sources
}
