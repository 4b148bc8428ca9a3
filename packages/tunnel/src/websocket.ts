import type { Duplex } from 'node:stream'
import { type StreamHeader, tunnelSubprotocol } from '@hoop/contracts'
import type { WebSocket } from 'ws'
import { maxMessageBytes } from './frames.ts'
import { type ResumableTunnel, type TunnelLog, tunnelOver } from './tunnel.ts'

/** For the `WebSocketServer` whose sockets `acceptTunnel` is given. */
export const tunnelServerOptions = {
  perMessageDeflate: false,
  maxPayload: maxMessageBytes,
  handleProtocols: (offered: Set<string>) => (offered.has(tunnelSubprotocol) ? tunnelSubprotocol : false),
} as const

export interface AcceptTunnelOptions {
  onStream(header: StreamHeader, stream: Duplex): void
  readonly log?: TunnelLog
  /** See TunnelOptions, as for those below. */
  readonly schedule?: (flush: () => void) => void
  /** Milliseconds. */
  readonly keepAlive?: number
  readonly patience?: number
  readonly onLost?: (words: string) => void
  readonly onResumed?: () => void
}

/** The gateway's end, over a WebSocket just accepted (in the same tick, so that no message is missed). */
export function acceptTunnel(webSocket: WebSocket, options: AcceptTunnelOptions): ResumableTunnel {
  const tunnel = tunnelOver(webSocket, { ...options, side: 'acceptor' })
  if (webSocket.protocol !== tunnelSubprotocol) tunnel.close(`This side speaks ${tunnelSubprotocol} only.`)
  return tunnel
}
