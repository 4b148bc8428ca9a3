import { endsFree, isNamed, standsAlone } from './boundaries.ts'
import { byteAt, digit, dot, hyphen, is, space, zero } from './bytes.ts'
import { numberOf, passesLuhn, passesMod11And10, passesVerhoeff, weightedSum } from './check-digits.ts'
import { groupsEnd } from './groups.ts'

/*
 * Numbers that countries give to people, of digits alone. Each function gives the end of the one whose digits begin at `at`, -1 where there is
 * none; `length` is how many digits stand there in one run, with nothing before them that they belong to. What is written without separators and has little to tell it from any other
 * number is taken only behind a word that says what it is.
 */

/** US social security number (SSN): `123-45-6789`, the ranges that are given out. It has no check digit. */
export function ssnEnd(bytes: Uint8Array, at: number, length: number, last: number, first: number): number {
  const bare = length === 9
  if (!bare && length !== 3) return -1
  const to = bare ? at + 9 : groupsEnd(bytes, at, last, [3, 2, 4], [hyphen])
  if (to < 0 || !endsFree(bytes, to, last)) return -1
  const number = numberOf(bytes, at, to)
  const area = Math.floor(number / 1_000_000)
  if (area === 0 || area === 666 || area >= 900 || number % 10_000 === 0 || Math.floor(number / 10_000) % 100 === 0) return -1
  return !bare || isNamed(bytes, at, first, ['ssn', 'social security']) ? to : -1
}

/** German tax identification number (steuerliche Identifikationsnummer): `86095742719`, `86 095 742 719`. */
export function steuerIdEnd(bytes: Uint8Array, at: number, length: number, last: number, first: number): number {
  const to = length === 11 ? at + 11 : length === 2 ? groupsEnd(bytes, at, last, [2, 3, 3, 3], [space]) : -1
  if (to < 0 || bytes[at] === zero || !endsFree(bytes, to, last)) return -1
  return hasDigitTwice(bytes, at, to) && passesMod11And10(bytes, at, to) && standsAlone(bytes, at, to, first, last) ? to : -1
}

/** Of the first ten digits exactly one stands there two or three times. */
function hasDigitTwice(bytes: Uint8Array, from: number, to: number): boolean {
  let counts = 0
  let taken = 0
  for (let at = from; at < to && taken < 10; at++) {
    if (!is(bytes, at, to, digit)) continue
    counts += 8 ** ((bytes[at] as number) - zero)
    taken++
  }
  let repeated = 0
  for (let i = 0; i < 10; i++) {
    const count = Math.floor(counts / 8 ** i) % 8
    if (count > 3) return false
    if (count > 1) repeated++
  }
  return repeated === 1
}

