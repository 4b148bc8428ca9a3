import { digit, is } from './bytes.ts'

/**
 * The end of groups of digits with these lengths, the first of which begins at `from`: between two of them one byte of `separators`, or none
 * where that is null. -1: they are not there.
 */
export function groupsEnd(
  bytes: Uint8Array,
  from: number,
  last: number,
  lengths: readonly number[],
  separators: readonly (number | null)[],
): number {
  let at = from
  for (let group = 0; group < lengths.length; group++) {
    if (group > 0) {
      const separator = separators[(group - 1) % separators.length]
      if (separator !== null) {
        if (at >= last || bytes[at] !== separator) return -1
        at++
      }
    }
    const to = at + (lengths[group] as number)
    for (; at < to; at++) if (!is(bytes, at, last, digit)) return -1
  }
  return at
}
