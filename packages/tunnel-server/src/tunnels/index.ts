import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { agentPaths, HoopError } from '@hoop/contracts'
import { acceptTunnel, resetCodes, StreamReset, type Tunnel, tunnelServerOptions } from '@hoop/tunnel'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import { z } from 'zod'
import type { Strangers } from '../api/strangers.ts'
import type { Caller } from '../identity/access-tokens.ts'
import type { Sessions } from '../sessions/index.ts'
import type { Standing } from '../sessions/types.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'

const path = '/v1/tunnel'

export interface TunnelParts {
  readonly server: Server
  readonly sessions: Sessions
  /** Rejects with a HoopError for a token that does not hold, or without its proof. */
  readonly authenticate: (request: IncomingMessage) => Promise<Caller>
  /** Aborts as soon as the caller's login ends: their tunnel ends with it. */
  readonly hold: (caller: Caller) => Standing
  readonly strangers: Strangers
  readonly log: Logger
}

/** Accepts callers' tunnels on `GET /v1/tunnel?id=UUID`; nothing is upgraded before the token and its proof were verified. */
export function attachTunnels({ server, sessions, authenticate, hold, strangers, log }: TunnelParts): {
  close(words: string): Promise<void>
} {
  const webSockets = new WebSocketServer({ ...tunnelServerOptions, noServer: true, clientTracking: false })
  const open = new Map<Tunnel, Promise<void>>()
  let closing: string | null = null

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url?.startsWith(agentPaths.tunnel)) return
    socket.on('error', () => socket.destroy())
    accept(request, socket, head).catch((error: unknown) => refuseUpgrade(socket, error, log))
  })

  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://gateway')
    if (url.pathname !== path) throw new HoopError('not_found', 'Nothing is upgraded here.')
    if (closing !== null) throw new HoopError('unavailable', closing)
    // Browsers send Origin on every WebSocket; the command line never does.
    if (request.headers.origin !== undefined) throw new HoopError('no_access', 'A web page may not open a tunnel.')
    const id = z.uuid().safeParse(url.searchParams.get('id'))
    if (!id.success) throw new HoopError('invalid_request', 'A tunnel needs an id: /v1/tunnel?id=UUID.')
    const caller = await authenticate(request)
    strangers.known(request.socket)
    sessions.tunnelOpened(caller, id.data)
    if (socket.destroyed) return await sessions.tunnelClosed(id.data, 'The caller went away.')
    const standing = hold(caller)
    webSockets.handleUpgrade(request, socket, head, (webSocket) => serve(id.data, standing.signal, webSocket))
    socket.once('close', () => {
      standing.release()
      sessions.tunnelClosed(id.data, 'the network connection ended').catch(report)
    })
  }

  function serve(id: string, until: AbortSignal, webSocket: Parameters<typeof acceptTunnel>[0]): void {
    const tunnel = acceptTunnel(webSocket, {
      onStream: (header, stream) => {
        if (!('session' in header)) throw new StreamReset(resetCodes.refused, 'callers name a session')
        sessions.serveStream(id, header.session, stream).catch((error: unknown) => {
          if (!(error instanceof HoopError)) report(error)
          stream.destroy(
            new StreamReset(resetCodes.refused, error instanceof HoopError ? error.message : 'the gateway could not serve this'),
          )
        })
      },
      log,
    })
    // Sessions first: their callers are told in their own protocols, through this tunnel.
    const onEnd = () => {
      const words = until.reason instanceof Error ? until.reason.message : 'The login has ended.'
      sessions
        .tunnelClosed(id, words)
        .catch(report)
        .finally(() => tunnel.close(words))
    }
    until.addEventListener('abort', onEnd, { once: true })
    if (until.aborted) onEnd()
    const done = tunnel.closed.then(({ words }) => sessions.tunnelClosed(id, words)).catch(report)
    open.set(
      tunnel,
      done.finally(() => open.delete(tunnel)),
    )
  }

  function report(error: unknown): void {
    log.error({ err: error }, 'a tunnel could not be served')
  }

  return {
    async close(words) {
      closing = words
      for (const tunnel of open.keys()) tunnel.close(words)
      await Promise.all(open.values())
      webSockets.close()
    },
  }
}
