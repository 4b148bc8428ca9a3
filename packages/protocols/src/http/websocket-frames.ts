import { isUtf8 } from 'node:buffer'
import { randomFillSync } from 'node:crypto'
import { ByteQueue } from '../byte-queue.ts'
import { ProtocolViolation } from '../bytes.ts'

/** RFC 6455, section 5.2. */
const opcodes = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const

/** RFC 6455, section 7.4.1. */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  invalidData: 1007,
  policyViolation: 1008,
  tooBig: 1009,
} as const

/** The largest payload of one frame. A message may have any number of frames. */
const maxFramePayload = 16 * 1024 * 1024
/** A frame up to this long is handed out as one piece; a longer one in pieces of this length. */
export const maxWebSocketPiece = 64 * 1024
const maxControlPayload = 125

/** What a peer sent that RFC 6455 does not allow, with the code that its connection is closed with. */
export class WebSocketViolation extends ProtocolViolation {
  readonly closeCode: number
  constructor(closeCode: number, words: string) {
    super(words)
    this.closeCode = closeCode
  }
}

/** Part of a message, or all of it. A text's pieces are each whole characters of UTF-8. */
export interface WebSocketPiece {
  readonly kind: 'piece'
  readonly type: 'text' | 'binary'
  /** It begins its message. */
  readonly first: boolean
  /** It ends its message. */
  readonly last: boolean
  readonly bytes: Buffer
}
export type WebSocketControl =
  | { readonly kind: 'ping' | 'pong'; readonly bytes: Buffer }
  /** `code` null: the peer gave none. */
  | { readonly kind: 'close'; readonly code: number | null; readonly reason: string }

/**
 * Cuts the bytes of one peer into pieces of messages and control frames (RFC 6455, section 5), without extensions: reserved bits are refused.
 * `next()` throws WebSocketViolation, and the connection must end then.
 */
export class WebSocketDecoder {
  readonly #bytes = new ByteQueue()
  readonly #masked: boolean
  /** The data frame under way: what is left of its payload. */
  #frame: { readonly final: boolean; readonly mask: Buffer | null; left: number; at: number } | null = null
  #message: 'text' | 'binary' | null = null
  #first = true
  /** The beginning of a character whose end comes with the next piece. */
  #character: Buffer = Buffer.alloc(0)
  #closed = false

  /** `client`: the peer must mask its frames; `server`: it must not. */
  constructor(peer: 'client' | 'server') {
    this.#masked = peer === 'client'
  }

