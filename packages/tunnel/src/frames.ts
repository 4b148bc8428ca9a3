import { StreamHeader } from '@hoop/contracts'

/**
 * The codec of the tunnel: bytes in, frames out, and back. The table with the payloads is in ../README.md.
 * A WebSocket message holds one or more whole frames. Each begins with 12 bytes, big-endian:
 * type u8, flags u8 (0), reserved u16 (0), stream u32, length of the payload u32.
 */
export const frameTypes = {
  open: 1,
  data: 2,
  credit: 3,
  fin: 4,
  reset: 5,
  ping: 6,
  pong: 7,
  goaway: 8,
  resume: 9,
  ack: 10,
} as const

export const frameHeaderBytes = 12
/** Of one frame. */
const maxPayloadBytes = 256 * 1024
/** Of one WebSocket message. */
export const maxMessageBytes = 4 * 1024 * 1024
/** Of the JSON in an OPEN frame. */
export const maxStreamHeaderBytes = 4096
/** Of the words in RESET and GOAWAY. */
const maxWordsBytes = 1024
/** The most that one side may ever owe the other on one stream. */
export const maxCredit = 2 ** 31 - 1
export const pingTokenBytes = 8
const countBytes = 8

export type Frame =
  | { readonly type: 'open'; readonly stream: number; readonly header: StreamHeader; readonly bytes: Buffer }
  | { readonly type: 'data'; readonly stream: number; readonly bytes: Buffer }
  | { readonly type: 'credit'; readonly stream: number; readonly credit: number }
  | { readonly type: 'fin'; readonly stream: number }
  | { readonly type: 'reset'; readonly stream: number; readonly code: number; readonly words: string }
  | { readonly type: 'ping' | 'pong'; readonly token: Buffer }
  | { readonly type: 'goaway'; readonly words: string }
  | { readonly type: 'resume' | 'ack'; readonly count: number }

/** The peer broke the rules of the tunnel; nothing it sends can be believed any more. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation'
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Calls `visit` with each frame of a message, in order; bytes are slices of the message.
 * @throws ProtocolViolation at the first thing that is not exactly as it should be.
 */
export function decodeFrames(message: Buffer, visit: (frame: Frame) => void): void {
  if (message.length > maxMessageBytes) throw new ProtocolViolation(`a message of ${message.length} bytes`)
  if (message.length === 0) throw new ProtocolViolation('an empty message')
  let offset = 0
  while (offset < message.length) {
    const start = offset + frameHeaderBytes
    if (start > message.length) throw new ProtocolViolation('a frame header is cut off')
    if (message.readUIntBE(offset + 1, 3) !== 0) throw new ProtocolViolation('flags or reserved bits are set')
    const length = message.readUInt32BE(offset + 8)
    if (length > maxPayloadBytes) throw new ProtocolViolation(`a frame of ${length} bytes`)
    if (length > message.length - start) throw new ProtocolViolation('a frame is cut off')
    const payload = message.subarray(start, start + length)
    visit(decodeFrame(message.readUInt8(offset), message.readUInt32BE(offset + 4), payload))
    offset = start + length
  }
}

function decodeFrame(type: number, stream: number, payload: Buffer): Frame {
  switch (type) {
    case frameTypes.open:
      return decodeOpen(ofStream(stream, 'OPEN'), payload)
    case frameTypes.data:
      if (payload.length === 0) throw new ProtocolViolation('DATA without bytes')
      return { type: 'data', stream: ofStream(stream, 'DATA'), bytes: payload }
    case frameTypes.credit: {
      const credit = ofLength(payload, 4, 'CREDIT').readUInt32BE(0)
      if (credit === 0 || credit > maxCredit) throw new ProtocolViolation(`CREDIT of ${credit} bytes`)
      return { type: 'credit', stream: ofStream(stream, 'CREDIT'), credit }
    }
    case frameTypes.fin:
      ofLength(payload, 0, 'FIN')
      return { type: 'fin', stream: ofStream(stream, 'FIN') }
    case frameTypes.reset: {
      if (payload.length < 2) throw new ProtocolViolation('RESET without a code')
      const words = decodeWords(payload.subarray(2), 'RESET')
      return { type: 'reset', stream: ofStream(stream, 'RESET'), code: payload.readUInt16BE(0), words }
    }
    case frameTypes.ping:
      ofTunnel(stream, 'PING')
      return { type: 'ping', token: ofLength(payload, pingTokenBytes, 'PING') }
    case frameTypes.pong:
      ofTunnel(stream, 'PONG')
      return { type: 'pong', token: ofLength(payload, pingTokenBytes, 'PONG') }
    case frameTypes.goaway:
      ofTunnel(stream, 'GOAWAY')
      return { type: 'goaway', words: decodeWords(payload, 'GOAWAY') }
    case frameTypes.resume:
      ofTunnel(stream, 'RESUME')
      return { type: 'resume', count: decodeCount(payload, 'RESUME') }
    case frameTypes.ack:
      ofTunnel(stream, 'ACK')
      return { type: 'ack', count: decodeCount(payload, 'ACK') }
    default:
      throw new ProtocolViolation(`a frame of unknown type ${type}`)
  }
}

