import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { agentPaths, HoopError } from '@hoop/contracts'
import { acceptTunnel, resetCodes, StreamReset, type Tunnel, tunnelServerOptions } from '@hoop/tunnel'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import type { Strangers } from '../api/strangers.ts'
import type { Authenticator } from '../identity/authenticator.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import { refuseUpgrade } from '../tunnels/refuse-upgrade.ts'
import type { AgentCredentials, AgentIdentity } from './credentials.ts'
import type { OnlineAgents } from './online.ts'
import type { Presence } from './presence.ts'
import { proofOfAgent } from './proof.ts'

/** Milliseconds within which an agent that gives no sign of life is noticed. */
const keepAlive = 5000
/** Milliseconds that streams stand still while an agent's network is gone; one that was killed comes back with another tunnel, or not. */
const patience = 20_000

export interface AgentTunnelParts {
  readonly server: Server
  readonly credentials: AgentCredentials
  readonly authenticator: Pick<Authenticator, 'proofOf'>
  readonly online: OnlineAgents
  readonly presence: Presence
  readonly feed: Pick<ChangeFeed, 'fresh'>
  readonly strangers: Strangers
  readonly log: Logger
}

/** Accepts agents' tunnels; nothing is upgraded before the credential, and the proof of its key, were verified. */
export function attachAgentTunnels(parts: AgentTunnelParts): { close(words: string): Promise<void> } {
  const { server, online, presence, strangers, log } = parts
  const webSockets = new WebSocketServer({ ...tunnelServerOptions, noServer: true, clientTracking: false })
  const open = new Map<Tunnel, Promise<void>>()
  let closing: string | null = null

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!request.url?.startsWith(agentPaths.tunnel)) return
    socket.on('error', () => socket.destroy())
    accept(request, socket, head).catch((error: unknown) => refuseUpgrade(socket, error, log))
  })

  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://gateway')
    if (url.pathname !== agentPaths.tunnel) throw new HoopError('not_found', 'Nothing is upgraded here.')
    if (closing !== null) throw new HoopError('unavailable', closing)
    if (request.headers.origin !== undefined) throw new HoopError('no_access', 'A web page may not open a tunnel.')
    const agent = await identify(request, parts)
    strangers.known(request.socket)
    const resumed = url.searchParams.get('resume') === '1'
    if (resumed && online.tunnelOf(agent.id) === null) throw new HoopError('not_found', 'This agent has no tunnel to go on with.')
    if (socket.destroyed) return
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      if (!resumed) return serve(agent, webSocket)
      const before = online.tunnelOf(agent.id)
      if (before === null) webSocket.terminate()
      else before.resume(webSocket)
    })
  }

  function serve(agent: AgentIdentity, webSocket: Parameters<typeof acceptTunnel>[0]): void {
    const tunnel = acceptTunnel(webSocket, {
      onStream: (_, stream) => stream.destroy(new StreamReset(resetCodes.refused, 'Agents open no streams.')),
      keepAlive,
      patience,
      onLost: (words) => {
        log.warn({ agent: agent.name, instance: agent.id, words }, 'the network of an agent is lost')
        online.note(agent.id, tunnel, { lost: true })
      },
      onResumed: () => online.note(agent.id, tunnel, { lost: false }),
      log,
    })
    online.add(agent, tunnel)
    log.info({ agent: agent.name, instance: agent.id }, 'agent online')
    // It may have been revoked while the tunnel was opened.
    presence.arrived(agent.id).catch((error: unknown) => {
      log.warn({ err: error, instance: agent.id }, 'an agent could not be looked up')
      tunnel.close('The gateway cannot tell at the moment whether this agent may be online.')
    })
    const done = tunnel.closed
      .then(({ words }) => {
        log.info({ agent: agent.name, instance: agent.id, words }, 'agent offline')
        return presence.gone(agent.id)
      })
      .catch((error: unknown) => log.warn({ err: error, instance: agent.id }, 'that an agent is gone could not be noted'))
    open.set(
      tunnel,
      done.finally(() => open.delete(tunnel)),
    )
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

async function identify(
  request: IncomingMessage,
  { credentials, authenticator, presence, feed }: AgentTunnelParts,
): Promise<AgentIdentity> {
  const [, credential] = /^DPoP ([\w.-]+)$/i.exec(request.headers.authorization ?? '') ?? []
  if (credential === undefined) throw new HoopError('invalid_token', 'No credential of an agent came with the request.')
  const agent = await credentials.verify(credential)
  const key = await proofOfAgent(authenticator, request, credential)
  if (key !== agent.key) throw new HoopError('invalid_proof', "The request does not prove the key of the agent's credential.")
  if (!feed.fresh) throw new HoopError('unavailable', 'The gateway cannot tell at the moment which agents were revoked.')
  await presence.admit(agent.id)
  return agent
}
