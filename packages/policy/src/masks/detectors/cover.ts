import { createHmac } from 'node:crypto'
import type { Finding } from '@hoop/contracts'
import type { MaskMethod } from '../methods.ts'
import { alphanumeric, backslash, base64, digit, hexadecimal, is } from './bytes.ts'

/** How one mask covers what is found. */
export interface Cover {
  readonly method: MaskMethod
  readonly hashKey: Buffer
}

const star = 0x2a
const noneShown = (): boolean => false

/**
 * Covers a value in place: as many bytes as before, letters and digits gone, what stands between them kept, so that it stays whole in any
 * framing. `partial` shows what people know a value of its kind by; `hash` puts hexadecimal digits of a keyed hash in the place of its
 * letters and digits, equal ones for equal values, however they are grouped; every other method, and `partial` of other kinds, puts stars.
 */
export function coverFinding(bytes: Uint8Array, finding: Finding, { method, hashKey }: Cover): void {
  const { start, end } = finding
  const stays = method === 'partial' ? shownPart(bytes, finding) : noneShown
  const digits = method === 'hash' ? hashOf(bytes, start, end, hashKey) : ''
  let index = 0
  for (let at = behindEscape(bytes, start); at < end; at++) {
    const escaped = escapeLength(bytes, at, end)
    if (escaped > 0) {
      at += escaped - 1
      continue
    }
    if (!isCovered(bytes, at, end) || stays(at)) continue
    bytes[at] = index < digits.length ? digits.charCodeAt(index) : star
    index++
  }
}

/** What stands between letters and digits, and quotes of what holds the value, are kept. */
function isCovered(bytes: Uint8Array, at: number, end: number): boolean {
  return (bytes[at] as number) >= 0x80 || is(bytes, at, end, alphanumeric | base64) || (bytes[at] as number) === 0x5f
}

/** A backslash and what it escapes, as in JSON and COPY: `\n`, `\u00e9`. Half of one would break what holds the value. */
function escapeLength(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== backslash) return 0
  if (bytes[at + 1] !== 0x75) return 2
  let length = 2
  while (length < 6 && is(bytes, at + length, end, hexadecimal)) length++
  return length
}

/** `start`, or where the escape ends that it lies in. */
function behindEscape(bytes: Uint8Array, start: number): number {
  for (let at = start - 1; at >= Math.max(0, start - 5); at--) {
    if (bytes[at] === backslash) return Math.max(start, at + escapeLength(bytes, at, bytes.length))
  }
  return start
}

function hashOf(bytes: Uint8Array, start: number, end: number, hashKey: Buffer): string {
  const hmac = createHmac('sha256', hashKey).update('hoop finding\0')
  for (let at = start, from = start; at <= end; at++) {
    if (at < end && isCovered(bytes, at, end)) continue
    hmac.update(bytes.subarray(from, at))
    from = at + 1
  }
  return hmac.digest('hex')
}

/** Which bytes `partial` leaves. */
function shownPart(bytes: Uint8Array, { kind, start, end }: Finding): (at: number) => boolean {
  switch (kind) {
    case 'card':
      return lastOnes(bytes, start, end, 4, digit)
    case 'iban': {
      const tail = lastOnes(bytes, start, end, 4, alphanumeric)
      return (at) => at < start + 2 || tail(at)
    }
    case 'phone':
      return lastOnes(bytes, start, end, 2, digit)
    case 'email': {
      const sign = bytes.lastIndexOf(0x40, end - 1)
      // Of a left side that short, one letter would be half of it.
      const shown = sign - start > 2 && (bytes[start] as number) < 0x80 ? start : -1
      return (at) => at === shown || at > sign
    }
    default:
      return noneShown
  }
}

function lastOnes(bytes: Uint8Array, start: number, end: number, count: number, mask: number): (at: number) => boolean {
  let from = end
  for (let left = count; left > 0 && from > start; ) if (is(bytes, --from, end, mask)) left--
  return (at) => at >= from
}
