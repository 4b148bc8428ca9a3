import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2SecureServer,
  type Http2Server,
  Http2ServerRequest,
  Http2ServerResponse,
} from 'node:http2'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { HoopError } from '@hoop/contracts'
import type { Header, HttpUpstream, LocalTls, ServeContext } from '../protocol.ts'
import { type CallerRequest, type CallerResponse, isGone, send } from './caller.ts'
import { type CallerTimes, callerTimes } from './caller-times.ts'
import type { HttpAnswer, HttpDialect } from './dialect.ts'
import { Exchange } from './exchange.ts'
import { grpcFailure, isGrpc } from './grpc.ts'
import { GrpcExchange } from './grpc-exchange.ts'
import { LocalAccess } from './local-access.ts'
import { beginsHttp2 } from './preface.ts'
import { BadRequest } from './read-request.ts'
import { UpstreamPool } from './upstream-pool.ts'

/** What HTTP/2 callers may have open, and how often they may take back what they asked (CVE-2023-44487). */
const http2Limits = {
  settings: { maxConcurrentStreams: 250, enableConnectProtocol: false },
  maxSessionInvalidFrames: 100,
  maxHeaderListPairs: 200,
  streamResetBurst: 200,
  streamResetRate: 50,
} as const
/** Milliseconds that those who wait have to take their last answer. */
const farewellTime = 2_000
/** Bytes of a request's head, and nothing that llhttp reads leniently. */
const http1Limits = { maxHeaderSize: 64 * 1024, insecureHTTPParser: false } as const

/** Serves one local connection: HTTP/1.1, or HTTP/2 where TLS agreed on that; many requests at once, each judged by itself. */
export async function serveHttp<U extends HttpUpstream>(
  context: ServeContext<U>,
  dialectOf: (upstream: U) => HttpDialect,
  times = callerTimes,
): Promise<void> {
  const session = new HttpSession(context, dialectOf, times)
  const stream = context.localTls === null ? context.client : secured(context.client, context.localTls)
  await session.serve(stream)
}

function secured(client: Duplex, { context }: LocalTls): TLSSocket {
  return new TLSSocket(client, { isServer: true, secureContext: context, ALPNProtocols: ['h2', 'http/1.1'] })
}

/** A caller of HTTP/2 that closes its side has gone: Node's server would wait for as long as nothing is written. That of HTTP/1.1 does not. */
function endsWhole(stream: Duplex): void {
  stream.once('end', () => stream.destroy())
}

class HttpSession<U extends HttpUpstream> {
  readonly #context: ServeContext<U>
  readonly #access: LocalAccess
  readonly #ready: Promise<{ readonly dialect: HttpDialect; readonly pool: UpstreamPool; readonly upstream: U }>
  readonly #times: CallerTimes
  /** What is being answered, and what of. */
  readonly #open = new Map<Promise<void>, { readonly request: CallerRequest; readonly response: CallerResponse }>()
  #server: Server | null = null

