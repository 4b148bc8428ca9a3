import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { ApiError, HoopError, type PeerStream, tunnelSubprotocol } from '@hoop/contracts'
import { type Tunnel, tunnelOver, tunnelServerOptions } from '@hoop/tunnel'
import type { Logger } from 'pino'
import { WebSocket } from 'ws'
import { isLoopbackHost } from '../connections/address.ts'
import type { StoredGateway } from '../store/gateways.ts'
import { channelOf, freshNonce, verifyGatewayProof } from './gateway-proof.ts'
import type { Carried } from './online.ts'
import { GatewayUnreachable, reachThrough } from './reach.ts'
import type { Registration } from './registration.ts'

/** GET, upgraded to a WebSocket: `Authorization: Gateway PROOF`; what answers proves itself in the header. */
export const peerTunnel = { path: '/v1/gateway/tunnel', scheme: 'Gateway', answerHeader: 'hoop-gateway-proof' } as const
/** Milliseconds within which a gateway that gives no sign of life is noticed, at both ends. */
export const peerKeepAlive = 5000
/** Milliseconds: gateways are near each other. */
const openWithin = 3000
/** Milliseconds for which one that could not be reached is not tried again. */
const restFor = 1000
/** Beside one tunnel another is opened when it carries so many. */
const streamsPerTunnel = 1000
const longestAnswer = 64 * 1024

interface Way {
  readonly tunnel: Tunnel
  /** Open, or being opened. */
  streams: number
}

/** This gateway's way to agents whose tunnels other gateways have. */
export class Peers {
  readonly #registration: Pick<Registration, 'id' | 'key' | 'find'>
  readonly #log: Logger
  readonly #ways = new Map<string, readonly Promise<Way>[]>()
  readonly #resting = new Map<string, { readonly until: number; readonly error: GatewayUnreachable }>()
  readonly #open = new Set<Tunnel>()
  #closed: string | null = null

  constructor(parts: { registration: Pick<Registration, 'id' | 'key' | 'find'>; log: Logger }) {
    this.#registration = parts.registration
    this.#log = parts.log
  }

  /**
   * Has an agent dial at the gateway that has its tunnel.
   * @throws GatewayUnreachable; AgentLost when it has no such agent any more; HoopError `connection_unavailable`; the signal's reason
   */
  async dial(gateway: string, header: PeerStream, signal: AbortSignal): Promise<Carried> {
    const claimed = this.#claim(gateway)
    const leave = () =>
      void claimed.then(
        (way) => way.streams--,
        () => undefined,
      )
    try {
      const { tunnel } = await raced(claimed, signal)
      const { stream, address, instance } = await reachThrough(tunnel, header, signal)
      stream.once('close', leave)
      return { stream, address, agent: { name: header.agent, instance }, through: gateway }
    } catch (error) {
      leave()
      throw error
    }
  }

