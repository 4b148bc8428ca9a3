import { base64url, follows, hyphen, reads } from './bytes.ts'
import { longestToken, mayBeJwt } from './jwt.ts'
import { longestBlock, mayBePrivateKey } from './private-key.ts'

/** How far the beginning of a value may lie behind the end of the bytes that are there. */
const reach = Math.max(longestToken, longestBlock)

/** Where a token or a private key begins in `[start, end)` that may go on behind `end`; `end`: none does. */
export function unfinishedFrom(bytes: Uint8Array, start: number, end: number, tokens: boolean, keys: boolean): number {
  const last = Math.min(end, bytes.length)
  for (let at = Math.max(0, start, last - reach); at < last; at++) {
    const byte = bytes[at]
    if (tokens && byte === 0x65 && (reads(bytes, at, last, 'eyJ') || reads(bytes, at, last, 'eyA'))) {
      if (!follows(bytes, at, start, base64url) && mayBeJwt(bytes, at, start, last)) return at
    }
    if (keys && byte === hyphen && bytes[at - 1] !== hyphen && mayBePrivateKey(bytes, at, last)) return at
  }
  return last
}
