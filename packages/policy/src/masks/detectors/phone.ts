import { beginsFree, endsFree, standsAlone } from './boundaries.ts'
import { alphanumeric, byteAt, byteBefore, digit, dot, endOf, follows, hyphen, is, slash, space, zero } from './bytes.ts'
import { groupsEnd } from './groups.ts'
import type { Span } from './lettered-ids.ts'

const plus = 0x2b
const opening = 0x28
const closing = 0x29

/** A telephone number whose first digits begin at `at`: international (E.164), or national in a form that is written so for telephones only. */
export function phone(bytes: Uint8Array, at: number, length: number, first: number, last: number): Span | null {
  const before = byteBefore(bytes, at, first)
  if (before === plus) return international(bytes, at, first, last)
  const area = before === opening ? inParentheses(bytes, at, length, first, last) : null
  if (area !== null) return area
  if (!beginsFree(bytes, at, first)) return null
  const end = bytes[at] === zero ? withTrunkPrefix(bytes, at, length, last) : northAmerican(bytes, at, length, last)
  if (end > 0 && bytes[at] === zero && !standsAlone(bytes, at, end, first, last)) return null
  return end > 0 && endsFree(bytes, end, last) ? { start: at, end } : null
}

/** ITU-T E.164: `+4930123456`, `+49 (0)30 1234-56`, at most fifteen digits. */
function international(bytes: Uint8Array, at: number, first: number, last: number): Span | null {
  const start = at - 1
  if (follows(bytes, start, first, alphanumeric) || !isCallingCode(firstDigits(bytes, at, last))) return null
  let digits = 0
  let end = at
  for (let to = at; to < last; ) {
    const group = endOf(bytes, to, last, digit)
    if (group === to) break
    digits += group - to
    end = group
    if (digits > 15) return null
    to = afterSeparator(bytes, group, last)
    if (to === group) break
  }
  if (digits < 9 || is(bytes, end, last, alphanumeric)) return null
  return bytes[at] !== zero + 1 || digits === 11 ? { start, end } : null
}

/** Behind one separator, an area in parentheses, or the `(0)` that is dialled within a country only. */
function afterSeparator(bytes: Uint8Array, at: number, last: number): number {
  const byte = byteAt(bytes, at, last)
  let to = at + Number(byte === space || byte === hyphen || byte === dot || byte === slash || byte === closing)
  if (byte === closing && (byteAt(bytes, to, last) === space || byteAt(bytes, to, last) === hyphen)) to++
  if (byteAt(bytes, to, last) === opening) to++
  return is(bytes, to, last, digit) ? to : at
}

/** The first three, whatever stands between them. */
function firstDigits(bytes: Uint8Array, at: number, last: number): number {
  const limit = Math.min(at + 6, last)
  let number = 0
  for (let to = at; to < limit && number < 100; to++)
    if (is(bytes, to, last, digit)) number = number * 10 + (bytes[to] as number) - zero
  return number
}

/** What countries begin with: https://www.itu.int/rec/T-REC-E.164.1 */
function isCallingCode(three: number): boolean {
  if (three < 100) return false
  return !(three >= 280 && three <= 289) && !(three >= 830 && three <= 839) && !(three >= 999)
}

/** `(415) 555-2671`, `(030) 123456` */
function inParentheses(bytes: Uint8Array, at: number, length: number, first: number, last: number): Span | null {
  const start = at - 1
  if (follows(bytes, start, first, alphanumeric) || byteAt(bytes, at + length, last) !== closing) return null
  const from = at + length + 1 + Number(byteAt(bytes, at + length + 1, last) === space)
  let end = -1
  if (length === 3 && isArea(bytes, at)) end = groupsEnd(bytes, from, last, [3, 4], [hyphen])
  else if (bytes[at] === zero && length >= 3 && length <= 6) end = subscriberEnd(bytes, from, last, length)
  return end > 0 && endsFree(bytes, end, last) ? { start, end } : null
}

/** NANP: `415-555-2671`, `415.555.2671`, `1-415-555-2671`. */
function northAmerican(bytes: Uint8Array, at: number, length: number, last: number): number {
  const separator = byteAt(bytes, at + length, last)
  if (separator !== hyphen && separator !== dot) return -1
  if (length === 1) {
    if (bytes[at] !== zero + 1 || endOf(bytes, at + 2, last, digit) !== at + 5) return -1
    return northAmerican(bytes, at + 2, 3, last)
  }
  if (length !== 3 || !isArea(bytes, at) || byteAt(bytes, at + 4, last) < zero + 2) return -1
  return groupsEnd(bytes, at, last, [3, 3, 4], [separator])
}

function isArea(bytes: Uint8Array, at: number): boolean {
  return (bytes[at] as number) >= zero + 2 && (bytes[at + 1] as number) < zero + 9
}

/** `020 7946 0958`, `0151 23456789`, `030/123456`, `01 23 45 67 89`, `02 9374 4000`. */
function withTrunkPrefix(bytes: Uint8Array, at: number, length: number, last: number): number {
  if (byteAt(bytes, at + 1, last) === zero) return -1
  const separator = byteAt(bytes, at + length, last)
  if (length === 2) {
    if (separator !== space && separator !== dot && separator !== hyphen) return -1
    const pairs = groupsEnd(bytes, at, last, [2, 2, 2, 2, 2], [separator])
    return pairs > 0 || separator !== space ? pairs : groupsEnd(bytes, at, last, [2, 4, 4], [space])
  }
  if (length < 3 || length > 5 || (separator !== space && separator !== hyphen && separator !== slash)) return -1
  return subscriberEnd(bytes, at + length + 1, last, length)
}

/** One group of five to eight digits, or two or three of at least two with one separator; 9 to 12 digits with the area's. */
function subscriberEnd(bytes: Uint8Array, from: number, last: number, area: number): number {
  const one = endOf(bytes, from, last, digit)
  let digits = one - from
  let end = one
  const separator = byteAt(bytes, one, last)
  if (separator === space || separator === hyphen) {
    for (let group = 0; group < 2 && byteAt(bytes, end, last) === separator; group++) {
      const to = endOf(bytes, end + 1, last, digit)
      if (to - end - 1 < 2 || digits + area + to - end - 1 > 12) break
      digits += to - end - 1
      end = to
    }
  }
  if (one - from < 2 || (end === one && digits < 5)) return -1
  return digits + area >= 9 && digits + area <= 12 ? end : -1
}
