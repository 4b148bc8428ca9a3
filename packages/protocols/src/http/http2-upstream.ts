import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2'
import { TLSSocket } from 'node:tls'
import { HoopError } from '@hoop/contracts'
import type { ServiceDial } from './dial-service.ts'

/** One connection of HTTP/2 to the backend, made when it is needed, and anew after its end. */
export class Http2Upstream {
  readonly #dial: ServiceDial
  readonly #authority: string
  #session: Promise<ClientHttp2Session> | null = null

  constructor(dial: ServiceDial, authority: string) {
    this.#dial = dial
    this.#authority = authority
  }

  /** Begins a request whose body is for the caller to send. Rejects with a HoopError. */
  async request(headers: OutgoingHttpHeaders, signal: AbortSignal): Promise<ClientHttp2Stream> {
    const session = await this.#open()
    return session.request({ ...headers, ':authority': this.#authority }, { endStream: false, signal })
  }

  close(): void {
    this.#session?.then(
      (session) => session.destroy(),
      () => undefined,
    )
  }

  #open(): Promise<ClientHttp2Session> {
    if (this.#session !== null) return this.#session
    const session = this.#connect()
    this.#session = session
    const forget = (): void => {
      if (this.#session === session) this.#session = null
    }
    session.then((made) => {
      if (made.closed || made.destroyed) forget()
      made.once('goaway', forget).once('close', forget)
    }, forget)
    return session
  }

  async #connect(): Promise<ClientHttp2Session> {
    const stream = await this.#dial.connect('h2')
    const secure = stream instanceof TLSSocket
    if (secure && stream.alpnProtocol !== 'h2') {
      stream.destroy()
      throw new HoopError('connection_unavailable', 'The service does not offer HTTP/2, which gRPC needs.', {
        hint: 'Look whether this is the address at which it takes gRPC.',
      })
    }
    const session = connect(`${secure ? 'https' : 'http'}://${this.#authority}`, {
      createConnection: () => stream,
      settings: { enablePush: false },
    })
    // Each request is told.
    session.on('error', () => undefined)
    return session
  }
}
