/** The kinds of documents that a field pattern is about. */
export interface Resources {
  /** Whether it is about what the protocol calls by this name. */
  includes(resource: string): boolean
}

/** One form for all names that differ in case only. */
export function folded(name: string): string {
  // Through capitals: a long s and a Kelvin sign are letters of ASCII to those that compare without regard to case.
  return name.toUpperCase().toLowerCase()
}

const everything: Resources = { includes: () => true }
const nameShape = /^[^\s{},*/:]+$/

/**
 * Reads a name (`secrets`, `deployments.apps`), `{a,b}`, `*`, or the template of a path (`/v1/customers/{id}`), in which `*` and `{id}` are
 * any segment and `**` any number of them. Names match whatever their case. A text says what is wrong with it.
 */
export function resourcesOf(text: string): Resources | string {
  if (text === '*') return everything
  if (text.startsWith('/')) return pathsOf(text)
  const names = /^\{.*\}$/s.test(text) ? text.slice(1, -1).split(',').map(trimmed) : [text]
  if (!names.every((name) => nameShape.test(name)))
    return `${text} is neither a name, {a,b} or *, nor the template of a path, which begins with /`
  const known = new Set(names.map(folded))
  return { includes: (resource: string) => known.has(folded(resource)) }
}

const trimmed = (name: string): string => name.trim()

/** One segment of a path or its template: the names that it may be; null: any. */
type Segment = ReadonlySet<string> | null | 'depth'

function pathsOf(text: string): Resources | string {
  const template = segmentsOf(text)
  const names = template.flatMap((segment) => (segment === null || segment === 'depth' ? [] : [...segment]))
  if (names.some((name) => name.startsWith(':'))) return `${text}: a segment that may be anything is {id}, not :id`
  if (names.some((name) => name === '' || /[{}*]/.test(name)))
    return `${text}: *, **, {id} and {a,b} stand for whole segments of a path`
  return { includes: (resource: string) => resource.startsWith('/') && meet(template, segmentsOf(resource)) }
}

function segmentsOf(path: string): Segment[] {
  return path
    .split('/')
    .filter((segment) => segment !== '')
    .map(segmentOf)
}

function segmentOf(segment: string): Segment {
  if (segment === '**') return 'depth'
  if (segment === '*' || /^\{[^{},]*\}$/.test(segment)) return null
  const list = /^\{([^{}]*)\}$/.exec(segment)?.[1]
  return new Set((list === undefined ? [segment] : list.split(',').map(trimmed)).map(folded))
}

/** Whether some path is of both: what a template leaves open may be what the other names. */
function meet(a: readonly Segment[], b: readonly Segment[]): boolean {
  // Row by row: whether the first i segments of a and the first j of b can be the same path.
  let row: boolean[] = []
  for (let i = 0; i <= a.length; i++) {
    const next: boolean[] = []
    for (let j = 0; j <= b.length; j++) {
      const [one, other] = [a[i - 1], b[j - 1]]
      if (one === 'depth' || other === 'depth') next.push(row[j] === true || next[j - 1] === true)
      else if (one === undefined || other === undefined) next.push(i === 0 && j === 0)
      else next.push(row[j - 1] === true && fit(one, other))
    }
    row = next
  }
  return row[b.length] === true
}

function fit(one: ReadonlySet<string> | null, other: ReadonlySet<string> | null): boolean {
  return one === null || other === null || [...one].some((name) => other.has(name))
}
