import { constants, inflateRawSync } from 'node:zlib'
import { ByteReader, ByteWriter, ProtocolViolation } from '../bytes.ts'
import { spdyDictionary } from './spdy-dictionary.ts'

/** A header block may say so much, inflated: those of Kubernetes have less than a hundred bytes. */
export const maxHeaderBlock = 64 * 1024
const maxHeaders = 100
/** How far back DEFLATE refers (RFC 1951). */
const windowSize = 32 * 1024
/** The head of a zlib stream that begins with a dictionary (RFC 1950, section 2.2): method and window, flags, and the dictionary's Adler-32. */
const zlibHead = Buffer.from('78bbe3c6a7c2', 'hex')
/** An empty stored block: the mark of a flush, at which the bytes so far can be inflated. */
const flushMark = Buffer.from('000000ffff', 'hex')

export type SpdyHeaders = ReadonlyMap<string, string>

/**
 * Inflates the header blocks of one peer: parts of one zlib stream, each flushed (SPDY/3.1, section 2.6.10.1). A flush ends at a whole byte, so
 * that each block can be inflated by itself with what came before it as its dictionary; so no state is kept but that.
 */
export class HeaderBlockReader {
  #before: Buffer | null = null

  /** Throws ProtocolViolation; the connection must end then, for the blocks that follow cannot be read. */
  read(block: Buffer): SpdyHeaders {
    const first = this.#before === null
    if (first) checkHead(block)
    const deflated = first ? block.subarray(zlibHead.length) : block
    if (!deflated.subarray(-4).equals(flushMark.subarray(1))) throw new ProtocolViolation('a header block that was not flushed')
    const before = this.#before ?? spdyDictionary
    const plain = inflated(deflated, before)
    this.#before = Buffer.concat([before, plain]).subarray(-windowSize)
    return headersOf(plain)
  }
}

function checkHead(block: Buffer): void {
  const [method = 0, flags = 0] = block
  const valid = (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0 && (flags & 0x20) !== 0
  if (!valid || !block.subarray(2, 6).equals(zlibHead.subarray(2))) {
    throw new ProtocolViolation('header blocks that are not deflated with the dictionary of SPDY/3')
  }
}

interface Inflated {
  readonly buffer: Buffer
  /** Its `bytesWritten` is how much was taken of the input. */
  readonly engine: { readonly bytesWritten: number }
}

function inflated(deflated: Buffer, dictionary: Buffer): Buffer {
  try {
    const options = { dictionary, finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxHeaderBlock, info: true } as const
    // The types do not know of `info`.
    const { buffer, engine } = inflateRawSync(deflated, options) as unknown as Inflated
    if (engine.bytesWritten === deflated.length) return buffer
  } catch {
    // Said below: the library's words say nothing more.
  }
  throw new ProtocolViolation(`a header block that cannot be inflated to at most ${maxHeaderBlock} bytes`)
}

function headersOf(plain: Buffer): SpdyHeaders {
  const reader = new ByteReader(plain)
  const count = reader.uint32()
  if (count > maxHeaders) throw new ProtocolViolation(`${count} headers; at most ${maxHeaders} are allowed`)
  const headers = new Map<string, string>()
  for (let i = 0; i < count; i++) {
    const name = reader.bytes(reader.uint32()).toString('latin1')
    if (!/^[!-@[-~]+$/.test(name)) throw new ProtocolViolation('a header name that is empty, or not of lower-case ASCII')
    if (headers.has(name)) throw new ProtocolViolation(`the header ${name} twice`)
    headers.set(name, reader.bytes(reader.uint32()).toString('latin1'))
  }
  reader.end()
  return headers
}

/**
 * Writes header blocks for one peer, as stored blocks of DEFLATE: valid for every inflater, without state, and no length tells anything of what
 * was said before (the attack that compression of headers is known for).
 */
export class HeaderBlockWriter {
  #first = true

  write(headers: SpdyHeaders): Buffer {
    const plain = new ByteWriter().uint32(headers.size)
    for (const [name, value] of headers) {
      const bytes = Buffer.from(value, 'latin1')
      plain.uint32(name.length).bytes(Buffer.from(name, 'latin1')).uint32(bytes.length).bytes(bytes)
    }
    const stored = plain.take()
    if (stored.length > 0xffff) throw new ProtocolViolation(`a header block of ${stored.length} bytes; at most 65535 are allowed`)
    const head = Buffer.alloc(5)
    head.writeUInt16LE(stored.length, 1)
    head.writeUInt16LE(stored.length ^ 0xffff, 3)
    const parts = [head, stored, flushMark]
    if (this.#first) parts.unshift(zlibHead)
    this.#first = false
    return Buffer.concat(parts)
  }
}
