/** Classes of bytes, as bits: a detector asks a table, never a list of ranges. */
export const digit = 1
export const upper = 2
export const lower = 4
export const hexadecimal = 8
/** RFC 4648, section 5, without padding. */
export const base64url = 16
/** RFC 4648, section 4, without padding. */
export const base64 = 32
/** What stands on the left of an e-mail address's `@` in practice. */
export const local = 64
/** Labels of domain names, with those that are written beyond ASCII. */
export const label = 128

export const letter = upper | lower
export const alphanumeric = digit | letter

export const zero = 0x30
export const space = 0x20
export const hyphen = 0x2d
export const dot = 0x2e
export const slash = 0x2f
export const colon = 0x3a
export const backslash = 0x5c
export const underscore = 0x5f

const classes = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = byte < 0x80 ? String.fromCharCode(byte) : ''
  const of = (pattern: RegExp, bit: number): number => (pattern.test(character) ? bit : 0)
  if (byte >= 0x80) return local | label
  return (
    of(/[0-9]/, digit) |
    of(/[A-Z]/, upper) |
    of(/[a-z]/, lower) |
    of(/[0-9a-fA-F]/, hexadecimal) |
    of(/[A-Za-z0-9_-]/, base64url) |
    of(/[A-Za-z0-9+/]/, base64) |
    of(/[A-Za-z0-9._%+-]/, local) |
    of(/[A-Za-z0-9-]/, label)
  )
})

/** Whether the byte at `at` is there, before `last`, and of one of these classes. */
export function is(bytes: Uint8Array, at: number, last: number, mask: number): boolean {
  return at < last && ((classes[bytes[at] as number] as number) & mask) !== 0
}

/** Whether there is a byte before `at`, not before `first`, and of one of these classes. */
export function follows(bytes: Uint8Array, at: number, first: number, mask: number): boolean {
  return at > first && ((classes[bytes[at - 1] as number] as number) & mask) !== 0
}

/** The byte at `at`; 0 behind the end. */
export function byteAt(bytes: Uint8Array, at: number, last: number): number {
  return at < last ? (bytes[at] as number) : 0
}

/** The byte before `at`; 0 at the beginning. */
export function byteBefore(bytes: Uint8Array, at: number, first: number): number {
  return at > first ? (bytes[at - 1] as number) : 0
}

/** Where bytes of these classes end that begin at `from`, before `last`. */
export function endOf(bytes: Uint8Array, from: number, last: number, mask: number): number {
  let at = from
  while (at < last && ((classes[bytes[at] as number] as number) & mask) !== 0) at++
  return at
}

/** Where bytes of these classes begin that end at `to`, not before `first`. */
export function startOf(bytes: Uint8Array, to: number, first: number, mask: number): number {
  let at = to
  while (at > first && ((classes[bytes[at - 1] as number] as number) & mask) !== 0) at--
  return at
}

/** Whether these ASCII characters stand at `at`. */
export function reads(bytes: Uint8Array, at: number, last: number, text: string): boolean {
  if (at + text.length > last) return false
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** Whether these ASCII characters end at `to`. */
export function readsBefore(bytes: Uint8Array, to: number, first: number, text: string): boolean {
  return to - text.length >= first && reads(bytes, to - text.length, to, text)
}
