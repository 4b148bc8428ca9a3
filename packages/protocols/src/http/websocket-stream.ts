import { Duplex } from 'node:stream'
import { ProtocolViolation } from '../bytes.ts'
import { UpgradedSocket } from './upgraded-socket.ts'
import { closeCodes, WebSocketDecoder, WebSocketEncoder, WebSocketViolation } from './websocket-frames.ts'

/**
 * A byte stream in the binary messages of a WebSocket (RFC 6455), of which this is one end: `peer` is the other. Pings are answered here.
 * What the peer does that is not allowed closes the WebSocket and destroys the stream with a WebSocketViolation.
 */
export function webSocketStream(socket: Duplex, head: Buffer, peer: 'client' | 'server'): Duplex {
  return new WebSocketStream(socket, head, peer)
}

class WebSocketStream extends Duplex {
  readonly #socket: UpgradedSocket
  readonly #decoder: WebSocketDecoder
  readonly #encoder: WebSocketEncoder
  /** Continues reading after the reader took what there was. */
  #wanted: (() => void) | null = null
  #begun = false
  #closed = false

  constructor(socket: Duplex, head: Buffer, peer: 'client' | 'server') {
    super()
    this.#socket = new UpgradedSocket(socket, head)
    this.#decoder = new WebSocketDecoder(peer)
    this.#encoder = new WebSocketEncoder(peer)
  }

  override _read(): void {
    this.#wanted?.()
    if (this.#begun) return
    this.#begun = true
    this.#receive().then(
      () => this.push(null),
      (error: unknown) => this.#violated(error),
    )
  }

  async #receive(): Promise<void> {
    for await (const chunk of this.#socket.chunks()) {
      this.#decoder.push(chunk)
      for (let item = this.#decoder.next(); item !== null; item = this.#decoder.next()) {
        if (this.destroyed) return
        if (item.kind === 'close') {
          // The peer's code is echoed (section 5.5.1).
          await this.#close(item.code)
          return
        }
        if (item.kind === 'ping' && !this.#closed) await this.#socket.send(this.#encoder.pong(item.bytes))
        if (item.kind !== 'piece' || item.bytes.length === 0) continue
        if (item.type === 'text') throw new ProtocolViolation('a text message where a stream of bytes is spoken')
        if (!this.push(item.bytes)) await this.#taken()
      }
    }
  }

  #taken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted = () => {
        this.#wanted = null
        resolve()
      }
    })
  }

  #violated(error: unknown): void {
    const code = error instanceof WebSocketViolation ? error.closeCode : closeCodes.protocolError
    const words = error instanceof ProtocolViolation ? error.message : ''
    void this.#close(code, words)
    this.destroy(error instanceof Error ? error : new ProtocolViolation('a WebSocket that cannot be read'))
  }

  async #close(code: number | null, words?: string): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#socket.send(this.#encoder.close(code, words))
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const sent = this.#closed
      ? undefined
      : this.#socket.send(this.#encoder.piece({ type: 'binary', first: true, last: true, bytes }))
    if (sent instanceof Promise) sent.then(() => done())
    else done()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#close(closeCodes.normal).then(() => done(), done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#wanted?.()
    void this.#close(closeCodes.goingAway)
    this.#socket.finish().then(() => done(error), done)
  }
}
