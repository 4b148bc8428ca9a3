import type { RawData, WebSocket } from 'ws'

/** How a WebSocket under a tunnel ended. */
export interface LineEnd {
  readonly words: string
  /** The peer wants no other in its place. */
  readonly final: boolean
}

export interface LineOptions {
  /** Milliseconds between signs of life of an idle peer. */
  readonly keepAlive: number
  /** A message; null: one that is not binary. */
  onMessage(message: Buffer | null): void
  /** Takes messages again after `send` said no. */
  onDrained(): void
  /** Once, unless the line was dropped. */
  onEnd(end: LineEnd): void
  /** Whether the peer owes us a sign of life. */
  owed(): boolean
  /** Asks it for one. */
  ping(): void
}

/** RFC 6455, 5.5 and 7.4.1 */
const maxCloseReasonBytes = 123
export const closeCodes = { normal: 1000, protocolError: 1002 } as const
/** Bytes that wait in this process's memory behind a slow network; beyond them streams wait. */
const congestedBytes = 256 * 1024
const sendOptions = { binary: true, compress: false, fin: true } as const
/** In thirds of `keepAlive`: silence that asks for a ping, and silence of a peer that owes an answer. */
const patience = { ping: 3, death: 2 }

/** One WebSocket under a tunnel: back-pressure, signs of life, and one end. Its own `setNoDelay` is on from the handshake. */
export class Line {
  readonly #webSocket: WebSocket
  readonly #options: LineOptions
  readonly #watch: NodeJS.Timeout
  #congested = false
  #over = false
  #failure: string | null = null
  #heard = false
  #silence = 0
  #asked = false

  constructor(webSocket: WebSocket, options: LineOptions) {
    this.#webSocket = webSocket
    this.#options = options
    this.#watch = setInterval(() => this.#listen(), options.keepAlive / 3).unref()
    webSocket.on('message', this.#onMessage)
    webSocket.resume()
    // What the peer sent cannot be understood; ws closes the socket after it.
    webSocket.on('error', (error) => {
      this.#failure ??= `The connection of the tunnel failed: ${error.message}`
    })
    webSocket.on('close', (code: number, reason: Buffer) => {
      if (this.#failure !== null) return this.#end({ words: this.#failure, final: true })
      const words = reason.length > 0 ? reason.toString() : 'The connection of the tunnel was lost.'
      this.#end({ words, final: code === closeCodes.normal || code === closeCodes.protocolError })
    })
  }

  /** False when no more should come before `onDrained`. */
  send(message: Buffer): boolean {
    this.#webSocket.send(message, sendOptions, this.#sent)
    this.#congested = this.#webSocket.bufferedAmount > congestedBytes
    return !this.#congested
  }

  readonly #sent = (): void => {
    if (!this.#congested || this.#over || this.#webSocket.bufferedAmount > congestedBytes) return
    this.#congested = false
    this.#options.onDrained()
  }

  readonly #onMessage = (data: RawData, isBinary: boolean): void => {
    if (this.#over) return
    this.#heard = true
    this.#options.onMessage(isBinary && Buffer.isBuffer(data) ? data : null)
  }

  #listen(): void {
    if (this.#heard) {
      this.#heard = false
      this.#asked = false
      this.#silence = 0
      return
    }
    this.#silence++
    if ((this.#asked || this.#options.owed()) && this.#silence >= patience.death) {
      this.#end({ words: 'The other side of the tunnel does not answer any more.', final: false })
      this.#webSocket.terminate()
    } else if (this.#silence >= patience.ping) {
      // Counted anew: the answer has as long as one that is owed.
      this.#silence = 0
      this.#asked = true
      this.#options.ping()
    }
  }

  #end(end: LineEnd): void {
    if (this.#over) return
    this.#over = true
    clearInterval(this.#watch)
    this.#options.onEnd(end)
  }

  /** Closes it with words for the peer. */
  close(code: number, words: string): void {
    this.#webSocket.close(code, closeReason(words))
  }

  /** Another takes its place: nothing that it still brings counts. */
  drop(): void {
    this.#over = true
    clearInterval(this.#watch)
    this.#webSocket.terminate()
  }
}

/** Words cut at a whole character to what a close frame may carry. */
function closeReason(words: string): Buffer {
  const target = Buffer.allocUnsafe(maxCloseReasonBytes)
  return target.subarray(0, target.write(words))
}
