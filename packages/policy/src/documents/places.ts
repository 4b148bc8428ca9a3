import { isMap, isScalar, isSeq, type Node, type Scalar, type Document as YamlDocument } from 'yaml'

/** A range of the file, `[start, end)` in UTF-16 units. */
export interface Place {
  readonly start: number
  readonly end: number
}

/** Where the value at this path stands; a path that is not there gives its nearest parent's first key. */
export function placeOf(yaml: YamlDocument.Parsed, path: readonly PropertyKey[]): Place {
  let node: unknown = yaml.contents
  let parent: unknown = null
  for (const key of path) {
    const next = child(node, key)
    if (next === undefined) return headOf(node, yaml)
    parent = node
    node = next
  }
  return isMap(node) || isSeq(node) ? headOf(node, yaml) : (rangeOf(node) ?? headOf(parent, yaml))
}

/** Where the key of this name stands in the map at this path. */
export function placeOfKey(yaml: YamlDocument.Parsed, path: readonly PropertyKey[], name: string): Place {
  const pair = pairOf(nodeAt(yaml, path), name)
  return rangeOf(pair?.key) ?? placeOf(yaml, path)
}

/** The node at this path. */
export function nodeAt(yaml: YamlDocument.Parsed, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((node, key) => child(node, key), yaml.contents)
}

function child(node: unknown, key: PropertyKey): unknown {
  if (isSeq(node)) return node.items[Number(key)]
  return pairOf(node, String(key))?.value ?? undefined
}

function pairOf(node: unknown, name: string) {
  if (!isMap(node)) return undefined
  return node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === name)
}

/** Where the values below a login stand, all but the user's: what is written there wrongly may well be the password. */
export function secretsOf(login: unknown): Place[] {
  if (isMap(login)) {
    return login.items.flatMap(({ key, value }) =>
      isScalar(key) && key.value === 'user' && isScalar(value) ? [] : secretsOf(value),
    )
  }
  if (isSeq(login)) return login.items.flatMap(secretsOf)
  const range = rangeOf(login)
  return range === null ? [] : [range]
}

/** A map is shown by its first key, a list by its first item: a caret under many lines shows nothing. */
function headOf(node: unknown, yaml: YamlDocument.Parsed): Place {
  if (isMap(node) && node.items[0]) return rangeOf(node.items[0].key) ?? documentStart(yaml)
  if (isSeq(node) && node.items[0]) return headOf(node.items[0], yaml)
  return rangeOf(node) ?? documentStart(yaml)
}

function rangeOf(node: unknown): Place | null {
  const range = (node as Node | null | undefined)?.range
  return range ? { start: range[0], end: range[1] } : null
}

function documentStart(yaml: YamlDocument.Parsed): Place {
  return { start: yaml.range[0], end: yaml.range[0] + 1 }
}

/**
 * Where `[start, end)` of a scalar's value stands in the file. Quotes, escapes, indentation and folding are stepped over by walking value
 * and source side by side.
 */
export function placeInScalar(source: string, scalar: Scalar, place: Place): Place {
  const range = rangeOf(scalar)
  const value = String(scalar.value)
  if (range === null) return { start: 0, end: 0 }
  const offsets: number[] = []
  let at = range.start + (scalar.type === 'QUOTE_SINGLE' || scalar.type === 'QUOTE_DOUBLE' ? 1 : 0)
  if (scalar.type === 'BLOCK_LITERAL' || scalar.type === 'BLOCK_FOLDED') at = source.indexOf('\n', at) + 1
  for (const unit of value.split('')) {
    if (/\s/.test(unit)) {
      offsets.push(Math.min(at, range.end))
      if (/\s/.test(source[at] ?? '')) at++
      continue
    }
    while (at < range.end && source[at] !== unit) at++
    offsets.push(Math.min(at, range.end))
    at += scalar.type === 'QUOTE_SINGLE' && unit === "'" ? 2 : 1
  }
  offsets.push(Math.min(at, range.end))
  const start = offsets[place.start] ?? range.start
  const end = place.end > place.start ? (offsets[place.end - 1] ?? start) + 1 : start + 1
  return { start, end }
}
