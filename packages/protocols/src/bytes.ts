/** A message whose bytes are not what the protocol allows. The connection that sent it ends. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation'
}

/**
 * Reads big-endian integers, counted bytes and NUL-terminated strings from one message.
 * Every length is checked against the bytes that remain before it is believed; `end()` refuses what was left over.
 */
export class ByteReader {
  readonly #bytes: Buffer
  readonly #end: number
  #at: number

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  get remaining(): number {
    return this.#end - this.#at
  }

  #take(length: number): number {
    if (length > this.#end - this.#at) throw new ProtocolViolation(`a message ends ${length - this.remaining} bytes too early`)
    const at = this.#at
    this.#at += length
    return at
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#take(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2))
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4))
  }

  /** A view of the next bytes, not a copy. */
  bytes(length: number): Buffer {
    if (length < 0) throw new ProtocolViolation('a negative length')
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  /** The bytes up to the next NUL, which is consumed: a view of them, not a copy. */
  cbytes(): Buffer {
    const nul = this.#nul()
    if (nul < 0 || nul >= this.#end) throw new ProtocolViolation('a string without its end')
    const bytes = this.#bytes.subarray(this.#at, nul)
    this.#at = nul + 1
    return bytes
  }

  /** Most strings are names and tags, which a loop sees the end of before a native call has begun. */
  #nul(): number {
    const near = Math.min(this.#end, this.#at + shortString)
    for (let at = this.#at; at < near; at++) if (this.#bytes[at] === 0) return at
    return this.#bytes.indexOf(0, near)
  }

  /** The bytes up to the next NUL as text; what is not UTF-8 in them becomes U+FFFD. */
  cstring(): string {
    return this.cbytes().toString('utf8')
  }

  rest(): Buffer {
    return this.bytes(this.remaining)
  }

  /** The message must be over: trailing bytes are how statements are smuggled. */
  end(): void {
    if (this.#at !== this.#end) throw new ProtocolViolation(`${this.remaining} bytes after the end of a message`)
  }
}

/** Bytes of a string that are looked at one by one. */
const shortString = 64

/** A piece shorter than this is copied to those before it: kept by itself it would cost many times its length. */
const smallPiece = 1024
const blockSize = 16 * 1024

/** Bytes that come in pieces and are wanted as one. However small the pieces are, they take up about what they are long. */
export class Pieces {
  #pieces: Buffer[] = []
  #length = 0
  /** What the last piece is a part of, where small ones are copied to. */
  #block: Buffer | null = null
  #used = 0

  get length(): number {
    return this.#length
  }

  push(piece: Buffer): void {
    if (piece.length === 0) return
    const first = this.#length === 0
    this.#length += piece.length
    // A single piece is handed out as it came.
    if (first || piece.length >= smallPiece) {
      this.#pieces.push(piece)
      this.#block = null
      return
    }
    if (this.#block === null || this.#used + piece.length > blockSize) {
      this.#block = Buffer.allocUnsafeSlow(blockSize)
      this.#used = 0
    } else this.#pieces.pop()
    piece.copy(this.#block, this.#used)
    this.#used += piece.length
    this.#pieces.push(this.#block.subarray(0, this.#used))
  }

  /** All of them as one buffer, which is theirs no more. */
  take(before?: Buffer): Buffer {
    const pieces = this.#pieces
    this.#pieces = []
    this.#length = 0
    this.#block = null
    if (before !== undefined && before.length > 0) pieces.unshift(before)
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
  }
}

/** Writes one message after another into a growing buffer. */
export class ByteWriter {
  #bytes: Buffer
  #at = 0

  constructor(size = 256) {
    this.#bytes = Buffer.allocUnsafe(size)
  }

  #room(length: number): number {
    const need = this.#at + length
    if (need > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(need, this.#bytes.length * 2))
      this.#bytes.copy(grown, 0, 0, this.#at)
      this.#bytes = grown
    }
    const at = this.#at
    this.#at = need
    return at
  }

  uint8(value: number): this {
    const at = this.#room(1)
    this.#bytes.writeUInt8(value, at)
    return this
  }

  int16(value: number): this {
    const at = this.#room(2)
    this.#bytes.writeInt16BE(value, at)
    return this
  }

  uint16(value: number): this {
    const at = this.#room(2)
    this.#bytes.writeUInt16BE(value, at)
    return this
  }

  int32(value: number): this {
    const at = this.#room(4)
    this.#bytes.writeInt32BE(value, at)
    return this
  }

  uint32(value: number): this {
    const at = this.#room(4)
    this.#bytes.writeUInt32BE(value, at)
    return this
  }

  bytes(value: Uint8Array): this {
    const at = this.#room(value.length)
    this.#bytes.set(value, at)
    return this
  }

  /** The text in UTF-8, or these bytes, and a NUL. */
  cstring(text: string | Uint8Array): this {
    if (typeof text === 'string' ? text.includes('\0') : text.includes(0)) throw new ProtocolViolation('a NUL inside a string')
    if (typeof text !== 'string') return this.bytes(text).uint8(0)
    if (text.length <= shortString && isAscii(text)) return this.#ascii(text)
    const length = Buffer.byteLength(text)
    const at = this.#room(length + 1)
    this.#bytes.write(text, at, 'utf8')
    this.#bytes[at + length] = 0
    return this
  }

  #ascii(text: string): this {
    const at = this.#room(text.length + 1)
    for (let i = 0; i < text.length; i++) this.#bytes[at + i] = text.charCodeAt(i)
    this.#bytes[at + text.length] = 0
    return this
  }

  /** Where the next byte goes: for a length that is known only later. */
  get position(): number {
    return this.#at
  }

  patchInt32(at: number, value: number): this {
    this.#bytes.writeInt32BE(value, at)
    return this
  }

  take(): Buffer {
    return this.#at === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#at)
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}