  close(words: string): void {
    this.#closed = words
    for (const tunnel of this.#open) tunnel.close(words)
  }

  /** Takes room in a tunnel for one stream. */
  async #claim(gateway: string): Promise<Way> {
    const before = this.#ways.get(gateway)
    for (const opened of before ?? []) {
      const way = await opened
      if (way.streams >= streamsPerTunnel) continue
      way.streams++
      return way
    }
    // Of those that waited for the same, one opens another.
    if (this.#ways.get(gateway) !== before) return await this.#claim(gateway)
    const opening = this.#openTo(gateway).then((tunnel) => ({ tunnel, streams: 1 }))
    this.#ways.set(gateway, [...(before ?? []), opening])
    const forget = () => {
      const left = this.#ways.get(gateway)?.filter((each) => each !== opening) ?? []
      if (left.length > 0) this.#ways.set(gateway, left)
      else this.#ways.delete(gateway)
    }
    opening.then(({ tunnel }) => {
      void tunnel.closed.then(forget)
      void tunnel.goingAway.then(forget)
    }, forget)
    return await opening
  }

  async #openTo(gateway: string): Promise<Tunnel> {
    const resting = this.#resting.get(gateway)
    if (resting !== undefined && performance.now() < resting.until) throw resting.error
    this.#resting.delete(gateway)
    try {
      const peer = await this.#registration.find(gateway)
      if (peer === null || peer.url === null) throw new GatewayUnreachable('that gateway has stopped')
      const webSocket = await openWebSocket(peer, peer.url, this.#registration)
      const tunnel = tunnelOver(webSocket, { side: 'dialler', keepAlive: peerKeepAlive, log: this.#log })
      this.#open.add(tunnel)
      if (this.#closed !== null) tunnel.close(this.#closed)
      this.#log.info({ gateway, url: peer.url }, 'tunnel to another gateway open')
      void tunnel.closed.then(({ words }) => {
        this.#open.delete(tunnel)
        this.#log.info({ gateway, words }, 'tunnel to another gateway ended')
      })
      return tunnel
    } catch (error) {
      if (error instanceof HoopError && error.code === 'unavailable') throw error
      const lost =
        error instanceof GatewayUnreachable ? error : new GatewayUnreachable(`that gateway cannot be reached (${wordsOf(error)})`)
      this.#log.warn({ err: error, gateway }, 'another gateway cannot be reached')
      this.#resting.set(gateway, { until: performance.now() + restFor, error: lost })
      throw lost
    }
  }
}

/** A WebSocket to a gateway that has proven, on this very connection, that it is the one of the store. */
async function openWebSocket(
  peer: StoredGateway,
  url: string,
  { id, key }: Pick<Registration, 'id' | 'key'>,
): Promise<WebSocket> {
  const at = new URL(peerTunnel.path, url)
  const signal = AbortSignal.timeout(openWithin)
  const socket = await openSocket(at, signal)
  try {
    const channel = channelOf(socket)
    const nonce = freshNonce()
    const proof = await key.prove({ purpose: 'dial', from: id, to: peer.id, channel, nonce })
    const { webSocket, answer } = await upgrade(at, socket, proof, signal)
    try {
      const returned = await verifyGatewayProof(answer, peer.publicKey, { purpose: 'answer', from: peer.id, to: id, channel })
      if (returned !== nonce) throw new HoopError('invalid_proof', 'The proof of the gateway answers another question.')
      return webSocket
    } catch (error) {
      webSocket.terminate()
      throw error
    }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** Whose certificate it is does not matter: the proofs that follow are of this connection, and of keys that the store has. */
function openSocket(at: URL, signal: AbortSignal): Promise<Socket> {
  const host = at.hostname.replace(/^\[|\]$/g, '')
  const secure = at.protocol === 'https:'
  if (!secure && !isLoopbackHost(host)) throw new HoopError('invalid_proof', 'its address is not behind https')
  const port = Number(at.port || (secure ? 443 : 80))
  return new Promise((resolve, reject) => {
    const socket = secure
      ? connectTls({ host, port, rejectUnauthorized: false, minVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'] })
      : connect({ host, port })
    socket.setNoDelay(true)
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      reject(error)
    }
    const onAbort = () => fail(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('error', fail)
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      signal.removeEventListener('abort', onAbort)
      socket.off('error', fail)
      // Stays: an error that falls between two owners must not end the process.
      socket.on('error', () => undefined)
      resolve(socket)
    })
  })
}

function upgrade(
  at: URL,
  socket: Socket,
  proof: string,
  signal: AbortSignal,
): Promise<{ readonly webSocket: WebSocket; readonly answer: string }> {
  const webSocket = new WebSocket(at.href.replace(/^http/, 'ws'), tunnelSubprotocol, {
    headers: { authorization: `${peerTunnel.scheme} ${proof}` },
    perMessageDeflate: tunnelServerOptions.perMessageDeflate,
    maxPayload: tunnelServerOptions.maxPayload,
    followRedirects: false,
    createConnection: () => socket,
  })
  return new Promise((resolve, reject) => {
    let answer = ''
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', onAbort)
      reject(error)
      webSocket.terminate()
    }
    const onAbort = () => fail(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    webSocket.on('error', fail)
    webSocket.on('unexpected-response', (_, response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
        if (body.length > longestAnswer) response.destroy()
      })
      response.once('close', () => fail(refusalIn(body, response.statusCode ?? 0)))
    })
    webSocket.once('upgrade', ({ headers }) => {
      answer = String(headers[peerTunnel.answerHeader] ?? '')
    })
    webSocket.once('open', () => {
      signal.removeEventListener('abort', onAbort)
      webSocket.off('error', fail)
      // What it sends at once waits until somebody listens.
      webSocket.pause()
      resolve({ webSocket, answer })
    })
  })
}

function refusalIn(body: string, status: number): Error {
  try {
    return new Error(ApiError.parse(JSON.parse(body)).message)
  } catch {
    return new Error(`it answered with HTTP status ${status}`)
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer'
  if (error.name === 'TimeoutError') return 'no answer'
  return 'code' in error && typeof error.code === 'string' && !(error instanceof HoopError) ? error.code : error.message
}

/** Others may wait for the same: one who goes away does not end it. */
function raced<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
