import type { Duplex } from 'node:stream'
import { HoopError } from '@hoop/contracts'
import { beginTls } from '../begin-tls.ts'
import type { BackendHost, HttpUpstream, ServeContext } from '../protocol.ts'

export type DialContext = Pick<ServeContext<HttpUpstream>, 'dial' | 'signal' | 'loggedIn'>

/** Dials a service the way that its connection goes: directly, or through its agent. */
export class ServiceDial {
  readonly #context: DialContext
  readonly #upstream: HttpUpstream
  #told = false

  constructor(context: DialContext, upstream: HttpUpstream) {
    this.#context = context
    this.#upstream = upstream
  }

  /** The first host that answers; `alpn`: what is spoken inside TLS. Rejects with a HoopError. */
  async connect(alpn: 'http/1.1' | 'h2'): Promise<Duplex> {
    const { hosts, connectTimeout } = this.#upstream
    let failure: unknown = new HoopError('connection_unavailable', 'The connection has no address.')
    for (const host of hosts) {
      const signal = AbortSignal.any([this.#context.signal, AbortSignal.timeout(connectTimeout)])
      try {
        const stream = await this.#secured(host, alpn, signal)
        this.#tell(host)
        return stream
      } catch (error) {
        failure = error
        if (this.#context.signal.aborted) break
      }
    }
    throw failure
  }

  async #secured(host: BackendHost, alpn: string, signal: AbortSignal): Promise<Duplex> {
    const raw = await this.#context.dial(host, signal)
    if (host.tls === null) return raw
    return await beginTls(raw, { tls: host.tls, certificate: this.#upstream.certificate, alpn, signal, what: 'the service' })
  }

  #tell({ host, port }: BackendHost): void {
    if (this.#told) return
    this.#told = true
    this.#context.loggedIn({ user: '', database: '', application: null, backend: null, host: `${host}:${port}` })
  }
}
