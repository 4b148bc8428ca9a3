import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { ApiError, type ApiErrorCode, apiErrors, HoopError, tunnelPatienceHeader, tunnelSubprotocol } from '@hoop/contracts'
import { WebSocket } from 'ws'
import { maxMessageBytes } from './frames.ts'
import { connectThrough, isLoopback, type ProxyEnvironment, proxyFor } from './proxy.ts'
import { type Tunnel, type TunnelOptions, tunnelOver } from './tunnel.ts'

/** What proves who dials. */
export type TunnelAuthorization =
  /** A bearer token. */
  | { readonly token: string }
  /** The headers of one dial to this address: asked for again when the tunnel is dialled again. */
  | { authorize(url: string): Promise<Readonly<Record<string, string>>> }

export type ConnectTunnelOptions = TunnelAuthorization & {
  /** The whole address of the gateway's tunnel: wss: or https:, ws: or http:. Dialled again, it gets `resume=1`; where `patience` is not given, the gateway says it. */
  readonly url: string
  /** May name a proxy. */
  readonly proxies?: ProxyEnvironment | undefined
  /** PEM, in place of the system's roots. */
  readonly ca?: string | undefined
  /** Gives up connecting; does nothing later. */
  readonly signal?: AbortSignal | undefined
} & Pick<TunnelOptions, 'onStream' | 'log' | 'keepAlive' | 'patience' | 'onLost' | 'onResumed'>

const handshakeTimeout = 10_000
const closeTimeout = 5_000
const maxAnswerBytes = 64 * 1024
/** Milliseconds between tries to dial again, at most; the first is made at once. */
const longestPause = 5_000
const firstPause = 200
/** Pauses take this part of the patience at most: a network that is back while the streams still stand is found in time. */
const partOfPatience = 0.1

/**
 * Opens the caller's end of a tunnel, and dials again when its WebSocket is lost.
 * @throws HoopError with the gateway's own code and hint where it refuses, `unavailable` where it cannot be reached; the signal's reason.
 */
export async function connectTunnel(options: ConnectTunnelOptions): Promise<Tunnel> {
  const { onStream, log, keepAlive, patience, onLost, onResumed } = options
  const again = new URL(options.url)
  again.searchParams.set('resume', '1')
  let announced = 0
  const webSocket = await dial(options, (headers) => {
    announced = patienceIn(headers)
  })
  const waits = patience ?? announced
  const longest = Math.min(longestPause, waits * partOfPatience)
  const redial = (signal: AbortSignal) => dialAgain({ ...options, url: again.href, signal }, longest)
  return tunnelOver(webSocket, { side: 'dialler', onStream, log, keepAlive, patience: waits, onLost, onResumed, redial })
}

/** Until it succeeds, or the gateway gives an answer that will not change; with full jitter over pauses that double up to `longest` milliseconds. */
async function dialAgain(options: ConnectTunnelOptions & { readonly signal: AbortSignal }, longest: number): Promise<WebSocket> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await dial(options)
    } catch (error) {
      if (options.signal.aborted || !mayPass(error)) throw error
    }
    const pause = Math.random() * Math.min(longest, firstPause * 2 ** attempt)
    await delay(pause, undefined, { signal: options.signal, ref: false })
  }
}

function mayPass(error: unknown): boolean {
  return error instanceof HoopError && apiErrors[error.code].status >= 429
}

/** Milliseconds. */
function patienceIn(headers: IncomingHttpHeaders): number {
  const value = headers[tunnelPatienceHeader]
  return typeof value === 'string' && /^[0-9]{1,5}$/.test(value) ? Number(value) * 1000 : 0
}

