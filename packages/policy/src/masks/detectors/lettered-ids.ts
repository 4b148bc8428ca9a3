import { endsFree } from './boundaries.ts'
import { alphanumeric, byteAt, digit, endOf, follows, hyphen, is, letter, space, upper, zero } from './bytes.ts'
import { numberOf } from './check-digits.ts'

/*
 * Numbers that countries give to people, with letters in them. Each function is given where the first digits begin (`at`), and how many stand
 * there; the letters before them belong to the value.
 */

/** A value whose first byte is not where its detector began to look. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** UK National Insurance number (NINO): `AB123456C`, `AB 12 34 56 C`. It has no check digit: prefixes that are not given out are left. */
export function nino(bytes: Uint8Array, at: number, length: number, first: number, last: number): Span | null {
  if (length !== 6 && length !== 2) return null
  const spaced = length === 2
  const start = spaced ? at - 3 : at - 2
  if (start < first || (spaced && bytes[at - 1] !== space) || follows(bytes, start, first, alphanumeric)) return null
  const [one, two] = [bytes[start] as number, bytes[start + 1] as number]
  if (!ninoFirst.has(one) || !ninoSecond.has(two) || ninoUnused.has(one * 256 + two)) return null
  let to = at
  for (let group = 0; group < 3; group++) {
    if (!is(bytes, to, last, digit) || !is(bytes, to + 1, last, digit)) return null
    to += 2
    if (spaced && byteAt(bytes, to++, last) !== space) return null
  }
  const suffix = byteAt(bytes, to, last)
  if (suffix < 0x41 || suffix > 0x44 || !endsFree(bytes, to + 1, last)) return null
  return { start, end: to + 1 }
}
const codes = (letters: string): ReadonlySet<number> => new Set(Buffer.from(letters))
const ninoFirst = codes('ABCEGHJKLMNOPRSTWXYZ')
const ninoSecond = codes('ABCEGHJKLMNPRSTWXYZ')
const ninoUnused: ReadonlySet<number> = new Set(
  ['BG', 'GB', 'KN', 'NK', 'NT', 'TN', 'ZZ'].map((pair) => pair.charCodeAt(0) * 256 + pair.charCodeAt(1)),
)

/** Spanish DNI and NIE: `12345678Z`, `12345678-Z`, `X1234567L`. The letter is the number's rest by 23. */
export function dni(bytes: Uint8Array, at: number, length: number, first: number, last: number): Span | null {
  if (length !== 8 && length !== 7) return null
  const before = length === 7 ? at - 1 - Number(at - 1 >= first && bytes[at - 1] === hyphen) : at
  const foreign = length === 7
  if (before < first || follows(bytes, before, first, alphanumeric)) return null
  const initial = foreign ? (bytes[before] as number) - 0x58 : 0
  if (initial < 0 || initial > 2) return null
  const to = at + length + Number(byteAt(bytes, at + length, last) === hyphen)
  if (!is(bytes, to, last, upper) || !endsFree(bytes, to + 1, last)) return null
  const number = numberOf(bytes, at, at + length) + initial * 10_000_000
  if (bytes[to] !== dniLetters.charCodeAt(number % 23)) return null
  return { start: before, end: to + 1 }
}
const dniLetters = 'TRWAGMYFPDXBNJZSQVHLCKE'

/** Italian codice fiscale: `RSSMRA85T10A562S`; letters in the place of digits where two people would have the same. */
export function codiceFiscale(bytes: Uint8Array, at: number, first: number, last: number): Span | null {
  const start = at - 6
  const end = start + 16
  if (start < first || end > last || endOf(bytes, start, at, letter) !== at || follows(bytes, start, first, alphanumeric))
    return null
  if (!is(bytes, start + 8, last, letter) || !is(bytes, start + 11, last, letter) || !is(bytes, end - 1, last, letter))
    return null
  if (endOf(bytes, start, end, alphanumeric) !== end || is(bytes, end, last, alphanumeric)) return null
  if (!months.has((bytes[start + 8] as number) & 0xdf)) return null
  let sum = 0
  for (let index = 0; index < 15; index++) {
    const byte = bytes[start + index] as number
    const value = is(bytes, start + index, end, digit) ? byte - zero : (byte & 0xdf) - 0x41
    sum += index % 2 === 0 ? (oddValues[value] as number) : value
  }
  return sum % 26 === ((bytes[end - 1] as number) & 0xdf) - 0x41 ? { start, end } : null
}
const months = codes('ABCDEHLMPRST')
/** Of the characters at odd places, counted from 1: of a digit, and of the letter in the same place of its alphabet. */
const oddValues = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
