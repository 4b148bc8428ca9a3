import type { Literal } from '@hoop/contracts'
import { constantTokens, type Offsets } from './parser.ts'
import type { Reading } from './reading.ts'
import { none } from './sources.ts'

/**
 * Every constant of a text. The scanner finds them, so that none is missed wherever the grammar puts it; the walked tree tells
 * what each is compared with or stored in. A part's `end` is in bytes, and where the next part begins.
 */
export function readLiterals(
  text: string,
  parts: readonly { readonly end: number; readonly reading: Reading }[],
  offsets: Offsets,
): Literal[] {
  const literals: Literal[] = []
  let index = 0
  for (const token of constantTokens(text)) {
    if (token.kind === 'parameter') continue
    while (index < parts.length - 1 && token.start >= (parts[index]?.end ?? 0)) index++
    const reading = parts[index]?.reading
    const secret = reading?.secret ?? false
    const signed = token.sign === null ? undefined : reading?.constants.get(token.sign)
    const sources = reading?.constants.get(token.start) ?? signed ?? none
    literals.push({ start: offsets.at(token.start), end: offsets.at(token.end), sources: secret ? 'opaque' : sources, secret })
  }
  return literals
}
