import { Agent, type ClientRequest, request as httpRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import { HoopError } from '@hoop/contracts'
import { beginTls } from '../begin-tls.ts'
import type { BackendHost, Header, HttpUpstream, ServeContext } from '../protocol.ts'

/** Requests at a time over one local connection: more of them wait for their turn. */
const mostConnections = 100

export interface UpstreamRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly Header[]
  readonly signal: AbortSignal
}

/** Our connections to the backend, for one local connection: never shared between identities, and of no use after an answer that cannot be read. */
export class UpstreamPool {
  readonly #agent: DialledAgent
  readonly #upstream: HttpUpstream

  constructor(context: Pick<ServeContext<HttpUpstream>, 'dial' | 'signal' | 'loggedIn'>, upstream: HttpUpstream) {
    this.#upstream = upstream
    this.#agent = new DialledAgent(context, upstream)
  }

  /** Begins a request, our own credential added; its body is for the caller to send. Rejects with a HoopError. */
  async request({ method, target, headers, signal }: UpstreamRequest): Promise<ClientRequest> {
    const credentials = await this.#upstream.credentials()
    const all = [['host', this.#upstream.authority] as const, ...headers, ...credentials]
    // Where two of our own say the same, the credential counts.
    const flat = all.filter(([name], i) => !all.slice(i + 1).some(([later]) => later === name && name === 'authorization')).flat()
    return httpRequest({ method, path: target, headers: flat, agent: this.#agent, setHost: false, signal })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** Dials the way that the connection goes: directly, or through its agent. */
class DialledAgent extends Agent {
  readonly #context: Pick<ServeContext<HttpUpstream>, 'dial' | 'signal' | 'loggedIn'>
  readonly #upstream: HttpUpstream
  #told = false

  constructor(context: Pick<ServeContext<HttpUpstream>, 'dial' | 'signal' | 'loggedIn'>, upstream: HttpUpstream) {
    super({ keepAlive: true, maxSockets: mostConnections, maxFreeSockets: mostConnections, scheduling: 'lifo' })
    this.#context = context
    this.#upstream = upstream
  }

  override createConnection(_options: unknown, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    this.#connect().then(
      (stream) => callback?.(null, stream),
      // Node's types do not know that there is no stream then.
      (error: Error) => Reflect.apply(callback ?? (() => undefined), undefined, [error]),
    )
  }

  async #connect(): Promise<Duplex> {
    const { hosts, connectTimeout, certificate } = this.#upstream
    let failure: unknown = new HoopError('connection_unavailable', 'The connection has no address.')
    for (const host of hosts) {
      const signal = AbortSignal.any([this.#context.signal, AbortSignal.timeout(connectTimeout)])
      try {
        const stream = await this.#secured(host, certificate, signal)
        this.#tell(host)
        return stream
      } catch (error) {
        failure = error
        if (this.#context.signal.aborted) break
      }
    }
    throw failure
  }

  async #secured(host: BackendHost, certificate: HttpUpstream['certificate'], signal: AbortSignal): Promise<Duplex> {
    const raw = await this.#context.dial(host, signal)
    if (host.tls === null) return raw
    return await beginTls(raw, { tls: host.tls, certificate, alpn: 'http/1.1', signal, what: 'the service' })
  }

  #tell({ host, port }: BackendHost): void {
    if (this.#told) return
    this.#told = true
    this.#context.loggedIn({ user: '', database: '', application: null, backend: null, host: `${host}:${port}` })
  }
}
