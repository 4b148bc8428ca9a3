import { ProtocolViolation } from '../bytes.ts'
import type { StreamEvent } from './stream-event.ts'

/** How the channels of one WebSocket stand for forwarded ports: for the nth port 2n carries its bytes, 2n + 1 an error in words. */
export interface PortChannels {
  /** Null: there is no such channel. */
  stream(channel: number): Pick<StreamEvent, 'channel' | 'port'> | null
  /**
   * The part of these bytes that is the channel's preface: the server begins each channel with its port, 16 bits with the low byte first.
   * Throws ProtocolViolation for another port.
   */
  preface(channel: number, bytes: Buffer): Buffer
}

export function portChannels(ports: readonly number[]): PortChannels {
  const seen = new Map<number, number>()
  return {
    stream(channel) {
      const port = ports[Math.floor(channel / 2)]
      return port === undefined ? null : { channel: channel % 2 === 0 ? 'data' : 'error', port }
    },
    preface(channel, bytes) {
      const from = seen.get(channel) ?? 0
      const port = ports[Math.floor(channel / 2)] ?? 0
      const part = bytes.subarray(0, 2 - from)
      const expected = Buffer.from([port & 0xff, port >> 8]).subarray(from, from + part.length)
      if (!part.equals(expected)) throw new ProtocolViolation(`a channel for port ${port} that begins with another port`)
      seen.set(channel, from + part.length)
      return part
    },
  }
}
