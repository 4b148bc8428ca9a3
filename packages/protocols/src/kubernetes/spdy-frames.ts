import { ByteQueue } from '../byte-queue.ts'
import { ByteReader, ByteWriter, ProtocolViolation } from '../bytes.ts'
import { HeaderBlockReader, HeaderBlockWriter, maxHeaderBlock, type SpdyHeaders } from './spdy-headers.ts'

/** SPDY/3.1, section 2.6: https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/ */
const types = { synStream: 1, synReply: 2, rstStream: 3, settings: 4, ping: 6, goAway: 7, headers: 8, windowUpdate: 9 } as const
const version = 3
const flagFin = 0x01
const flagUnidirectional = 0x02

/** Why a stream is reset that is not taken (section 2.6.3). */
export const refusedStream = 3
/** Section 2.6.6. */
export const goAwayCodes = { protocolError: 1, internalError: 2 } as const

/** A data frame up to this long is handed out whole, a longer one in frames of this length. */
export const maxSpdyData = 64 * 1024
const maxControlFrame = maxHeaderBlock + 10
const maxData = 0xffffff

export interface SpdySetting {
  readonly flags: number
  readonly id: number
  readonly value: number
}
/** `fin`: its sender sends no more on the stream. */
export type SpdyFrame =
  | { readonly type: 'data'; readonly stream: number; readonly fin: boolean; readonly bytes: Buffer }
  | {
      readonly type: 'synStream'
      readonly stream: number
      readonly associated: number
      readonly priority: number
      readonly fin: boolean
      readonly unidirectional: boolean
      readonly headers: SpdyHeaders
    }
  | { readonly type: 'synReply'; readonly stream: number; readonly fin: boolean; readonly headers: SpdyHeaders }
  | { readonly type: 'headers'; readonly stream: number; readonly fin: boolean; readonly headers: SpdyHeaders }
  | { readonly type: 'rstStream'; readonly stream: number; readonly status: number }
  | { readonly type: 'settings'; readonly clear: boolean; readonly settings: readonly SpdySetting[] }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goAway'; readonly lastStream: number; readonly status: number }
  | { readonly type: 'windowUpdate'; readonly stream: number; readonly delta: number }

/** Cuts the bytes of one peer into frames. `next()` throws ProtocolViolation, and the connection must end then. */
export class SpdyDecoder {
  readonly #bytes = new ByteQueue()
  readonly #headers = new HeaderBlockReader()
  /** The data frame under way. */
  #data: { readonly stream: number; readonly fin: boolean; left: number } | null = null

  push(chunk: Buffer): void {
    this.#bytes.push(chunk)
  }

  /** Null: more bytes are needed. */
  next(): SpdyFrame | null {
    if (this.#data !== null) return this.#nextData(this.#data)
    const head = this.#bytes.peek(8)
    if (head === null) return null
    const flags = head.readUInt8(4)
    const length = head.readUIntBE(5, 3)
    if ((head.readUInt8(0) & 0x80) === 0) {
      if ((flags & ~flagFin) !== 0) throw new ProtocolViolation(`a data frame with the flags ${flags}`)
      const data = { stream: streamId(head.readUInt32BE(0)), fin: flags === flagFin, left: length }
      this.#bytes.take(8)
      this.#data = data
      return this.#nextData(data)
    }
    const frameVersion = head.readUInt16BE(0) & 0x7fff
    if (frameVersion !== version) throw new ProtocolViolation(`a frame of SPDY/${frameVersion}; only SPDY/3 is spoken here`)
    if (length > maxControlFrame) {
      throw new ProtocolViolation(`a control frame of ${length} bytes; at most ${maxControlFrame} are allowed`)
    }
    const type = head.readUInt16BE(2)
    const frame = this.#bytes.take(8 + length)
    return frame === null ? null : this.#control(type, flags, new ByteReader(frame, 8))
  }

  #nextData(data: { readonly stream: number; readonly fin: boolean; left: number }): SpdyFrame | null {
    const bytes = this.#bytes.take(Math.min(data.left, maxSpdyData))
    if (bytes === null) return null
    data.left -= bytes.length
    if (data.left === 0) this.#data = null
    return { type: 'data', stream: data.stream, fin: data.fin && data.left === 0, bytes }
  }

