import { base64, byteAt, endOf, is, reads, upper } from './bytes.ts'

/** What waits at most where a block goes on behind the end of a chunk: an RSA key of 16,384 bits has some 12,500 bytes. */
export const longestBlock = 16 * 1024
const begin = '-----BEGIN '
const longestLabel = 64
/** Fewer characters of base64 are no key; what is cut off behind that many is hidden as far as it goes. */
const shortestBody = 32

/**
 * The end of the private key that begins at `from` in PEM (RFC 7468), with line ends that may be escaped as in JSON (`\n`): of a block, up to
 * its END line; of one that is cut off, its base64. -1: there is none.
 */
export function privateKeyEnd(bytes: Uint8Array, from: number, last: number): number {
  const body = bodyStart(bytes, from, last)
  if (body < 0) return -1
  const limit = Math.min(last, from + longestBlock)
  let characters = 0
  let end = body
  for (let at = body; at < limit; ) {
    const to = endOf(bytes, at, limit, base64)
    characters += to - at
    if (to > at) end = to
    if (reads(bytes, to, limit, '-----')) {
      const closed = reads(bytes, to, limit, '-----END ') ? lineEnd(bytes, to + 9, limit) : -1
      return closed > 0 ? closed : cutOff(characters, end)
    }
    at = to + 1
    if (!mayStandInBody(bytes, to, limit)) return cutOff(characters, end)
  }
  return cutOff(characters, end)
}

/** Whether what begins at `from` may be a private key that goes on behind `last`. */
export function mayBePrivateKey(bytes: Uint8Array, from: number, last: number): boolean {
  if (last - from >= longestBlock) return false
  for (let i = 0; i < begin.length; i++) {
    if (from + i === last) return true
    if (bytes[from + i] !== begin.charCodeAt(i)) return false
  }
  const body = bodyStart(bytes, from, last)
  if (body < 0) return last - from < begin.length + longestLabel && isLabel(bytes, from + begin.length, last)
  for (let at = body; at < last; at++) {
    if (is(bytes, at, last, base64)) continue
    const isClosed = bytes[at] === 0x2d && reads(bytes, at, last, '-----END ') && lineEnd(bytes, at + 9, last) > 0
    if (isClosed || !mayStandInBody(bytes, at, last)) return false
  }
  return true
}

/** Whether nothing but a part of a label is there. */
function isLabel(bytes: Uint8Array, from: number, last: number): boolean {
  let at = from
  while (at < last && (is(bytes, at, last, upper) || bytes[at] === 0x20)) at++
  return last - at < 5 && reads(bytes, at, last, '-----'.slice(0, last - at))
}

function bodyStart(bytes: Uint8Array, from: number, last: number): number {
  if (!reads(bytes, from, last, begin)) return -1
  const limit = Math.min(last, from + begin.length + longestLabel)
  for (let at = from + begin.length; at < limit; at++) {
    if (is(bytes, at, limit, upper) || byteAt(bytes, at, limit) === 0x20) continue
    const isKey = reads(bytes, at - 11, at, 'PRIVATE KEY') || reads(bytes, at - 17, at, 'PRIVATE KEY BLOCK')
    return isKey && reads(bytes, at, last, '-----') ? at + 5 : -1
  }
  return -1
}

/** Padding, line ends, escaped ones, and the headers of old blocks (`DEK-Info: AES-256-CBC,…`). */
function mayStandInBody(bytes: Uint8Array, at: number, limit: number): boolean {
  const byte = byteAt(bytes, at, limit)
  return (
    byte === 0x3d ||
    byte === 0x0a ||
    byte === 0x0d ||
    byte === 0x20 ||
    byte === 0x09 ||
    byte === 0x5c ||
    byte === 0x3a ||
    byte === 0x2c ||
    byte === 0x2d
  )
}

function lineEnd(bytes: Uint8Array, from: number, limit: number): number {
  let at = from
  while (at < limit && at < from + longestLabel && (is(bytes, at, limit, upper) || bytes[at] === 0x20)) at++
  return reads(bytes, at, limit, '-----') ? at + 5 : -1
}

function cutOff(characters: number, end: number): number {
  return characters >= shortestBody ? end : -1
}
