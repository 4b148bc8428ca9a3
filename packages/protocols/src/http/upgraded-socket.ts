import type { Duplex } from 'node:stream'
import { ProtocolViolation } from '../bytes.ts'

/** Milliseconds that a peer has to take what was written last, and to end its side. */
const lingering = 2_000

/** One leg behind a 101: reads in order, writes with back-pressure. What fails on it is its end, and only a ProtocolViolation is thrown. */
export class UpgradedSocket {
  readonly #stream: Duplex
  readonly #head: Buffer
  #finishing = false

  /** `head`: what came with the answer to the request, or behind the request. */
  constructor(stream: Duplex, head: Buffer) {
    this.#stream = stream
    this.#head = head
    stream.on('error', () => undefined)
  }

  /** All that comes, until the peer has no more or the socket is gone. */
  async *chunks(): AsyncGenerator<Buffer, void> {
    if (this.#head.length > 0) yield this.#head
    try {
      for await (const chunk of this.#stream.iterator({ destroyOnReturn: false })) yield chunk
    } catch (error) {
      // A connection that was reset has ended; one whose framing was wrong must not look like it.
      if (error instanceof ProtocolViolation) throw error
    } finally {
      if (this.#finishing) this.#stream.resume()
    }
  }

  /**
   * The promise is back-pressure; it settles as well when the socket is gone. Each message leaves as TLS records of its own: clients that poll
   * the socket below TLS, as Python's do, would wait there for what they have in hand already.
   */
  send(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#stream.write(bytes, () => resolve())
    })
  }

  /** Ends both ways. What was written still goes out: what comes meanwhile is read and dropped, for a reset would take it back from the peer. */
  async finish(): Promise<void> {
    const stream = this.#stream
    this.#finishing = true
    if (stream.destroyed) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, lingering)
      stream.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      stream.end()
      stream.resume()
    })
    stream.destroy()
  }
}
