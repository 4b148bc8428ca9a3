import { Agent, type ClientRequest, request as httpRequest } from 'node:http'
import type { ClientHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import type { Header, HttpUpstream } from '../protocol.ts'
import { type DialContext, ServiceDial } from './dial-service.ts'
import { Http2Upstream } from './http2-upstream.ts'

/** Requests at a time over one local connection: more of them wait for their turn. */
const mostConnections = 100
/** Milliseconds for which the credentials of one request serve the next: what an admin changes counts for whatever is asked later. */
const credentialsTime = 1_000

export interface UpstreamRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly Header[]
}

interface Credentials {
  readonly headers: Promise<readonly Header[]>
  readonly until: number
}

/** Our connections to the backend, for one local connection: never shared between identities, and of no use after an answer that cannot be read. */
export class UpstreamPool {
  readonly #agent: DialledAgent
  readonly #http2: Http2Upstream
  readonly #upstream: HttpUpstream
  /** What each request was sent with. */
  readonly #shown = new WeakMap<object, readonly Header[]>()
  #credentials: Credentials | null = null
  /** From when on others may be asked for. */
  #renewable = 0

  constructor(context: DialContext, upstream: HttpUpstream) {
    const dial = new ServiceDial(context, upstream)
    this.#upstream = upstream
    this.#agent = new DialledAgent(dial)
    this.#http2 = new Http2Upstream(dial, upstream.authority)
  }

  /** Begins a request, our own credential added; its body is for the caller to send. Rejects with a HoopError. */
  async request({ method, target, headers }: UpstreamRequest): Promise<ClientRequest> {
    const own = await this.#known()
    const all = withCredentials([['host', this.#upstream.authority], ...headers], own)
    const sent = httpRequest({ method, path: target, headers: all.flat(), agent: this.#agent, setHost: false })
    this.#shown.set(sent, own)
    return sent
  }

  /** Begins a request over HTTP/2, as `request` does over HTTP/1.1. */
  async stream({ method, target, headers }: UpstreamRequest, signal: AbortSignal): Promise<ClientHttp2Stream> {
    const own = await this.#known()
    const all = withCredentials(headers, own)
    const named = Object.groupBy(all, ([name]) => name)
    const values = Object.entries(named).map(([name, found = []]) => [name, found.map(([, value]) => value)])
    const sent = await this.#http2.request({ ...Object.fromEntries(values), ':method': method, ':path': target }, signal)
    this.#shown.set(sent, own)
    sent.once('response', ({ ':status': status }) => {
      if (status === 401) void this.renew(sent)
    })
    return sent
  }

  /** Asks for other credentials than those that the backend did not take, at most once a second; whether there are others now. */
  async renew(sent: ClientRequest | ClientHttp2Stream): Promise<boolean> {
    const refused = this.#shown.get(sent) ?? []
    try {
      if (isDeepStrictEqual(await this.#known(), refused) && performance.now() >= this.#renewable) {
        this.#renewable = performance.now() + credentialsTime
        this.#ask(refused)
      }
      return !isDeepStrictEqual(await this.#known(), refused)
    } catch {
      return false
    }
  }

  close(): void {
    this.#agent.destroy()
    this.#http2.close()
  }

  /** Our credentials, not asked for at each request: they stand in the store, or are issued elsewhere. */
  async #known(): Promise<readonly Header[]> {
    const now = performance.now()
    const known = this.#credentials === null || now > this.#credentials.until ? this.#ask() : this.#credentials
    try {
      return await known.headers
    } catch (error) {
      if (this.#credentials === known) this.#credentials = null
      throw error
    }
  }

  #ask(refused?: readonly Header[]): Credentials {
    const asked = { headers: this.#upstream.credentials(refused), until: performance.now() + credentialsTime }
    this.#credentials = asked
    return asked
  }
}

function withCredentials(headers: readonly Header[], own: readonly Header[]): readonly Header[] {
  const all = [...headers, ...own]
  // Where two of our own say the same, the credential counts.
  return all.filter(([name], i) => !all.slice(i + 1).some(([later]) => later === name && name === 'authorization'))
}

/** Connections of HTTP/1.1, kept open between requests. */
class DialledAgent extends Agent {
  readonly #dial: ServiceDial

  constructor(dial: ServiceDial) {
    super({ keepAlive: true, maxSockets: mostConnections, maxFreeSockets: mostConnections, scheduling: 'lifo' })
    this.#dial = dial
  }

  override createConnection(_options: unknown, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    this.#dial.connect('http/1.1').then(
      (stream) => callback?.(null, stream),
      // Node's types do not know that there is no stream then.
      (error: Error) => Reflect.apply(callback ?? (() => undefined), undefined, [error]),
    )
  }
}
