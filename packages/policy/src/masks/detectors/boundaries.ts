import { alphanumeric, byteAt, byteBefore, colon, digit, dot, follows, hyphen, is, letter, slash, space } from './bytes.ts'

/** Whether a number that begins at `at` is no piece of a longer number, date, UUID or word. */
export function beginsFree(bytes: Uint8Array, at: number, first: number): boolean {
  if (follows(bytes, at, first, alphanumeric)) return false
  const before = byteBefore(bytes, at, first)
  if (before === hyphen) return !follows(bytes, at - 1, first, alphanumeric)
  if (before === dot || before === slash || before === colon) return !follows(bytes, at - 1, first, digit)
  return true
}

/** Whether a number that ends at `to` does not go on. */
export function endsFree(bytes: Uint8Array, to: number, last: number): boolean {
  if (is(bytes, to, last, alphanumeric)) return false
  const next = byteAt(bytes, to, last)
  if (next === hyphen) return !is(bytes, to + 1, last, alphanumeric)
  if (next === dot || next === slash || next === colon) return !is(bytes, to + 1, last, digit)
  return true
}

/** Whether what is written in groups with spaces has no further group beside it. */
export function standsAlone(bytes: Uint8Array, from: number, to: number, first: number, last: number): boolean {
  if (byteBefore(bytes, from, first) === space && follows(bytes, from - 1, first, digit)) return false
  return !(byteAt(bytes, to, last) === space && is(bytes, to + 1, last, digit))
}

/** How far before a value the word may begin that says what it is. */
const wordReach = 40

/** Whether one of these words, in lower case, stands shortly before `at`, as a word or a part of a name like `customer_ssn`. */
export function isNamed(bytes: Uint8Array, at: number, first: number, words: readonly string[]): boolean {
  const from = Math.max(first, at - wordReach)
  for (let start = from; start < at; start++) {
    if (follows(bytes, start, from, letter)) continue
    for (const word of words) {
      const end = start + word.length
      if (end <= at && sameLetters(bytes, start, word) && !is(bytes, end, at, letter)) return true
    }
  }
  return false
}

function sameLetters(bytes: Uint8Array, start: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    const byte = bytes[start + i] as number
    if ((byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte) !== word.charCodeAt(i)) return false
  }
  return true
}
