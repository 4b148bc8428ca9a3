import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { ByteReader, ProtocolViolation } from '../bytes.ts'
import { MessageReader } from './codec.ts'

/** The largest message before a login is complete. */
const maxHandshakeMessage = 64 * 1024
/** The server's own limit for a startup packet (MAX_STARTUP_PACKET_LENGTH). */
const maxStartupPacket = 10_000

/** The peer closed the stream before the handshake was over. */
class PeerGone extends Error {
  override readonly name = 'PeerGone'
}

/** Reads a handshake message by message, top to bottom; then hands the stream over with whatever came early. */
export class Handshake {
  readonly stream: Duplex
  readonly #reader: MessageReader
  readonly #limit: number
  readonly #signal: AbortSignal
  #untyped: Buffer = Buffer.alloc(0)
  #typed = false
  #ended = false
  #failed: Error | null = null
  #wake: (() => void) | null = null

  constructor(stream: Duplex, signal: AbortSignal, limit = maxHandshakeMessage) {
    this.stream = stream
    this.#signal = signal
    this.#limit = limit
    this.#reader = new MessageReader(limit)
    stream.on('data', this.#onData)
    stream.on('end', this.#onEnd)
    stream.on('close', this.#onEnd)
    stream.on('error', this.#onError)
    // Stays when the stream is handed over: an error that falls between two owners must not end the process.
    stream.on('error', () => undefined)
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  #onData = (chunk: Buffer): void => {
    if (this.#typed) this.#reader.push(chunk)
    else this.#untyped = this.#untyped.length === 0 ? chunk : Buffer.concat([this.#untyped, chunk])
    // Nobody may make us keep more than what a message may have.
    if (this.#untyped.length + this.#reader.buffered > 2 * this.#limit) this.stream.pause()
    this.#wake?.()
  }
  #onEnd = (): void => {
    this.#ended = true
    this.#wake?.()
  }
  #onError = (error: Error): void => {
    this.#failed = error
    this.#wake?.()
  }
  #onAbort = (): void => this.#wake?.()

  async #more(): Promise<void> {
    if (this.#failed !== null) throw this.#failed
    if (this.#signal.aborted) throw this.#signal.reason
    if (this.#ended) throw new PeerGone('the connection was closed during the handshake')
    this.stream.resume()
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = null
  }

  /** One untyped packet (startup, SSLRequest, cancel) without its length. */
  async packet(): Promise<ByteReader> {
    while (this.#untyped.length < 4) await this.#more()
    const length = this.#untyped.readUInt32BE(0)
    if (length < 8 || length > maxStartupPacket) throw new ProtocolViolation(`a startup packet of ${length} bytes`)
    while (this.#untyped.length < length) await this.#more()
    const packet = this.#untyped.subarray(4, length)
    this.#untyped = this.#untyped.subarray(length)
    return new ByteReader(packet)
  }

  /** The first byte of what comes next, which stays unread. */
  async peek(): Promise<number> {
    while (this.#untyped.length < 1) await this.#more()
    return this.#untyped[0] ?? 0
  }

  /** One byte, as a server answers SSLRequest. */
  async byte(): Promise<number> {
    const byte = await this.peek()
    this.#untyped = this.#untyped.subarray(1)
    return byte
  }

  /** Bytes that came and were not read: after SSLRequest there may be none. */
  get early(): number {
    return this.#untyped.length + this.#reader.buffered
  }

  /** The next typed message; the reader stands on it. */
  async message(): Promise<MessageReader> {
    if (!this.#typed) {
      this.#typed = true
      if (this.#untyped.length > 0) this.#reader.push(this.#untyped)
      this.#untyped = Buffer.alloc(0)
    }
    while (!this.#reader.next()) await this.#more()
    return this.#reader
  }

  /** Lets go of the stream, paused; answers what came early. */
  release(): Buffer {
    this.stream.pause()
    this.stream.off('data', this.#onData)
    this.stream.off('end', this.#onEnd)
    this.stream.off('close', this.#onEnd)
    this.stream.off('error', this.#onError)
    this.#signal.removeEventListener('abort', this.#onAbort)
    return this.#typed ? this.#reader.takeRest() : this.#untyped
  }
}

/** Writes and waits until the stream can take more. */
export async function send(stream: Duplex, bytes: Buffer): Promise<void> {
  if (!stream.write(bytes)) await once(stream, 'drain')
}
