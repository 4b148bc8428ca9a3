import { base64url, byteAt, dot, endOf, follows } from './bytes.ts'

/** A header is small; a token that is larger than this does not fit into the headers of HTTP. */
const longestHead = 4096
/** What waits at most where a token goes on behind the end of a chunk. */
export const longestToken = 16 * 1024

/**
 * The end of the JSON Web Token (RFC 7515, 7516) that begins at `from`: three parts in base64url, or five, the first of which is a JSON object
 * with `alg`. -1: there is none.
 */
export function jwtEnd(bytes: Uint8Array, from: number, first: number, last: number): number {
  if (follows(bytes, from, first, base64url)) return -1
  const limit = Math.min(last, from + longestToken)
  const head = endOf(bytes, from, Math.min(limit, from + longestHead), base64url)
  if (byteAt(bytes, head, limit) !== dot) return -1
  const payload = endOf(bytes, head + 1, limit, base64url)
  if (payload === head + 1 || byteAt(bytes, payload, limit) !== dot || !isHead(bytes, from, head)) return -1
  let end = endOf(bytes, payload + 1, limit, base64url)
  for (let part = 0; part < 2 && end > payload + 1 && byteAt(bytes, end, limit) === dot; part++) {
    const next = endOf(bytes, end + 1, limit, base64url)
    if (next === end + 1) break
    end = next
  }
  return end
}

/** Where a token begins that may go on behind `last`; -1: what begins at `from` is none. */
export function mayBeJwt(bytes: Uint8Array, from: number, first: number, last: number): boolean {
  if (follows(bytes, from, first, base64url) || last - from >= longestToken) return false
  let at = from
  for (let part = 0; part < 5; part++) {
    at = endOf(bytes, at, last, base64url)
    if (at === last) return true
    if (bytes[at] !== dot) return false
    at++
  }
  return false
}

function isHead(bytes: Uint8Array, from: number, to: number): boolean {
  try {
    const head: unknown = JSON.parse(
      Buffer.from(Buffer.from(bytes.subarray(from, to)).toString('latin1'), 'base64url').toString(),
    )
    return typeof head === 'object' && head !== null && 'alg' in head && typeof head.alg === 'string'
  } catch {
    return false
  }
}
