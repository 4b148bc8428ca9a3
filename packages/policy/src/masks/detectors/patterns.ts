import type { MaskDocument } from '@hoop/contracts'
import { RE2JS, RE2JSException } from 're2js'

/** A pattern that a Mask cannot have; the message says why. */
export class ValuePatternError extends Error {}

/** How many instructions a pattern compiles to at most: what matching costs is this times the bytes. */
const largestProgram = 2000

/** @throws ValuePatternError */
export function compileValuePattern({ name, re2 }: MaskDocument['patterns'][number]): RE2JS {
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(re2)
  } catch (error) {
    if (error instanceof RE2JSException) throw new ValuePatternError(`pattern ${name}: ${error.message}`)
    throw error
  }
  if (compiled.programSize() > largestProgram) {
    throw new ValuePatternError(`pattern ${name} is too large: give smaller numbers of repetitions, or several patterns`)
  }
  if (compiled.matcher('').find()) {
    throw new ValuePatternError(`pattern ${name} matches the empty text: it would be found everywhere`)
  }
  return compiled
}

/** Calls `found` with each match in `[first, last)`, in order; never an empty one. Bytes are read as UTF-8. */
export function findPattern(
  pattern: RE2JS,
  bytes: Uint8Array,
  first: number,
  last: number,
  found: (start: number, end: number) => void,
): void {
  const matcher = pattern.matcher(bytes.subarray(first, last))
  while (matcher.find()) {
    const [start, end] = [first + matcher.start(), first + matcher.end()]
    if (end > start) found(start, end)
  }
}
