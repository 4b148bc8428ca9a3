import { ProtocolViolation } from '../bytes.ts'
import type { WebSocketPiece } from '../http/websocket-frames.ts'

/** A subprotocol that puts several byte streams into one WebSocket: each message begins with the number of its channel. */
export interface ChannelProtocol {
  /** Of the remote command protocol: from 4 on errors are a Status, from 5 on a channel can be closed. */
  readonly version: number
  /** Text messages: the number as the character that comes so many after `0`, the bytes in base64. */
  readonly base64: boolean
}

/** Null: the name is none of these. */
export function channelProtocol(subprotocol: string): ChannelProtocol | null {
  const name = /^(?:v([2-5])\.)?(base64\.)?channel\.k8s\.io$/.exec(subprotocol)
  if (name === null) return null
  const version = name[1] === undefined ? 1 : Number(name[1])
  const base64 = name[2] !== undefined
  return base64 && version !== 1 && version !== 4 ? null : { version, base64 }
}

/** In the place of a channel's number: the next byte is the channel that is closed. From version 5 on, and from clients only. */
const closeSignal = 255

export type ChannelMessage =
  | { readonly kind: 'bytes'; readonly channel: number; readonly bytes: Buffer }
  | { readonly kind: 'close'; readonly channel: number }

/**
 * Reads the messages of one way; those that come in pieces are pieces of one channel. Text and binary ones say the same, as Kubernetes' server
 * has it: Python's client sends text.
 */
export class ChannelReader {
  readonly #protocol: ChannelProtocol
  #channel = 0
  /** Characters of base64 that are not four yet. */
  #digits = ''
  #padded = false

  constructor(protocol: ChannelProtocol) {
    this.#protocol = protocol
  }

  /** Null: an empty message, which says nothing. Throws ProtocolViolation. */
  read({ first, last, bytes }: Omit<WebSocketPiece, 'type'>): ChannelMessage | null {
    const { base64, version } = this.#protocol
    if (first && bytes.length === 0 && last) return null
    let content = bytes
    if (first) {
      const [number = 0] = bytes
      content = bytes.subarray(1)
      if (number === closeSignal && version >= 5) return closed(content, last)
      this.#channel = base64 ? number - 0x30 : number
      this.#digits = ''
      this.#padded = false
    }
    return { kind: 'bytes', channel: this.#channel, bytes: base64 ? this.#decoded(content, last) : content }
  }

  #decoded(content: Buffer, last: boolean): Buffer {
    const digits = this.#digits + content.toString('latin1')
    const whole = digits.slice(0, digits.length - (digits.length % 4))
    this.#digits = digits.slice(whole.length)
    if (last && this.#digits !== '') throw new ProtocolViolation('base64 that is cut off')
    if (whole === '') return Buffer.alloc(0)
    if (this.#padded || !/^[A-Za-z0-9+/]*={0,2}$/.test(whole)) throw new ProtocolViolation('a message that is not base64')
    this.#padded = whole.endsWith('=')
    return Buffer.from(whole, 'base64')
  }
}

function closed(content: Buffer, last: boolean): ChannelMessage {
  const [channel] = content
  if (!last || channel === undefined || content.length !== 1) throw new ProtocolViolation('a close signal of no channel')
  return { kind: 'close', channel }
}

/** The payload of the message. */
export function channelMessage({ base64 }: ChannelProtocol, message: ChannelMessage): Buffer {
  if (message.kind === 'close') return Buffer.from([closeSignal, message.channel])
  const { channel, bytes } = message
  if (base64) return Buffer.from(String.fromCharCode(0x30 + channel) + bytes.toString('base64'), 'latin1')
  return Buffer.concat([Buffer.from([channel]), bytes])
}
