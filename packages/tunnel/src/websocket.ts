import type { Duplex } from 'node:stream'
import { type StreamHeader, tunnelSubprotocol } from '@hoop/contracts'
import type { RawData, WebSocket } from 'ws'
import { maxMessageBytes } from './frames.ts'
import { Multiplexer } from './multiplexer.ts'

/** Many streams over one WebSocket. */
export interface Tunnel {
  /** Opens a stream; its first bytes travel with its header. One that cannot be opened fails with a StreamReset. */
  openStream(header: StreamHeader, firstBytes?: Buffer): Duplex
  /** Settles when the WebSocket is gone, with words for people. Never rejects. */
  readonly closed: Promise<{ readonly words: string }>
  /** Sends what can be sent, tells the peer why, resets all streams with these words and closes the WebSocket. */
  close(words: string): void
}

/** What the tunnel says to its owner's log. pino fits. */
export interface TunnelLog {
  warn(fields: object, message: string): void
}

export interface WebSocketTunnelOptions {
  readonly side: 'dialler' | 'acceptor'
  readonly onStream?: (header: StreamHeader, stream: Duplex) => void
  readonly log?: TunnelLog | undefined
  /** Milliseconds between signs of life; a peer that gives none for two of them in a row is dead. */
  readonly keepAlive?: number | undefined
}

/** For the `WebSocketServer` whose sockets `acceptTunnel` is given. */
export const tunnelServerOptions = {
  perMessageDeflate: false,
  maxPayload: maxMessageBytes,
  handleProtocols: (offered: Set<string>) => (offered.has(tunnelSubprotocol) ? tunnelSubprotocol : false),
} as const

const defaultKeepAlive = 15_000
const missedBeforeDeath = 2
/** Bytes that wait in this process's memory behind a slow network; beyond them streams wait. */
const congestedBytes = 256 * 1024
/** RFC 6455, 5.5 and 7.4.1 */
const maxCloseReasonBytes = 123
const closeCodes = { normal: 1000, protocolError: 1002 } as const
const sendOptions = { binary: true, compress: false, fin: true } as const

/** A tunnel over a WebSocket that is open. The WebSocket's own `setNoDelay` is on from the handshake. */
export function tunnelOver(webSocket: WebSocket, options: WebSocketTunnelOptions): Tunnel {
  let words: string | null = null
  let congested = false
  let missed = 0

  const multiplexer = new Multiplexer({
    side: options.side,
    send(message) {
      webSocket.send(message, sendOptions, sent)
      congested = webSocket.bufferedAmount > congestedBytes
      return !congested
    },
    // After the callbacks of all sockets that had something to read: what they wrote leaves as one message.
    schedule: setImmediate,
    onStream: options.onStream && acceptStream,
    onGoaway(reason) {
      words ??= reason
    },
    onViolation(what) {
      words ??= what
      options.log?.warn({ words: what }, 'a tunnel ended')
      webSocket.close(closeCodes.protocolError, closeReason(what))
    },
  })

  function sent(): void {
    if (!congested || webSocket.bufferedAmount > congestedBytes) return
    congested = false
    multiplexer.drained()
  }

  function acceptStream(header: StreamHeader, stream: Duplex): void {
    try {
      options.onStream?.(header, stream)
    } catch (error) {
      options.log?.warn({ err: error }, 'a stream could not be served')
      stream.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  const keepAlive = setInterval(() => {
    if (++missed > missedBeforeDeath) {
      words ??= 'The other side of the tunnel does not answer any more.'
      multiplexer.end(words)
      webSocket.terminate()
    } else multiplexer.ping()
  }, options.keepAlive ?? defaultKeepAlive)
  keepAlive.unref()

  webSocket.on('message', (data: RawData, isBinary: boolean) => {
    missed = 0
    if (isBinary && Buffer.isBuffer(data)) multiplexer.receive(data)
    else multiplexer.violation('a message that is not binary')
  })
  // ws closes the socket after it; 'close' follows.
  webSocket.on('error', (error) => {
    words ??= `The connection of the tunnel failed: ${error.message}`
  })
  const closed = new Promise<{ words: string }>((resolve) => {
    webSocket.on('close', (_code: number, reason: Buffer) => {
      clearInterval(keepAlive)
      words ??= reason.length > 0 ? reason.toString() : 'The connection of the tunnel was lost.'
      multiplexer.end(words)
      resolve({ words })
    })
  })

  return {
    openStream: (header, firstBytes) => multiplexer.openStream(header, firstBytes),
    closed,
    close(reason) {
      words ??= reason
      multiplexer.goaway(reason)
      multiplexer.end(reason)
      webSocket.close(closeCodes.normal, closeReason(reason))
    },
  }
}

/** Words cut at a whole character to what a close frame may carry. */
function closeReason(words: string): Buffer {
  const target = Buffer.allocUnsafe(maxCloseReasonBytes)
  return target.subarray(0, target.write(words))
}

export interface AcceptTunnelOptions {
  onStream(header: StreamHeader, stream: Duplex): void
  readonly log?: TunnelLog
  readonly keepAlive?: number
}

/** The gateway's end, over a WebSocket just accepted (in the same tick, so that no message is missed). */
export function acceptTunnel(webSocket: WebSocket, options: AcceptTunnelOptions): Tunnel {
  const tunnel = tunnelOver(webSocket, { ...options, side: 'acceptor' })
  if (webSocket.protocol !== tunnelSubprotocol) tunnel.close(`This side speaks ${tunnelSubprotocol} only.`)
  return tunnel
}
