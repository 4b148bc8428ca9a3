import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type ApiErrorCode, apiErrors, HoopError, type Identity } from '@hoop/contracts'
import { acceptTunnel, resetCodes, StreamReset, type Tunnel, tunnelServerOptions } from '@hoop/tunnel'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import { z } from 'zod'
import type { Sessions } from '../sessions/index.ts'

const path = '/v1/tunnel'

export interface TunnelParts {
  readonly server: Server
  readonly sessions: Sessions
  /** Rejects with a HoopError for a token that does not hold. */
  readonly verify: (token: string) => Promise<Identity>
  readonly log: Logger
}

/** Accepts callers' tunnels on `GET /v1/tunnel?id=UUID`; nothing is upgraded before the token was verified. */
export function attachTunnels({ server, sessions, verify, log }: TunnelParts): { close(words: string): Promise<void> } {
  const webSockets = new WebSocketServer({ ...tunnelServerOptions, noServer: true, clientTracking: false })
  const open = new Map<Tunnel, Promise<void>>()
  let closing: string | null = null

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    accept(request, socket, head).catch((error: unknown) => refuse(socket, error))
  })

  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://gateway')
    if (url.pathname !== path) throw new HoopError('not_found', 'Nothing is upgraded here.')
    if (closing !== null) throw new HoopError('unavailable', closing)
    // Browsers send Origin on every WebSocket; the command line never does.
    if (request.headers.origin !== undefined) throw new HoopError('no_access', 'A web page may not open a tunnel.')
    const id = z.uuid().safeParse(url.searchParams.get('id'))
    if (!id.success) throw new HoopError('invalid_request', 'A tunnel needs an id: /v1/tunnel?id=UUID.')
    const token = /^Bearer ([\w.-]+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (token === undefined)
      throw new HoopError('invalid_token', 'No access token came with the request.', { hint: 'Run hoop login.' })
    const identity = await verify(token)
    sessions.tunnelOpened(identity, id.data)
    if (socket.destroyed) return await sessions.tunnelClosed(id.data, 'The caller went away.')
    webSockets.handleUpgrade(request, socket, head, (webSocket) => serve(id.data, identity, webSocket))
    socket.once('close', () => void sessions.tunnelClosed(id.data, 'the network connection ended').catch(report))
  }

  function serve(id: string, identity: Identity, webSocket: Parameters<typeof acceptTunnel>[0]): void {
    const tunnel = acceptTunnel(webSocket, {
      onStream: (header, stream) => {
        sessions.serveStream(identity, header.session, stream).catch((error: unknown) => {
          if (!(error instanceof HoopError)) report(error)
          stream.destroy(
            new StreamReset(resetCodes.refused, error instanceof HoopError ? error.message : 'the gateway could not serve this'),
          )
        })
      },
      log,
    })
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

/** Answers an upgrade with an ApiError and closes. */
function refuse(socket: Duplex, error: unknown): void {
  const code: ApiErrorCode = error instanceof HoopError ? error.code : 'internal'
  const message = error instanceof HoopError ? error.message : 'The tunnel could not be opened.'
  const hint = error instanceof HoopError ? error.hint : null
  const body = JSON.stringify({ code, message, hint, id: null })
  const { status } = apiErrors[code]
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