function decodeOpen(stream: number, payload: Buffer): Frame {
  const length = payload.length < 2 ? -1 : payload.readUInt16BE(0)
  if (length < 0 || length > payload.length - 2) throw new ProtocolViolation('the header of OPEN is cut off')
  if (length > maxStreamHeaderBytes) throw new ProtocolViolation(`an OPEN header of ${length} bytes`)
  let json: unknown
  try {
    json = JSON.parse(utf8.decode(payload.subarray(2, 2 + length)))
  } catch {
    throw new ProtocolViolation('the header of OPEN is not JSON')
  }
  const header = StreamHeader.safeParse(json)
  if (!header.success) throw new ProtocolViolation('the header of OPEN is not as expected')
  return { type: 'open', stream, header: header.data, bytes: payload.subarray(2 + length) }
}

function decodeWords(bytes: Buffer, name: string): string {
  if (bytes.length > maxWordsBytes) throw new ProtocolViolation(`${name} with ${bytes.length} bytes of words`)
  try {
    return utf8.decode(bytes)
  } catch {
    throw new ProtocolViolation(`the words of ${name} are not UTF-8`)
  }
}

function decodeCount(payload: Buffer, name: string): number {
  const count = ofLength(payload, countBytes, name).readBigUInt64BE(0)
  if (count > Number.MAX_SAFE_INTEGER) throw new ProtocolViolation(`${name} of ${count} messages`)
  return Number(count)
}

function ofStream(stream: number, name: string): number {
  if (stream === 0) throw new ProtocolViolation(`${name} without a stream`)
  return stream
}

function ofTunnel(stream: number, name: string): void {
  if (stream !== 0) throw new ProtocolViolation(`${name} on a stream`)
}

function ofLength(payload: Buffer, length: number, name: string): Buffer {
  if (payload.length !== length) throw new ProtocolViolation(`${name} with ${payload.length} bytes`)
  return payload
}

/** One frame as bytes. @throws RangeError for what `decodeFrames` would refuse because of its length. */
export function encodeFrame(frame: Frame): Buffer {
  switch (frame.type) {
    case 'open':
      return framed(frameTypes.open, frame.stream, Buffer.concat([encodeStreamHeader(frame.header), frame.bytes]))
    case 'data':
      return framed(frameTypes.data, frame.stream, frame.bytes)
    case 'credit': {
      const payload = Buffer.allocUnsafe(4)
      payload.writeUInt32BE(frame.credit)
      return framed(frameTypes.credit, frame.stream, payload)
    }
    case 'fin':
      return framed(frameTypes.fin, frame.stream, Buffer.alloc(0))
    case 'reset': {
      const code = Buffer.allocUnsafe(2)
      code.writeUInt16BE(frame.code)
      return framed(frameTypes.reset, frame.stream, Buffer.concat([code, encodeWords(frame.words)]))
    }
    case 'ping':
    case 'pong':
      return framed(frameTypes[frame.type], 0, frame.token)
    case 'goaway':
      return framed(frameTypes.goaway, 0, encodeWords(frame.words))
    case 'resume':
    case 'ack': {
      const count = Buffer.allocUnsafe(countBytes)
      count.writeBigUInt64BE(BigInt(frame.count))
      return framed(frameTypes[frame.type], 0, count)
    }
  }
}

/** The 12 bytes before a payload, written in place. */
export function writeFrameHeader(target: Buffer, offset: number, type: number, stream: number, length: number): void {
  target.writeUInt32BE(type * 2 ** 24, offset)
  target.writeUInt32BE(stream, offset + 4)
  target.writeUInt32BE(length, offset + 8)
}

/** What stands before the first bytes in an OPEN frame: the length of the JSON, u16, and the JSON. */
export function encodeStreamHeader(header: StreamHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header))
  if (json.length > maxStreamHeaderBytes) throw new RangeError(`a stream header of ${json.length} bytes`)
  const length = Buffer.allocUnsafe(2)
  length.writeUInt16BE(json.length)
  return Buffer.concat([length, json])
}

/** Words as bytes, cut at a whole character where they are too long. */
function encodeWords(words: string): Buffer {
  const target = Buffer.allocUnsafe(maxWordsBytes)
  return target.subarray(0, target.write(words))
}

function framed(type: number, stream: number, payload: Buffer): Buffer {
  if (payload.length > maxPayloadBytes) throw new RangeError(`a frame of ${payload.length} bytes`)
  const frame = Buffer.allocUnsafe(frameHeaderBytes + payload.length)
  writeFrameHeader(frame, 0, type, stream, payload.length)
  payload.copy(frame, frameHeaderBytes)
  return frame
}
