import { type Literal, looksLikeValue, type Sources } from '@hoop/contracts'
import { constantTokens, type Offsets } from './parser.ts'
import type { Reading } from './reading.ts'
import { none } from './sources.ts'

/**
 * Every constant of a text. The scanner finds them, so that none is missed wherever the grammar puts it; the walked tree tells
 * what each is compared with or stored in. Comments, and names that look like data, may hold anything. A part's `end` is in bytes, and where the next part begins.
 * `free`: which of them, by index, stand at places of these and were followed to a column.
 */
export function readLiterals(
  text: string,
  parts: readonly { readonly end: number; readonly reading: Reading }[],
  offsets: Offsets,
  freePlaces: ReadonlySet<number>,
): { readonly literals: readonly Literal[]; readonly free: readonly number[] } {
  const literals: Literal[] = []
  const free: number[] = []
  let index = 0
  for (const token of constantTokens(text)) {
    while (index < parts.length - 1 && token.start >= (parts[index]?.end ?? 0)) index++
    const place = { start: offsets.at(token.start), end: offsets.at(token.end) }
    if (token.kind === 'comment') literals.push({ ...place, sources: 'opaque', secret: false })
    if (token.kind === 'name' && looksLikeValue(text.slice(place.start, place.end)))
      literals.push({ ...place, sources: 'opaque', secret: false })
    if (token.kind !== 'constant') continue
    const reading = parts[index]?.reading
    const secret = reading?.secret ?? false
    const at = reading?.constants.has(token.start) ? token.start : (token.sign ?? token.start)
    const settled = reading?.constants.get(at)
    if (settled !== undefined && freePlaces.has(at)) free.push(literals.length)
    const sources = settled ?? unsettled(text.slice(place.start, place.end), reading)
    literals.push({ ...place, sources: secret ? 'opaque' : sources, secret })
  }
  return { literals, free }
}

/** A constant that was followed to no column (it may come to one as a row of VALUES): what looks like data may belong to any in sight. */
function unsettled(literal: string, reading: Reading | undefined): Sources {
  if (!reading || !looksLikeValue(literal.replaceAll("'", ''))) return none
  return [...reading.columns]
}
