import type { IncomingMessage, Server } from 'node:http'
import { type Duplex, pipeline } from 'node:stream'
import { dialAnswers, HoopError, type PeerStream } from '@hoop/contracts'
import { acceptTunnel, resetCodes, StreamReset, type Tunnel, tunnelServerOptions } from '@hoop/tunnel'
import { decodeJwt } from 'jose'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import type { Strangers } from '../api/strangers.ts'
import { addressesOf, isSocketFolder, socketPath } from '../connections/address.ts'
import type { Documents } from '../documents/documents.ts'
import { SeenIds } from '../identity/seen-ids.ts'
import { refuseUpgrade } from '../tunnels/refuse-upgrade.ts'
import { channelOf, verifyGatewayProof } from './gateway-proof.ts'
import type { OnlineAgents } from './online.ts'
import { peerKeepAlive, peerTunnel } from './peers.ts'
import { DialRefused, peerAnswer } from './reach.ts'
import type { Registration } from './registration.ts'

/** Milliseconds, as for a dial of one's own. */
const dialTime = 10_000
const longestProof = 4096

export interface PeerTunnelParts {
  readonly server: Server
  readonly registration: Pick<Registration, 'id' | 'key' | 'find'>
  readonly documents: Pick<Documents, 'connection'>
  readonly online: Pick<OnlineAgents, 'dial'>
  readonly strangers: Strangers
  readonly log: Logger
}

/** Accepts the tunnels of other gateways, whose streams go to agents that are online here: nothing is upgraded before one has proven itself. */
export function attachPeerTunnels(parts: PeerTunnelParts): { close(words: string): Promise<void> } {
  const { server, registration, strangers, log } = parts
  const webSockets = new WebSocketServer({ ...tunnelServerOptions, noServer: true, clientTracking: false })
  const answers = new WeakMap<IncomingMessage, string>()
  webSockets.on('headers', (headers, request) => headers.push(`${peerTunnel.answerHeader}: ${answers.get(request) ?? ''}`))
  const nonces = new SeenIds({ keepFor: 120_000, most: 100_000 })
  const open = new Map<Tunnel, Promise<void>>()
  let closing: string | null = null

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!isPeerTunnel(request)) return
    socket.on('error', () => socket.destroy())
    accept(request, socket, head).catch((error: unknown) => refuseUpgrade(socket, error, log))
  })

  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (closing !== null) throw new HoopError('unavailable', closing)
    if (request.headers.origin !== undefined) throw new HoopError('no_access', 'A web page may not open a tunnel.')
    const peer = await identify(request)
    strangers.known(request.socket)
    const answer = { purpose: 'answer', from: registration.id, to: peer.id, channel: peer.channel, nonce: peer.nonce } as const
    answers.set(request, await registration.key.prove(answer))
    if (socket.destroyed) return
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const tunnel = acceptTunnel(webSocket, {
        onStream: (header, stream) => {
          if (!('connection' in header)) throw new StreamReset(resetCodes.refused, 'gateways name a connection and its agent')
          void carry(header, stream, parts)
        },
        keepAlive: peerKeepAlive,
        log,
      })
      log.info({ gateway: peer.id }, 'another gateway has opened a tunnel')
      const done = tunnel.closed.then(({ words }) => log.info({ gateway: peer.id, words }, 'the tunnel of another gateway ended'))
      open.set(
        tunnel,
        done.finally(() => open.delete(tunnel)),
      )
    })
  }

  async function identify(request: IncomingMessage): Promise<{ id: string; channel: string; nonce: string }> {
    const [, scheme, proof = ''] = /^(\w+) ([\w.-]+)$/.exec(request.headers.authorization ?? '') ?? []
    if (scheme !== peerTunnel.scheme || proof.length > longestProof)
      throw stranger('No proof of a gateway came with the request.')
    const from = issuerOf(proof)
    const peer = from === null ? null : await registration.find(from)
    if (peer === null) throw stranger('No gateway that runs is known by this name.')
    const channel = channelOf(request.socket)
    const nonce = await verifyGatewayProof(proof, peer.publicKey, {
      purpose: 'dial',
      from: peer.id,
      to: registration.id,
      channel,
    })
    if (nonces.use(`${peer.id} ${nonce}`) !== 'new') throw stranger('The proof of the gateway was used before.')
    return { id: peer.id, channel, nonce }
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

/** Whether an upgrade is one for here. */
export function isPeerTunnel({ url = '' }: IncomingMessage): boolean {
  return url.split('?', 1)[0] === peerTunnel.path
}

/** Carries one stream of another gateway to an agent whose tunnel is here; never to a third gateway. */
async function carry(header: PeerStream, stream: Duplex, { documents, online, log }: PeerTunnelParts): Promise<void> {
  const gone = new AbortController()
  stream.once('close', () => gone.abort(new Error('the other gateway wants it no more')))
  try {
    mustBelong(header, documents)
    const { agent, target } = header
    const carried = await online.dial(agent, target, AbortSignal.any([gone.signal, AbortSignal.timeout(dialTime)]))
    if (carried === null) throw new StreamReset(resetCodes.refused, `no agent ${agent} is online there any more`)
    const backend = carried.stream
    if (stream.destroyed) return void backend.destroy()
    stream.write(peerAnswer(carried, carried.agent.instance))
    backend.once('error', (error) => {
      if (isTunnelsEnd(error)) stream.destroy(new StreamReset(resetCodes.lost, error.message))
    })
    // Each destroys the other end with its error.
    pipeline(backend, stream, () => {})
    pipeline(stream, backend, () => {})
  } catch (error) {
    if (error instanceof DialRefused && error.answer !== 'unknown') {
      stream.end(Buffer.of(dialAnswers[error.answer]))
      stream.resume()
      return
    }
    if (!(error instanceof StreamReset) && !gone.signal.aborted)
      log.warn({ err: error, ...header }, 'a stream of another gateway was not carried')
    stream.destroy(error instanceof Error ? error : new Error(String(error)))
  }
}

/** The other gateway asks for what this one would dial by its own documents, and nothing else. */
function mustBelong({ connection: name, agent, target }: PeerStream, documents: Pick<Documents, 'connection'>): void {
  const connection = documents.connection(name)
  const listed =
    connection?.agent === agent &&
    addressesOf(connection).some((address) =>
      'path' in target
        ? isSocketFolder(address.host) && socketPath(address) === target.path
        : address.host === target.host && address.port === target.port,
    )
  if (!listed) throw new StreamReset(resetCodes.refused, `the connection ${name} is another one there`)
}

function isTunnelsEnd(error: Error): boolean {
  return error instanceof StreamReset && error.code === resetCodes.tunnelClosed
}

function issuerOf(proof: string): string | null {
  try {
    return decodeJwt(proof).iss ?? null
  } catch {
    return null
  }
}

function stranger(what: string): HoopError {
  return new HoopError('invalid_proof', what, { hint: 'Only gateways of one store open this tunnel.' })
}
