/*
 * Payment card numbers (ISO/IEC 7812): 13 to 19 digits in one run or in a usual grouping, separated by single spaces or hyphens, with a
 * known issuer prefix and a Luhn check digit. Works on bytes, in one pass, without a regular expression.
 */

import { passesLuhn } from './check-digits.ts'

/** The groupings in which card numbers are written. */
const groupings: readonly (readonly number[])[] = [
  [4, 3, 3, 3],
  [4, 4, 5],
  [4, 4, 4, 2],
  [4, 4, 4, 3],
  [4, 4, 4, 4],
  [4, 4, 4, 4, 1],
  [4, 4, 4, 4, 2],
  [4, 4, 4, 4, 3],
  [4, 6, 4],
  [4, 6, 5],
  [6, 13],
  [8, 8],
]
const longestGroup = 13
/** A grouping or the beginning of one as a number (`appendGroup`), and whether it is whole. */
const shapes: ReadonlyMap<number, boolean> = new Map(
  groupings
    .flatMap((grouping) =>
      grouping.map((_, index) => ({ groups: grouping.slice(0, index + 1), whole: index + 1 === grouping.length })),
    )
    .toSorted((a, b) => Number(a.whole) - Number(b.whole))
    .map(({ groups, whole }) => [groups.reduce(appendGroup, 0), whole]),
)

function appendGroup(shape: number, length: number): number {
  return shape * (longestGroup + 1) + length
}

/**
 * Only every sixth byte is looked at until one is a digit. A number has at least 13 bytes, so two of them fall into it, and in no grouping
 * are both separators: two separators are never six apart.
 */
const stride = 6

const zero = 0x30
const space = 0x20
const hyphen = 0x2d
const dot = 0x2e

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= zero && byte <= 0x39
const isSeparator = (byte: number | undefined): boolean => byte === space || byte === hyphen

/** Calls `found` with `[from, to)` of each card number in `[start, end)`, in order; they never overlap. */
export function findCards(bytes: Uint8Array, start: number, end: number, found: (from: number, to: number) => void): void {
  const first = Math.max(0, start)
  const last = Math.min(end, bytes.length)
  /** Nothing before it is part of a number that is still to be found. */
  let floor = first
  let at = floor + stride - 1
  while (at < last) {
    if (((bytes[at] as number) - zero) >>> 0 > 9) {
      at += stride
      continue
    }
    floor = scanChain(bytes, chainStart(bytes, floor, at), first, last, found)
    at = floor + stride - 1
  }
}

/** The first byte of the chain of digit groups that the digit at `at` belongs to. */
function chainStart(bytes: Uint8Array, floor: number, at: number): number {
  let first = at
  while (first > floor) {
    if (isDigit(bytes[first - 1])) first--
    else if (first - 1 > floor && isSeparator(bytes[first - 1]) && isDigit(bytes[first - 2])) first -= 2
    else break
  }
  return first
}

/** Searches the chain of groups that begins at `from` in `[first, last)`, and gives where it ends. */
function scanChain(
  bytes: Uint8Array,
  from: number,
  first: number,
  last: number,
  found: (from: number, to: number) => void,
): number {
  let group = from
  while (true) {
    const groupEnd = digitsEnd(bytes, group, last)
    const card = cardEnd(bytes, group, groupEnd, first, last)
    if (card > 0) found(group, card)
    const to = Math.max(card, groupEnd)
    if (!(to + 1 < last && isSeparator(bytes[to]) && isDigit(bytes[to + 1]))) return to
    group = to + 1
  }
}

/** Where the card number ends whose first digits are `[group, groupEnd)`; 0: there is none. */
export function cardEnd(bytes: Uint8Array, group: number, groupEnd: number, first: number, last: number): number {
  const length = groupEnd - group
  if (length >= 13 && length <= 19) {
    return isCard(bytes, group, groupEnd, length) && !isFraction(bytes, group, first) ? groupEnd : 0
  }
  if (length !== 4 && length !== 6 && length !== 8) return 0
  if (!isSeparator(bytes[groupEnd]) || isFraction(bytes, group, first)) return 0
  return groupedEnd(bytes, group, last)
}

function digitsEnd(bytes: Uint8Array, from: number, last: number): number {
  let at = from
  while (at < last && ((bytes[at] as number) - zero) >>> 0 <= 9) at++
  return at
}

/** Digits behind a decimal point are no card number: every tenth long fraction would pass the check digit. */
function isFraction(bytes: Uint8Array, group: number, first: number): boolean {
  return group - 2 >= first && bytes[group - 1] === dot && isDigit(bytes[group - 2])
}

/** The end of the longest card number in a usual grouping that begins at `from`; 0 if there is none. */
function groupedEnd(bytes: Uint8Array, from: number, last: number): number {
  if (!mayBeIssued(bytes, from)) return 0
  let found = 0
  let shape = 0
  let digits = 0
  for (let group = from; ; ) {
    const groupEnd = digitsEnd(bytes, group, last)
    const length = groupEnd - group
    if (length > longestGroup) return found
    shape = appendGroup(shape, length)
    digits += length
    const whole = shapes.get(shape)
    if (whole === undefined) return found
    if (whole && isCard(bytes, from, groupEnd, digits)) found = groupEnd
    if (!(groupEnd + 1 < last && isSeparator(bytes[groupEnd]) && isDigit(bytes[groupEnd + 1]))) return found
    group = groupEnd + 1
  }
}

/** By the first digit alone, before groups are measured. */
function mayBeIssued(bytes: Uint8Array, from: number): boolean {
  const digit = (bytes[from] as number) - zero
  return digit >= 2 && digit <= 6
}

/** Whether the digits in `[from, to)`, separators left aside, are a card number. */
function isCard(bytes: Uint8Array, from: number, to: number, digits: number): boolean {
  return isIssued(prefixOf(bytes, from), digits) && passesLuhn(bytes, from, to)
}

/** The first six digits, the issuer identification number. */
function prefixOf(bytes: Uint8Array, from: number): number {
  let prefix = 0
  let taken = 0
  for (let at = from; taken < 6; at++) {
    const digit = (bytes[at] as number) - zero
    if (digit < 0 || digit > 9) continue
    prefix = prefix * 10 + digit
    taken++
  }
  return prefix
}

/** The issuers' ranges of the first six digits, and the lengths of their numbers. */
function isIssued(prefix: number, digits: number): boolean {
  const two = Math.floor(prefix / 10_000)
  const three = Math.floor(prefix / 1000)
  const four = Math.floor(prefix / 100)
  if (two >= 40 && two <= 49) return digits === 13 || digits === 16 || digits === 19 // Visa
  if (two >= 51 && two <= 55) return digits === 16 // Mastercard
  if (four >= 2221 && four <= 2720) return digits === 16 // Mastercard
  if (two === 34 || two === 37) return digits === 15 // American Express
  if ((three >= 300 && three <= 305) || four === 3095 || two === 36 || two === 38 || two === 39) return digits >= 14 // Diners Club
  if (four >= 3528 && four <= 3589) return digits >= 16 // JCB
  // Maestro, with Discover (6011, 644–649, 65) and UnionPay (62) among the sixties.
  return two === 50 || (two >= 56 && two <= 69)
}