  constructor(context: ServeContext<U>, dialectOf: (upstream: U) => HttpDialect, times: CallerTimes) {
    this.#context = context
    this.#times = times
    this.#access = accessOf(context)
    this.#ready = context.upstream().then((upstream) => ({
      upstream,
      dialect: dialectOf(upstream),
      pool: new UpstreamPool(context, upstream),
    }))
    // Told to whoever asks for something.
    this.#ready.catch(() => undefined)
  }

  async serve(stream: Duplex): Promise<void> {
    const { signal } = this.#context
    const closed = new Promise<void>((resolve) => stream.once('close', resolve))
    // Nothing is under way until something is asked.
    this.#context.rested?.()
    stream.on('error', () => stream.destroy())
    const end = (): void => {
      // Those who wait are told first.
      const late = new Promise<void>((resolve) => setTimeout(resolve, farewellTime).unref())
      void Promise.race([Promise.allSettled(this.#open.keys()), late]).then(() => stream.destroy())
    }
    signal.addEventListener('abort', end, { once: true })
    try {
      if (stream instanceof TLSSocket) {
        const timer = setTimeout(() => stream.destroy(), this.#times.head)
        await Promise.race([once(stream, 'secure'), closed])
        clearTimeout(timer)
        if (stream.destroyed) return
        // What a TLS server does for the sockets that it makes: HTTP/2 waits for a handshake that it takes to be under way.
        Reflect.set(stream, 'secureConnecting', false)
        if (stream.alpnProtocol === 'h2') endsWhole(stream)
        if (stream.alpnProtocol === 'h2') this.#secureServer().emit('secureConnection', stream)
        else this.#http1Server().emit('connection', stream)
      } else if (await beginsHttp2(stream, this.#times.head)) {
        endsWhole(stream)
        this.#http2Server().emit('connection', stream)
      } else this.#http1Server().emit('connection', stream)
      await closed
      await Promise.allSettled(this.#open.keys())
    } finally {
      signal.removeEventListener('abort', end)
      this.#server?.close()
      const ready = await this.#ready.catch(() => null)
      ready?.pool.close()
    }
  }

  #http1Server(): Server {
    const server = createServer({
      ...http1Limits,
      requireHostHeader: false,
      headersTimeout: this.#times.head,
      connectionsCheckingInterval: Math.ceil(this.#times.head / 4),
      // Bodies have times of their own: one for the whole would cut long uploads.
      requestTimeout: 0,
      keepAliveTimeout: 0,
    })
    // Node looks for heads that are late from when a server listens; this one never does.
    server.emit('listening')
    this.#server = server
    this.#attend(server)
    return server
  }

  /** The connection is encrypted already: its certificate is not this server's business. */
  #secureServer(): Http2SecureServer {
    const server = createSecureServer(http2Limits)
    this.#attend(server)
    return server
  }

  /** Without TLS callers begin with HTTP/2 at once: those of gRPC know that it is there. */
  #http2Server(): Http2Server {
    const server = createHttp2Server(http2Limits)
    this.#attend(server)
    return server
  }

  #attend(server: Server | Http2Server | Http2SecureServer): void {
    const take = (request: CallerRequest, response: CallerResponse): void => this.#take(request, response, null)
    server.on('request', take)
    // The body is read, or refused, when it is time: then it is asked for.
    server.on('checkContinue', take)
    server.on('checkExpectation', take)
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const response = new ServerResponse(request)
      response.shouldKeepAlive = false
      // A duplex stream is all that it writes to.
      response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0])
      // Where the answer is no 101, nothing follows it.
      response.once('finish', () => socket.end(() => socket.destroy()))
      this.#take(request, response, { socket, head })
    })
    server.on('clientError', (error: Error, socket: Duplex) => {
      // In the middle of another answer it would be taken for a part of it, or for the answer to a request that was done.
      const free = [...this.#open.values()].every(({ request, response }) => !request.complete && !response.headersSent)
      if (free && socket.writable) socket.end(unreadHead(error), () => socket.destroy())
      else socket.destroy()
    })
  }

  #take(request: CallerRequest, response: CallerResponse, upgrade: { socket: Duplex; head: Buffer } | null): void {
    response.sendDate = false
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    const taken = this.#serveOne(request, response, upgrade).finally(() => {
      this.#open.delete(taken)
      if (this.#open.size === 0) this.#context.rested?.()
    })
    this.#open.set(taken, { request, response })
  }

  async #serveOne(
    request: CallerRequest,
    response: CallerResponse,
    upgrade: { socket: Duplex; head: Buffer } | null,
  ): Promise<void> {
    const headers = lowerCase(request.rawHeaders)
    const host =
      request instanceof Http2ServerRequest ? request.authority : (headers.find(([name]) => name === 'host')?.[1] ?? null)
    let dialect: HttpDialect | null = null
    try {
      await this.#access.check(headers, host)
      const ready = await this.#ready
      dialect = ready.dialect
      const scheme = this.#context.localTls === null ? 'http' : 'https'
      const parts = { context: this.#context, ...ready, times: this.#times, caller: `${scheme}://${host}` }
      if (dialect.grpc && isGrpc(headers) && request instanceof Http2ServerRequest && response instanceof Http2ServerResponse)
        await new GrpcExchange(parts, request, response, headers).run()
      else await new Exchange(parts, request, response, headers).run(upgrade)
    } catch (error) {
      this.#fail(error, dialect, request, response, isGrpc(headers))
    }
  }

  /** The answer to what could not be asked. Of our own faults the caller gets an id to look for. */
  #fail(error: unknown, dialect: HttpDialect | null, request: CallerRequest, response: CallerResponse, grpc: boolean): void {
    if (response.headersSent || isGone(response)) return void response.destroy()
    const failure = failureOf(error)
    if (failure === null) this.#context.warn('a request failed by our own fault', error)
    const told = failure ?? { status: 500, message: 'The gateway failed at this request; its log says why.', hint: null }
    const { sessionId } = this.#context
    if (grpc && request instanceof Http2ServerRequest) return send(request, response, grpcFailure(told, sessionId))
    const answer = dialect === null ? plainFailure(told, sessionId) : dialect.failure(told, sessionId)
    send(request, response, told.status === 401 ? withChallenge(answer) : answer)
  }
}

/** Streams of one session have one secret: what was right on one is right on the others. */
const accesses = new WeakMap<object, LocalAccess>()
function accessOf({ localSecret }: Pick<ServeContext, 'localSecret'>): LocalAccess {
  const known = accesses.get(localSecret)
  if (known !== undefined) return known
  const access = new LocalAccess(localSecret)
  accesses.set(localSecret, access)
  return access
}

function lowerCase(rawHeaders: readonly string[]): Header[] {
  const headers: Header[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.push([rawHeaders[i]?.toLowerCase() ?? '', rawHeaders[i + 1] ?? ''])
  return headers
}

/** Null: it is our own fault. */
function failureOf(error: unknown): { status: number; message: string; hint: string | null } | null {
  if (error instanceof BadRequest) return { status: error.status, message: error.message, hint: null }
  if (!(error instanceof HoopError)) return null
  const status =
    error.code === 'connection_unavailable'
      ? 502
      : error.code === 'no_access'
        ? 403
        : error.code === 'too_many_requests'
          ? 429
          : 503
  return { status, message: error.message, hint: error.hint }
}

function plainFailure(
  { status, message, hint }: { status: number; message: string; hint: string | null },
  sessionId: string,
): HttpAnswer {
  const body = `${message}${hint === null ? '' : `\n${hint}`}\nsession ${sessionId}\n`
  return { status, headers: [['content-type', 'text/plain; charset=utf-8']], body }
}

/** The answer to a head that Node's parser gave up. */
function unreadHead(error: Error): string {
  const code = 'code' in error ? error.code : null
  const [status, words] =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ['408 Request Timeout', 'The head of the request did not come in time: send it at once.']
      : code === 'HPE_HEADER_OVERFLOW'
        ? ['431 Request Header Fields Too Large', `The head of the request has more than ${http1Limits.maxHeaderSize} bytes.`]
        : ['400 Bad Request', `The request is not well-formed HTTP: ${error.message}.`]
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n`
  return `${head}Content-Length: ${Buffer.byteLength(words) + 1}\r\n\r\n${words}\n`
}

function withChallenge(answer: HttpAnswer): HttpAnswer {
  return { ...answer, headers: [...answer.headers, ['www-authenticate', 'Basic realm="hoop", charset="UTF-8"']] }
}