/** French NIR (INSEE number): `185057800608491`, `1 85 05 78 006 084 91`, of Corsica `1 85 05 2A 006 084 18`. */
export function nirEnd(bytes: Uint8Array, at: number, length: number, last: number): number {
  const sex = (bytes[at] as number) - zero
  if (sex !== 1 && sex !== 2 && sex !== 7 && sex !== 8) return -1
  if (length !== 15 && length !== 1 && length !== 6) return -1
  const spaced = length === 1
  let number = 0
  let corsican = 0
  let index = 0
  let to = at
  for (; index < 15; to++) {
    if (spaced && nirSpaces.has(to - at)) {
      if (byteAt(bytes, to, last) !== space) return -1
      continue
    }
    const byte = byteAt(bytes, to, last)
    if (index === 6 && (byte === 0x41 || byte === 0x42)) {
      // 2A counts as 19, 2B as 18: the tens are a 2 already.
      corsican = byte === 0x41 ? 1 : 2
      number = number * 10
    } else if (is(bytes, to, last, digit)) {
      number = number * 10 + byte - zero
    } else return -1
    index++
  }
  if (!endsFree(bytes, to, last)) return -1
  const key = number % 100
  const body = Math.floor(number / 100) - corsican * 1_000_000
  const month = Math.floor(body / 100_000_000) % 100
  if (!((month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50)) return -1
  return 97 - (body % 97) === key ? to : -1
}
const nirSpaces: ReadonlySet<number> = new Set([1, 4, 7, 10, 14, 18])

/** Dutch citizen service number (BSN): nine digits that pass the test of eleven, behind its name. */
export function bsnEnd(bytes: Uint8Array, at: number, length: number, last: number, first: number): number {
  const to =
    length === 9
      ? at + 9
      : length === 4
        ? groupsEnd(bytes, at, last, [4, 2, 3], [dot])
        : length === 3
          ? groupsEnd(bytes, at, last, [3, 3, 3], [space])
          : -1
  if (to < 0 || !endsFree(bytes, to, last)) return -1
  if (numberOf(bytes, at, to) === 0 || weightedSum(bytes, at, to, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 !== 0) return -1
  return isNamed(bytes, at, first, ['bsn', 'burgerservicenummer', 'sofinummer']) ? to : -1
}

/** Polish PESEL of people born from 1900 to 2099: `44051401359`. */
export function peselEnd(bytes: Uint8Array, at: number, length: number, last: number): number {
  const to = at + 11
  if (length !== 11 || !endsFree(bytes, to, last)) return -1
  const month = numberOf(bytes, at + 2, at + 4)
  if (!isDay(month > 20 ? month - 20 : month, numberOf(bytes, at + 4, at + 6))) return -1
  return weightedSum(bytes, at, to, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0 ? to : -1
}

/** Swedish personnummer and samordningsnummer: `811218-9876`, `19811218-9876`, `198112189876`, `811218+9876`. */
export function personnummerEnd(bytes: Uint8Array, at: number, length: number, last: number, first: number): number {
  const bare = length === 12
  if (!bare && length !== 6 && length !== 8) return -1
  const separator = byteAt(bytes, at + length, last)
  if (!bare && separator !== hyphen && separator !== 0x2b) return -1
  const to = bare ? at + 12 : groupsEnd(bytes, at, last, [length, 4], [separator])
  if (to < 0 || !endsFree(bytes, to, last)) return -1
  const short = length === 6 ? at : at + 2
  if (short > at && !isOneOf(numberOf(bytes, at, short), 18, 19, 20)) return -1
  const day = numberOf(bytes, short + 4, short + 6)
  if (!isDay(numberOf(bytes, short + 2, short + 4), day > 60 ? day - 60 : day) || !passesLuhn(bytes, short, to)) return -1
  // 202611232259 is a moment as well.
  if (length === 6 || !isTime(numberOf(bytes, to - 4, to))) return to
  return isNamed(bytes, at, first, ['personnummer', 'pnr', 'samordningsnummer']) ? to : -1
}

/** Brazilian CPF: `529.982.247-25`, `52998224725`. */
export function cpfEnd(bytes: Uint8Array, at: number, length: number, last: number): number {
  const to = length === 11 ? at + 11 : length === 3 ? groupsEnd(bytes, at, last, [3, 3, 3, 2], [dot, dot, hyphen]) : -1
  if (to < 0 || !endsFree(bytes, to, last)) return -1
  if (numberOf(bytes, at, to) % 11_111_111_111 === 0) return -1
  const one = (weightedSum(bytes, at, to, [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11
  const two = (weightedSum(bytes, at, to, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11
  return (one % 10) * 10 + (two % 10) === numberOf(bytes, to - 2, to) ? to : -1
}

/** Indian Aadhaar: `2345 6789 0124`; twelve digits in one run behind its name. */
export function aadhaarEnd(bytes: Uint8Array, at: number, length: number, last: number, first: number): number {
  const bare = length === 12
  const separator = byteAt(bytes, at + 4, last)
  if (!bare && (length !== 4 || (separator !== space && separator !== hyphen))) return -1
  const to = bare ? at + 12 : groupsEnd(bytes, at, last, [4, 4, 4], [separator])
  if (to < 0 || (bytes[at] as number) < zero + 2 || !endsFree(bytes, to, last)) return -1
  if (!standsAlone(bytes, at, to, first, last) || !passesVerhoeff(bytes, at, to)) return -1
  return !bare || isNamed(bytes, at, first, ['aadhaar', 'aadhar', 'uidai']) ? to : -1
}

function isDay(month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31
}

function isTime(fourDigits: number): boolean {
  return fourDigits < 2400 && fourDigits % 100 < 60
}

function isOneOf(number: number, ...numbers: readonly number[]): boolean {
  return numbers.includes(number)
}
