import type { Duplex } from 'node:stream'
import type { StreamHeader } from '@hoop/contracts'
import type { WebSocket } from 'ws'
import { closeCodes, Line, type LineEnd } from './line.ts'
import { Multiplexer } from './multiplexer.ts'

/** Many streams over one WebSocket, and over the next one when that is lost. */
export interface Tunnel {
  /** Opens a stream; its first bytes travel with its header. One that cannot be opened fails with a StreamReset. */
  openStream(header: StreamHeader, firstBytes?: Buffer): Duplex
  /** Streams that are open. */
  readonly size: number
  /** Settles when the tunnel has ended, with words for people. Never rejects. */
  readonly closed: Promise<{ readonly words: string }>
  /** Settles when the peer takes no new streams any more; those that are open go on. Never rejects. */
  readonly goingAway: Promise<{ readonly words: string }>
  /** Tells the peer that no new streams are taken, and why. */
  goAway(words: string): void
  /** Sends what can be sent, tells the peer why, resets all streams with these words and closes the WebSocket. */
  close(words: string): void
}

/** A tunnel that can be given another WebSocket. */
export interface ResumableTunnel extends Tunnel {
  /** Goes on over this WebSocket, which the peer has just opened; the one before is dropped. */
  resume(webSocket: WebSocket): void
}

/** What the tunnel says to its owner's log. pino fits. */
export interface TunnelLog {
  warn(fields: object, message: string): void
}

export interface TunnelOptions {
  readonly side: 'dialler' | 'acceptor'
  readonly onStream?: ((header: StreamHeader, stream: Duplex) => void) | undefined
  readonly log?: TunnelLog | undefined
  /** Milliseconds between signs of life of an idle tunnel; a peer that owes one is dead after two thirds of it. */
  readonly keepAlive?: number | undefined
  /** Runs the callback once, when this turn of the event loop is handled: setImmediate, unless its owner knows better when that is. */
  readonly schedule?: ((flush: () => void) => void) | undefined
  /** Milliseconds that streams stand still without a WebSocket before they end; 0, the default: they end with it. */
  readonly patience?: number | undefined
  /** The WebSocket is lost; the streams stand still. */
  readonly onLost?: ((words: string) => void) | undefined
  /** The streams go on, over another WebSocket. */
  readonly onResumed?: (() => void) | undefined
  /** The dialler's: another WebSocket in place of a lost one. Rejects when there will be none. */
  readonly redial?: ((signal: AbortSignal) => Promise<WebSocket>) | undefined
}

const defaultKeepAlive = 15_000
const acknowledgeTime = 500

/** A tunnel over a WebSocket that is open. */
export function tunnelOver(webSocket: WebSocket, options: TunnelOptions): ResumableTunnel {
  return new WebSocketTunnel(webSocket, options)
}

class WebSocketTunnel implements ResumableTunnel {
  readonly #options: TunnelOptions
  readonly #patience: number
  readonly #multiplexer: Multiplexer
  readonly #closed = Promise.withResolvers<{ readonly words: string }>()
  readonly #goingAway = Promise.withResolvers<{ readonly words: string }>()
  /** Ends what waits for another WebSocket. */
  #waiting: AbortController | null = null
  #line: Line | null = null
  /** Why it ends, where the one who ended it said so. */
  #words: string | null = null
  /** In words that a close frame may have cut. */
  #peerGoesAway: string | null = null
  #over = false

  constructor(webSocket: WebSocket, options: TunnelOptions) {
    this.#options = options
    this.#patience = options.patience ?? 0
    this.#multiplexer = new Multiplexer({
      side: options.side,
      send: (message) => this.#line?.send(message) ?? false,
      // After the callbacks of all sockets that had something to read: what they wrote leaves as one message.
      schedule: options.schedule ?? setImmediate,
      delay: (acknowledge) => void setTimeout(acknowledge, acknowledgeTime).unref(),
      onStream: options.onStream && ((header, stream) => this.#accept(header, stream)),
      onGoaway: (words) => {
        this.#peerGoesAway = words
        this.#goingAway.resolve({ words })
      },
      onViolation: (words) => this.#violated(words),
    })
    this.#line = this.#lineOver(webSocket)
  }

  get closed(): Promise<{ readonly words: string }> {
    return this.#closed.promise
  }
  get goingAway(): Promise<{ readonly words: string }> {
    return this.#goingAway.promise
  }
  get size(): number {
    return this.#multiplexer.size
  }

  openStream(header: StreamHeader, firstBytes?: Buffer): Duplex {
    return this.#multiplexer.openStream(header, firstBytes)
  }

  goAway(words: string): void {
    this.#multiplexer.goaway(words)
  }

  close(words: string): void {
    this.#words ??= words
    this.#multiplexer.goaway(words)
    this.#multiplexer.end(words)
    if (this.#line === null) this.#end(words)
    else this.#line.close(closeCodes.normal, words)
  }

  resume(webSocket: WebSocket): void {
    if (this.#over || this.#words !== null) return webSocket.terminate()
    this.#line?.drop()
    this.#waiting?.abort()
    this.#waiting = null
    this.#multiplexer.suspend()
    this.#line = this.#lineOver(webSocket)
    this.#multiplexer.resume()
    this.#options.onResumed?.()
  }

  #lineOver(webSocket: WebSocket): Line {
    return new Line(webSocket, {
      keepAlive: this.#options.keepAlive ?? defaultKeepAlive,
      onMessage: (message) => {
        if (message !== null) this.#multiplexer.receive(message)
        else this.#multiplexer.violation('a message that is not binary')
      },
      onDrained: () => this.#multiplexer.drained(),
      onEnd: (end) => this.#lineEnded(end),
      owed: () => this.#multiplexer.owed,
      ping: () => this.#multiplexer.ping(),
    })
  }

  #lineEnded({ words, final }: LineEnd): void {
    this.#line = null
    if (final) return this.#end(this.#peerGoesAway ?? words)
    if (this.#words !== null || this.#patience === 0) return this.#end(words)
    this.#multiplexer.suspend()
    const waiting = new AbortController()
    this.#waiting = waiting
    const timer = setTimeout(() => this.#end(`${words} It was away for more than ${this.#patience / 1000} s.`), this.#patience)
    timer.unref()
    waiting.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
    this.#options.onLost?.(words)
    const { signal } = waiting
    this.#options.redial?.(signal).then(
      (webSocket) => (signal.aborted ? webSocket.terminate() : this.resume(webSocket)),
      (error: unknown) => {
        if (!signal.aborted) this.#end(error instanceof Error ? error.message : String(error))
      },
    )
  }

  #violated(words: string): void {
    this.#words ??= words
    this.#options.log?.warn({ words }, 'a tunnel ended')
    this.#line?.close(closeCodes.protocolError, words)
  }

  #end(words: string): void {
    if (this.#over) return
    this.#over = true
    this.#waiting?.abort()
    this.#words ??= words
    this.#multiplexer.end(this.#words)
    this.#closed.resolve({ words: this.#words })
  }

  #accept(header: StreamHeader, stream: Duplex): void {
    try {
      this.#options.onStream?.(header, stream)
    } catch (error) {
      this.#options.log?.warn({ err: error }, 'a stream could not be served')
      stream.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }
}
