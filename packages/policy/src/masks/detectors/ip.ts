import { isNamed } from './boundaries.ts'
import {
  alphanumeric,
  byteAt,
  byteBefore,
  colon,
  digit,
  dot,
  endOf,
  follows,
  hexadecimal,
  hyphen,
  is,
  letter,
  reads,
  slash,
  startOf,
  underscore,
  zero,
} from './bytes.ts'
import type { Span } from './lettered-ids.ts'

/** The end of the IPv4 address that begins at `at`: no version number, loopback or unspecified address; -1: there is none. */
export function ipv4End(bytes: Uint8Array, at: number, first: number, last: number): number {
  const to = dottedEnd(bytes, at, last)
  if (to < 0) return -1
  const before = byteBefore(bytes, at, first)
  if (before === dot || before === hyphen || before === underscore || follows(bytes, at, first, alphanumeric)) return -1
  // `Chrome/120.0.6099.71` is a product and its version.
  if (before === slash && follows(bytes, at - 1, first, alphanumeric)) return -1
  const network = endOf(bytes, at, last, digit) - at
  if ((network === 1 && bytes[at] === zero) || reads(bytes, at, last, '127.')) return -1
  if (byteAt(bytes, to, last) === hyphen || is(bytes, to, last, letter) || byteAt(bytes, to, last) === underscore) return -1
  if (byteAt(bytes, to, last) === dot && is(bytes, to + 1, last, alphanumeric)) return -1
  return isNamed(bytes, at, Math.max(first, at - 12), ['version', 'ver', 'release']) ? -1 : to
}

function dottedEnd(bytes: Uint8Array, from: number, last: number): number {
  let at = from
  for (let part = 0; part < 4; part++) {
    if (part > 0 && byteAt(bytes, at++, last) !== dot) return -1
    const to = endOf(bytes, at, last, digit)
    const length = to - at
    if (length < 1 || length > 3 || (length > 1 && bytes[at] === zero)) return -1
    if (
      length === 3 &&
      ((bytes[at] as number) - zero) * 100 + ((bytes[at + 1] as number) - zero) * 10 + (bytes[at + 2] as number) - zero > 255
    )
      return -1
    at = to
  }
  return at
}

/** An IPv6 address (RFC 4291) whose first colon is at `at`, but loopback and the unspecified one; null: there is none. */
export function ipv6(bytes: Uint8Array, at: number, first: number, last: number): Span | null {
  const start = startOf(bytes, at, Math.max(first, at - 5), hexadecimal)
  const given = at - start
  if (given > 4 || follows(bytes, start, first, alphanumeric) || byteBefore(bytes, start, first) === colon) return null
  // An address that is shortened begins as global, local and multicast ones do: `a::b` is written in programs, too.
  const mapped = given === 0 && (reads(bytes, at, last, '::ffff:') || reads(bytes, at, last, '::FFFF:'))
  const shortened =
    mapped || (given === 2 && reads(bytes, start, last, '64:ff9b::')) || (given === 4 && isRouted(bytes[start] as number))
  let groups = given === 0 ? 0 : 1
  let to = at
  let gap = false
  while (byteAt(bytes, to, last) === colon) {
    let from = to + 1
    if (byteAt(bytes, from, last) === colon) {
      if (gap) return null
      gap = true
      from++
    } else if (groups === 0) return null
    const group = endOf(bytes, from, Math.min(last, from + 5), hexadecimal)
    if (group - from > 4) return null
    if (byteAt(bytes, group, last) === dot) {
      const end = dottedEnd(bytes, from, last)
      if (end < 0 || groups > 6 || (!gap && groups !== 6)) return null
      return gap && !shortened ? null : { start, end }
    }
    if (group === from) {
      // A single colon behind the address is a sentence's.
      if (from === to + 2) to = from
      break
    }
    groups++
    to = group
  }
  if (is(bytes, to, last, alphanumeric) || byteAt(bytes, to, last) === underscore) return null
  if (gap ? groups > 7 || groups < 2 || !shortened : groups !== 8) return null
  return { start, end: to }
}

function isRouted(byte: number): boolean {
  return byte === 0x32 || byte === 0x33 || byte === 0x66 || byte === 0x46
}