  push(chunk: Buffer): void {
    // Nothing that follows a close frame is looked at (section 5.5.1).
    if (!this.#closed) this.#bytes.push(chunk)
  }

  /** Null: more bytes are needed. */
  next(): WebSocketPiece | WebSocketControl | null {
    for (;;) {
      if (this.#closed) return null
      if (this.#frame === null) {
        const head = this.#head()
        if (head === null || head === 'frame') {
          if (head === null) return null
          continue
        }
        return head
      }
      const frame = this.#frame
      const length = Math.min(frame.left, maxWebSocketPiece)
      const bytes = this.#bytes.take(length)
      if (bytes === null) return null
      const plain = frame.mask === null ? bytes : masked(bytes, frame.mask, frame.at)
      frame.left -= length
      frame.at += length
      if (frame.left === 0) this.#frame = null
      const piece = this.#piece(plain, frame.final && frame.left === 0)
      if (piece !== null) return piece
    }
  }

  /** Reads the head of the next frame, and a control frame whole. */
  #head(): WebSocketControl | 'frame' | null {
    const start = this.#bytes.peek(2)
    if (start === null) return null
    const [one = 0, two = 0] = start
    const final = (one & 0x80) !== 0
    const opcode = one & 0x0f
    if ((one & 0x70) !== 0) throw violation('a frame with reserved bits set, though no extension was agreed on')
    if (((two & 0x80) !== 0) !== this.#masked) {
      throw violation(this.#masked ? 'a frame of a client that is not masked' : 'a masked frame of a server')
    }
    const short = two & 0x7f
    if (opcode >= opcodes.close) {
      if (!final) throw violation('a control frame in fragments')
      if (short > maxControlPayload) throw violation(`a control frame of more than ${maxControlPayload} bytes`)
    }
    const maskLength = this.#masked ? 4 : 0
    const headLength = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + maskLength
    const head = this.#bytes.peek(headLength)
    if (head === null) return null
    const length = payloadLength(head, short)
    const mask = this.#masked ? Buffer.from(head.subarray(headLength - 4)) : null
    if (opcode >= opcodes.close) return this.#control(opcode, headLength, length, mask)
    this.#begin(opcode)
    this.#bytes.take(headLength)
    this.#frame = { final, mask, left: length, at: 0 }
    return 'frame'
  }

  #begin(opcode: number): void {
    if (opcode === opcodes.continuation) {
      if (this.#message === null) throw violation('a continuation of no message')
      return
    }
    if (opcode !== opcodes.text && opcode !== opcodes.binary) throw violation(`a frame with the reserved opcode ${opcode}`)
    if (this.#message !== null) throw violation('a new message before the end of the one before')
    this.#message = opcode === opcodes.text ? 'text' : 'binary'
    this.#first = true
  }

  #control(opcode: number, headLength: number, length: number, mask: Buffer | null): WebSocketControl | null {
    const bytes = this.#bytes.take(headLength + length)
    if (bytes === null) return null
    const payload = bytes.subarray(headLength)
    const plain = mask === null ? payload : masked(payload, mask, 0)
    if (opcode === opcodes.ping) return { kind: 'ping', bytes: plain }
    if (opcode === opcodes.pong) return { kind: 'pong', bytes: plain }
    if (opcode !== opcodes.close) throw violation(`a frame with the reserved opcode ${opcode}`)
    const close = closeOf(plain)
    this.#closed = true
    return close
  }

  /** Null: nothing of it can be handed out yet. */
  #piece(bytes: Buffer, last: boolean): WebSocketPiece | null {
    const type = this.#message ?? 'binary'
    const first = this.#first
    let plain = bytes
    if (type === 'text') {
      const joined = this.#character.length === 0 ? bytes : Buffer.concat([this.#character, bytes])
      const whole = last ? joined.length : joined.length - unfinished(joined)
      plain = joined.subarray(0, whole)
      if (!isUtf8(plain)) throw new WebSocketViolation(closeCodes.invalidData, 'a text message that is not UTF-8')
      this.#character = joined.subarray(whole)
    }
    if (plain.length === 0 && !last) return null
    this.#first = false
    if (last) this.#message = null
    return { kind: 'piece', type, first, last, bytes: plain }
  }
}

function violation(words: string): WebSocketViolation {
  return new WebSocketViolation(closeCodes.protocolError, words)
}

function payloadLength(head: Buffer, short: number): number {
  if (short < 126) return short
  const length = short === 126 ? BigInt(head.readUInt16BE(2)) : head.readBigUInt64BE(2)
  if (length < (short === 126 ? 126n : 0x10000n)) throw violation('a length in more bytes than it needs')
  if (length > maxFramePayload) {
    throw new WebSocketViolation(closeCodes.tooBig, `a frame of ${length} bytes; at most ${maxFramePayload} are allowed`)
  }
  return Number(length)
}

/** A copy, with the mask put on or taken off (section 5.3); `at`: how much of the payload came before. */
function masked(bytes: Buffer, mask: Buffer, at: number): Buffer {
  const result = Buffer.allocUnsafe(bytes.length)
  for (let i = 0; i < bytes.length; i++) result[i] = (bytes[i] ?? 0) ^ (mask[(at + i) & 3] ?? 0)
  return result
}

/** How many of the last bytes begin a character that is not over. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? back : 0
  }
  return 0
}

function closeOf(payload: Buffer): WebSocketControl {
  if (payload.length === 0) return { kind: 'close', code: null, reason: '' }
  if (payload.length === 1) throw violation('a close frame with half a code')
  const code = payload.readUInt16BE(0)
  if (!mayBeSent(code)) throw violation(`a close frame with the code ${code}`)
  const reason = payload.subarray(2)
  if (!isUtf8(reason)) throw new WebSocketViolation(closeCodes.invalidData, 'a close frame whose reason is not UTF-8')
  return { kind: 'close', code, reason: reason.toString('utf8') }
}

/** Sections 7.4.1 and 7.4.2, and what IANA has registered since: 1004 to 1006 and 1015 are never on the wire. */
function mayBeSent(code: number): boolean {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)
}

/** Writes frames for one peer; as a client (to a server) each with a mask of its own. */
export class WebSocketEncoder {
  readonly #masking: boolean

  constructor(peer: 'client' | 'server') {
    this.#masking = peer === 'server'
  }

  /** One frame of a message: `first` names the type, the others continue it. */
  piece({ type, first, last, bytes }: Omit<WebSocketPiece, 'kind'>): Buffer {
    return this.#frame(first ? opcodes[type] : opcodes.continuation, last, bytes)
  }

  ping(bytes: Buffer): Buffer {
    return this.#frame(opcodes.ping, true, bytes)
  }

  pong(bytes: Buffer): Buffer {
    return this.#frame(opcodes.pong, true, bytes)
  }

  /** A reason that is too long for a control frame is cut off. */
  close(code: number | null, reason = ''): Buffer {
    if (code === null) return this.#frame(opcodes.close, true, Buffer.alloc(0))
    const words = Buffer.from(reason, 'utf8').subarray(0, maxControlPayload - 2)
    const payload = Buffer.alloc(2 + words.length - unfinished(words))
    payload.writeUInt16BE(code, 0)
    words.copy(payload, 2)
    return this.#frame(opcodes.close, true, payload)
  }

  #frame(opcode: number, final: boolean, payload: Buffer): Buffer {
    const { length } = payload
    const lengthBytes = length < 126 ? 0 : length < 0x10000 ? 2 : 8
    const maskAt = 2 + lengthBytes
    const payloadAt = maskAt + (this.#masking ? 4 : 0)
    const frame = Buffer.allocUnsafe(payloadAt + length)
    frame[0] = (final ? 0x80 : 0) | opcode
    frame[1] = (this.#masking ? 0x80 : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127)
    if (lengthBytes === 2) frame.writeUInt16BE(length, 2)
    else if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2)
    if (!this.#masking) {
      payload.copy(frame, payloadAt)
      return frame
    }
    randomFillSync(frame, maskAt, 4)
    for (let i = 0; i < length; i++) frame[payloadAt + i] = (payload[i] ?? 0) ^ (frame[maskAt + (i & 3)] ?? 0)
    return frame
  }
}
