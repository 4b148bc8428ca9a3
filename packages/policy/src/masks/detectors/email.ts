import { byteAt, byteBefore, colon, digit, dot, endOf, hyphen, is, label, letter, local, reads, slash, startOf } from './bytes.ts'

/** RFC 5321, section 4.5.3.1, and what a path of at most 256 bytes leaves for a domain. */
const longestLocal = 64
const longestDomain = 188

/** Where the left side of an address begins whose `@` stands at `at`; `at`: nowhere. */
export function emailStart(bytes: Uint8Array, at: number, first: number): number {
  let from = startOf(bytes, at, Math.max(first, at - longestLocal), local)
  while (from < at && (bytes[from] === dot || bytes[from] === hyphen || bytes[from] === 0x25)) from++
  return byteBefore(bytes, at, first) === dot ? at : from
}

/** The end of the domain behind the `@` at `at`; -1: it is none that mail goes to. */
export function emailEnd(bytes: Uint8Array, at: number, last: number): number {
  const limit = Math.min(last, at + 1 + longestDomain)
  let labels = 0
  let numbers = 0
  let from = at + 1
  let end = -1
  let top = from
  for (;;) {
    const to = endOf(bytes, from, limit, label)
    if (to === from || bytes[from] === hyphen || bytes[to - 1] === hyphen) break
    labels++
    if (labels <= 2 && endOf(bytes, from, to, digit) === to) numbers++
    top = from
    end = to
    if (byteAt(bytes, to, limit) !== dot) break
    from = to + 1
  }
  // Behind an `@`, `1.2.3-beta` is a version, and `host:path` is where a repository lies.
  if (labels < 2 || numbers === 2 || !isTopLevel(bytes, top, end)) return -1
  if (byteAt(bytes, end, last) === colon && (is(bytes, end + 1, last, letter) || byteAt(bytes, end + 1, last) === slash))
    return -1
  return end
}

/** Endings of files whose names have an `@` in them, as in `logo@2x.png`. */
const fileTypes: ReadonlySet<number> = new Set(
  'png jpg jpeg gif webp svg css js mjs cjs ts tsx json html xml yaml yml txt pdf'.split(' ').map((type) => {
    const bytes = Buffer.from(type)
    return wordAt(bytes, 0, bytes.length)
  }),
)
const longestFileType = 4

/** At most four bytes as one number. */
function wordAt(bytes: Uint8Array, from: number, to: number): number {
  let word = 0
  for (let at = from; at < to; at++) word = word * 256 + (bytes[at] as number)
  return word
}

function isTopLevel(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 2 || to - from > 63) return false
  if (reads(bytes, from, to, 'xn--')) return true
  for (let at = from; at < to; at++) if ((bytes[at] as number) < 0x80 && !is(bytes, at, to, letter)) return false
  return to - from > longestFileType || !fileTypes.has(wordAt(bytes, from, to))
}
