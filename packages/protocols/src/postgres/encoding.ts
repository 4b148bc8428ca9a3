import { isUtf8 } from 'node:buffer'

/**
 * The server's own words for a text that is not UTF-8 (SQLSTATE 22021), which name the first bytes that cannot be; null: it is UTF-8.
 * What such bytes would mean to the server cannot be read here.
 */
export function invalidUtf8(bytes: Buffer): string | null {
  if (isUtf8(bytes)) return null
  const at = firstInvalid(bytes)
  // As many bytes as the first one announces, whatever they are.
  const shown = bytes.subarray(at, at + announced(bytes[at] ?? 0))
  const codes = Array.from(shown, (byte) => `0x${byte.toString(16).padStart(2, '0')}`)
  return `invalid byte sequence for encoding "UTF8": ${codes.join(' ')}`
}

function firstInvalid(bytes: Buffer): number {
  for (let at = 0; at < bytes.length; ) {
    const length = announced(bytes[at] ?? 0)
    if (length > 1 || (bytes[at] ?? 0) >= 0x80) {
      if (at + length > bytes.length || !isUtf8(bytes.subarray(at, at + length))) return at
    }
    at += length
  }
  return bytes.length
}

/** How many bytes a character has, by its first byte. */
function announced(first: number): number {
  if ((first & 0xe0) === 0xc0) return 2
  if ((first & 0xf0) === 0xe0) return 3
  if ((first & 0xf8) === 0xf0) return 4
  return 1
}

/** NAMEDATALEN - 1: of a statement's or portal's name the server compares no more bytes than these. */
const comparedBytes = 63

/**
 * A prepared statement's or portal's name, such that two are equal here if and only if they are to the server: it looks at the first
 * 63 bytes, wherever they cut, and need not be UTF-8. Bytes that are not stand in it as U+DC80 to U+DCFF.
 */
export function decodeName(bytes: Buffer): string {
  const compared = bytes.length > comparedBytes ? bytes.subarray(0, comparedBytes) : bytes
  if (isUtf8(compared)) return compared.toString('utf8')
  const units = Array.from(compared, (byte) => (byte < 0x80 ? byte : 0xdc00 + byte))
  return String.fromCharCode(...units)
}

/** A name that `decodeName` read, or any other text, for its UTF-8; the bytes of one that is none. */
export function encodeName(name: string): string | Buffer {
  if (name.isWellFormed()) return name
  return Buffer.from(Array.from(name, (unit) => unit.charCodeAt(0) & 0xff))
}