  #control(type: number, flags: number, body: ByteReader): SpdyFrame {
    const allowed = allowedFlags.get(type)
    if (allowed === undefined) throw new ProtocolViolation(`a control frame of the unknown type ${type}`)
    if ((flags & ~allowed) !== 0) throw new ProtocolViolation(`a control frame of type ${type} with the flags ${flags}`)
    const frame = this.#read(type, flags, body)
    body.end()
    return frame
  }

  #read(type: number, flags: number, body: ByteReader): SpdyFrame {
    const fin = (flags & flagFin) !== 0
    switch (type) {
      case types.synStream: {
        const stream = streamId(body.uint32())
        const associated = body.uint32() & 0x7fffffff
        const priority = body.uint8() >> 5
        body.uint8()
        const unidirectional = (flags & flagUnidirectional) !== 0
        return { type: 'synStream', stream, associated, priority, fin, unidirectional, headers: this.#headers.read(body.rest()) }
      }
      case types.synReply:
        return { type: 'synReply', stream: streamId(body.uint32()), fin, headers: this.#headers.read(body.rest()) }
      case types.headers:
        return { type: 'headers', stream: streamId(body.uint32()), fin, headers: this.#headers.read(body.rest()) }
      case types.rstStream:
        return {
          type: 'rstStream',
          stream: streamId(body.uint32()),
          status: nonZero(body.uint32(), 'a reset without its reason'),
        }
      case types.settings:
        return { type: 'settings', clear: fin, settings: settingsOf(body) }
      case types.ping:
        return { type: 'ping', id: body.uint32() }
      case types.goAway:
        return { type: 'goAway', lastStream: body.uint32() & 0x7fffffff, status: body.uint32() }
      default: {
        const stream = body.uint32() & 0x7fffffff
        return { type: 'windowUpdate', stream, delta: nonZero(body.uint32() & 0x7fffffff, 'a window update of nothing') }
      }
    }
  }
}

const allowedFlags: ReadonlyMap<number, number> = new Map([
  [types.synStream, flagFin | flagUnidirectional],
  [types.synReply, flagFin],
  [types.rstStream, 0],
  [types.settings, flagFin],
  [types.ping, 0],
  [types.goAway, 0],
  [types.headers, flagFin],
  [types.windowUpdate, 0],
])

function streamId(word: number): number {
  return nonZero(word & 0x7fffffff, 'a frame of stream 0')
}

function nonZero(value: number, words: string): number {
  if (value === 0) throw new ProtocolViolation(words)
  return value
}

function settingsOf(body: ByteReader): SpdySetting[] {
  const count = body.uint32()
  if (count * 8 !== body.remaining) throw new ProtocolViolation('a count of settings that is not that of its frame')
  return Array.from({ length: count }, () => {
    const flagsAndId = body.uint32()
    return { flags: flagsAndId >>> 24, id: flagsAndId & 0xffffff, value: body.uint32() }
  })
}

/** Writes frames for one peer, in the order in which they are sent: header blocks are parts of one stream. */
export class SpdyEncoder {
  readonly #headers = new HeaderBlockWriter()

  write(frame: SpdyFrame): Buffer {
    const fin = 'fin' in frame && frame.fin ? flagFin : 0
    switch (frame.type) {
      case 'data':
        return data(frame.stream, fin, frame.bytes)
      case 'synStream': {
        const body = new ByteWriter()
          .uint32(frame.stream)
          .uint32(frame.associated)
          .uint8(frame.priority << 5)
          .uint8(0)
        const flags = fin | (frame.unidirectional ? flagUnidirectional : 0)
        return control(types.synStream, flags, body.bytes(this.#headers.write(frame.headers)))
      }
      case 'synReply':
      case 'headers':
        return control(types[frame.type], fin, new ByteWriter().uint32(frame.stream).bytes(this.#headers.write(frame.headers)))
      case 'rstStream':
        return control(types.rstStream, 0, new ByteWriter().uint32(frame.stream).uint32(frame.status))
      case 'settings': {
        const body = new ByteWriter().uint32(frame.settings.length)
        for (const { flags, id, value } of frame.settings)
          body
            .uint8(flags)
            .uint8(id >>> 16)
            .uint16(id & 0xffff)
            .uint32(value)
        return control(types.settings, frame.clear ? flagFin : 0, body)
      }
      case 'ping':
        return control(types.ping, 0, new ByteWriter().uint32(frame.id))
      case 'goAway':
        return control(types.goAway, 0, new ByteWriter().uint32(frame.lastStream).uint32(frame.status))
      case 'windowUpdate':
        return control(types.windowUpdate, 0, new ByteWriter().uint32(frame.stream).uint32(frame.delta))
    }
  }
}

function control(type: number, flags: number, body: ByteWriter): Buffer {
  const bytes = body.take()
  return new ByteWriter(8 + bytes.length)
    .uint16(0x8000 | version)
    .uint16(type)
    .uint32(((flags << 24) | bytes.length) >>> 0)
    .bytes(bytes)
    .take()
}

function data(stream: number, flags: number, bytes: Buffer): Buffer {
  if (bytes.length > maxData) throw new ProtocolViolation(`a data frame of ${bytes.length} bytes; at most ${maxData} are allowed`)
  return new ByteWriter(8 + bytes.length)
    .uint32(stream)
    .uint32(((flags << 24) | bytes.length) >>> 0)
    .bytes(bytes)
    .take()
}