/** A WebSocket that is open. */
async function dial(options: ConnectTunnelOptions, answered = (_: IncomingHttpHeaders): void => {}): Promise<WebSocket> {
  const { url, ca, signal } = options
  signal?.throwIfAborted()
  const headers = 'token' in options ? { authorization: `Bearer ${options.token}` } : await options.authorize(url)
  signal?.throwIfAborted()
  const proxy = isAddress(url) ? proxyFor(url, options.proxies ?? {}) : null
  const through = proxy === null ? null : await connectThrough(proxy, authorityOf(new URL(url)), signal)
  const webSocket = open(url, headers, { ca, through })
  return await new Promise((resolve, reject) => {
    const abort = () => fail(signal?.reason)
    const fail = (error: unknown) => {
      signal?.removeEventListener('abort', abort)
      reject(error)
      webSocket.terminate()
    }
    signal?.addEventListener('abort', abort)
    webSocket.on('unexpected-response', (_request, response) => {
      answerBody(response).then((body) => fail(refusal(response.statusCode ?? 0, body)), fail)
    })
    const onError = (error: Error) => fail(unreachable(url, error))
    webSocket.on('error', onError)
    webSocket.once('upgrade', ({ headers }) => answered(headers))
    webSocket.once('open', () => {
      signal?.removeEventListener('abort', abort)
      // What the gateway sends at once waits until somebody listens.
      webSocket.pause()
      resolve(webSocket)
      webSocket.off('error', onError)
    })
  })
}

function isAddress(url: string): boolean {
  return /^(ws|http)s?:/i.test(url) && URL.canParse(url)
}

function authorityOf({ protocol, hostname, port }: URL): { host: string; port: string } {
  return { host: hostname, port: port || (/^(wss|https):$/.test(protocol) ? '443' : '80') }
}

/** Nothing between the two ends can read it, or take its bytes for something else: over TLS, and on this machine. */
function isSealed(url: string): boolean {
  if (!isAddress(url)) return false
  const { protocol, hostname } = new URL(url)
  return /^(wss|https):$/.test(protocol) || isLoopback(hostname)
}

/** A key of zeros leaves a message as it is: no copy to be masked. The mask is for intermediaries that see the bytes (RFC 6455, 10.3). */
function noMask(key: Buffer): void {
  key.fill(0)
}

interface Way {
  readonly ca: string | undefined
  /** A connection that leads there; null: there is none yet. */
  readonly through: Socket | null
}

function open(url: string, headers: Readonly<Record<string, string>>, { ca, through }: Way): WebSocket {
  const options = {
    headers,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    handshakeTimeout,
    closeTimeout,
    followRedirects: false,
    ...(ca !== undefined && { ca }),
    ...(isSealed(url) && { generateMask: noMask }),
    ...(through !== null && { createConnection: () => onward(url, through, ca) }),
  }
  try {
    return new WebSocket(url, tunnelSubprotocol, options)
  } catch (error) {
    // An address or a token that no request could carry.
    throw unreachable(url, error instanceof Error ? error : new Error(String(error)))
  }
}

/** The connection itself, or TLS over it. */
function onward(url: string, socket: Socket, ca: string | undefined): Socket {
  if (!/^(wss|https):/i.test(url)) return socket
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  return connectTls({ socket, host, servername: isIP(host) === 0 ? host : '', ...(ca !== undefined && { ca }) })
}

async function answerBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    length += chunk.length
    if (length > maxAnswerBytes) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** The gateway answered the handshake with an HTTP error. */
function refusal(status: number, body: string): HoopError {
  const answer = ApiError.safeParse(parseJson(body))
  if (!answer.success) {
    return new HoopError('unavailable', `The gateway refused the tunnel with HTTP status ${status}.`, {
      hint: 'Check that the address is that of a hoop gateway, and what stands before it.',
    })
  }
  const { code, message, hint, id } = answer.data
  const words = id === null ? message : `${message} (${id})`
  return new HoopError(isApiErrorCode(code) ? code : 'unavailable', words, hint === null ? {} : { hint })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isApiErrorCode(code: string): code is ApiErrorCode {
  return Object.hasOwn(apiErrors, code)
}

function unreachable(url: string, cause: Error): HoopError {
  const host = URL.canParse(url) ? new URL(url).host : url
  // An AggregateError (every address was tried) has no message of its own.
  const why = cause.message !== '' ? cause.message : 'code' in cause ? String(cause.code) : cause.name
  return new HoopError('unavailable', `The gateway at ${host} cannot be reached: ${why}`, {
    hint: 'Check the address and the network, then try again.',
    cause,
  })
}
