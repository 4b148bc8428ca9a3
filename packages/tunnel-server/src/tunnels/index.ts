import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { agentPaths, HoopError, tunnelPatienceHeader } from '@hoop/contracts'
import { acceptTunnel, type ResumableTunnel, resetCodes, StreamReset, tunnelServerOptions } from '@hoop/tunnel'
import type { Logger } from 'pino'
import { type WebSocket, WebSocketServer } from 'ws'
import { z } from 'zod'
import { isPeerTunnel } from '../agents/peer-tunnels.ts'
import type { Strangers } from '../api/strangers.ts'
import type { Caller } from '../identity/access-tokens.ts'
import type { Sessions } from '../sessions/index.ts'
import type { Standing } from '../sessions/types.ts'
import type { Turns } from '../turns.ts'
import { refuseUpgrade } from './refuse-upgrade.ts'

const path = '/v1/tunnel'

export interface TunnelParts {
  readonly server: Server
  readonly sessions: Sessions
  /** Rejects with a HoopError for a token that does not hold, or without its proof. */
  readonly authenticate: (request: IncomingMessage) => Promise<Caller>
  /** Aborts as soon as the caller's login ends: their tunnel ends with it. */
  readonly hold: (caller: Caller) => Standing
  /** Milliseconds that streams stand still while the caller's network is away. */
  readonly patience: number
  readonly turns: Turns
  readonly strangers: Strangers
  readonly log: Logger
}

export interface Tunnels {
  /** Opens no new tunnel; callers are told to go elsewhere with new streams. */
  goAway(words: string): void
  close(words: string): Promise<void>
}

interface Open {
  readonly tunnel: ResumableTunnel
  readonly done: Promise<void>
}

/**
 * Accepts callers' tunnels on `GET /v1/tunnel?id=UUID`, and with `&resume=1` another WebSocket for one that is open; nothing is upgraded before
 * the token and its proof were verified.
 */
export function attachTunnels({ server, sessions, authenticate, hold, patience, turns, strangers, log }: TunnelParts): Tunnels {
  const webSockets = new WebSocketServer({ ...tunnelServerOptions, noServer: true, clientTracking: false })
  webSockets.on('headers', (headers) => headers.push(`${tunnelPatienceHeader}: ${Math.round(patience / 1000)}`))
  const open = new Map<string, Open>()
  let closing: string | null = null

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url?.startsWith(agentPaths.tunnel) || isPeerTunnel(request)) return
    socket.on('error', () => socket.destroy())
    accept(request, socket, head).catch((error: unknown) => refuseUpgrade(socket, error, log))
  })

  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = URL.parse(request.url ?? '/', 'http://gateway')
    if (url?.pathname !== path) throw new HoopError('not_found', 'Nothing is upgraded here.')
    const resumes = url.searchParams.get('resume') === '1'
    if (closing !== null && !resumes) throw new HoopError('unavailable', closing)
    // Browsers send Origin on every WebSocket; the command line never does.
    if (request.headers.origin !== undefined) throw new HoopError('no_access', 'A web page may not open a tunnel.')
    const id = z.uuid().safeParse(url.searchParams.get('id'))
    if (!id.success) throw new HoopError('invalid_request', 'A tunnel needs an id: /v1/tunnel?id=UUID.')
    const caller = await authenticate(request)
    strangers.known(request.socket)
    if (resumes) {
      sessions.tunnelResumed(caller, id.data)
      webSockets.handleUpgrade(request, socket, head, (webSocket) => resume(id.data, webSocket))
    } else begin(caller, id.data, (accepted) => webSockets.handleUpgrade(request, socket, head, accepted), socket)
  }

  /** A new tunnel, unless the caller goes away before it is there. */
  function begin(caller: Caller, id: string, upgrade: (accepted: (webSocket: WebSocket) => void) => void, socket: Duplex): void {
    const standing = hold(caller)
    try {
      sessions.tunnelOpened(caller, id)
    } catch (error) {
      standing.release()
      throw error
    }
    const ended = (words: string) => {
      standing.release()
      return sessions.tunnelClosed(id, words).catch(report)
    }
    const cutOff = () => void ended('the network connection ended')
    if (socket.destroyed) return cutOff()
    socket.once('close', cutOff)
    upgrade((webSocket) => {
      socket.off('close', cutOff)
      const tunnel = serve(id, standing.signal, webSocket)
      const done = tunnel.closed.then(({ words }) => {
        open.delete(id)
        return ended(words)
      })
      open.set(id, { tunnel, done })
    })
  }

  function resume(id: string, webSocket: WebSocket): void {
    const found = open.get(id)
    if (found === undefined) webSocket.terminate()
    else found.tunnel.resume(webSocket)
  }

  function serve(id: string, until: AbortSignal, webSocket: WebSocket): ResumableTunnel {
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
      patience,
      schedule: turns.last,
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
    return tunnel
  }

  function report(error: unknown): void {
    log.error({ err: error }, 'a tunnel could not be served')
  }

  return {
    goAway(words) {
      closing = words
      for (const { tunnel } of open.values()) tunnel.goAway(words)
    },
    async close(words) {
      closing = words
      const all = [...open.values()]
      for (const { tunnel } of all) tunnel.close(words)
      await Promise.all(all.map(({ done }) => done))
      webSockets.close()
    },
  }
}
