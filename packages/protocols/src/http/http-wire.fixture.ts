import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import type { BackendHost, Header, HttpServiceUpstream, LocalTls } from '../protocol.ts'
import { localPassword, ScriptedGate, TestCancels, verifier } from '../scripted-gate.fixture.ts'
import { callerTimes } from './caller-times.ts'
import { ServiceDialect } from './service.ts'
import { serveHttp } from './session.ts'

/** One answer of HTTP/1.1 as it came. */
export interface Reply {
  readonly status: number
  readonly headers: readonly Header[]
  readonly body: string
}

/** A backend of HTTP/1.1 that keeps what came over each connection, byte for byte. */
export class Backend {
  readonly port: number
  readonly connections: string[] = []
  readonly #close: () => void

  private constructor(port: number, close: () => void) {
    this.port = port
    this.#close = close
  }

  static async start(answer: RequestListener): Promise<Backend> {
    const server = createServer(answer)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const backend = new Backend((server.address() as AddressInfo).port, () => {
      server.closeAllConnections()
      server.close()
    })
    server.on('connection', (socket) => {
      const at = backend.connections.push('') - 1
      socket.on('data', (bytes: Buffer) => {
        backend.connections[at] += bytes.toString('latin1')
      })
    })
    return backend
  }

  /** All requests' bytes. */
  get received(): string {
    return this.connections.join('')
  }

  stop(): void {
    this.#close()
  }
}

export interface Served {
  readonly caller: Duplex
  readonly gate: ScriptedGate
  readonly session: AbortController
  readonly done: Promise<unknown>
  /** Sends bytes as they are, and reads until the answers of so many requests are there, or nothing more comes. */
  send(bytes: string | Buffer, replies?: number): Promise<Reply[]>
}

/** Serves one local connection in memory, in front of a backend. */
export function serve(
  backend: Pick<Backend, 'port'>,
  given: Partial<HttpServiceUpstream> = {},
  gate = new ScriptedGate(),
  localTls: LocalTls | null = null,
  times = callerTimes,
): Served {
  const [near, far] = duplexPair()
  const upstream: HttpServiceUpstream = {
    hosts: [{ host: '127.0.0.1', port: backend.port, tls: null }],
    connectTimeout: 5_000,
    certificate: null,
    authority: 'billing.internal',
    credentials: async () => [['authorization', 'Bearer of-the-gateway']],
    basePath: '',
    operations: [],
    onlyListed: false,
    ...given,
  }
  const { session } = gate
  const done = serveHttp(
    {
      client: far,
      stream: 1,
      sessionId: 'ses_test',
      connection: 'test',
      identity: { id: 'x#ada', kind: 'person', name: 'ada', email: null, groups: [], issuer: 'x' },
      upstream: async () => upstream,
      localSecret: verifier,
      localTls,
      profile: 'strict',
      gate,
      cancels: new TestCancels(),
      signal: session.signal,
      dial: ({ host, port }: BackendHost) =>
        new Promise((resolve, reject) => {
          const socket = connect(port, host)
          socket.once('connect', () => resolve(socket)).once('error', reject)
        }),
      loggedIn: () => undefined,
      warn: (words, cause) => console.error(words, cause),
      own: () => undefined,
      leave: (work) => void setImmediate(() => work(true)),
      shared: { get: (_key, make) => make(), delete: () => undefined },
    },
    (service) => new ServiceDialect(service),
    times,
  ).then(
    () => null,
    (error: unknown) => error,
  )
  const replies = new Replies(near)
  return {
    ...{ caller: near, gate, session, done },
    send: (bytes, count = 1) => {
      near.write(bytes)
      return replies.take(count)
    },
  }
}

/** A request with what every one needs: `GET /path` and further header lines. */
export function request(line: string, headers: readonly string[] = [], body = ''): string {
  const own = [`Host: localhost:1`, `Authorization: Basic ${btoa(`any:${localPassword}`)}`]
  return [`${line} HTTP/1.1`, ...own, ...headers, '', body].join('\r\n')
}

/** Reads answers with Content-Length or chunks, or to the end of the connection. */
class Replies {
  #bytes = ''
  #closed = false
  #wake: () => void = () => undefined

  constructor(stream: Duplex) {
    stream.on('data', (bytes: Buffer) => {
      this.#bytes += bytes.toString('latin1')
      this.#wake()
    })
    const over = (): void => {
      this.#closed = true
      this.#wake()
    }
    stream.on('end', over).on('close', over).on('error', over)
  }

  async take(count: number): Promise<Reply[]> {
    const taken: Reply[] = []
    while (taken.length < count) {
      const reply = this.#next()
      if (reply !== null) {
        if (reply.status !== 100) taken.push(reply)
      } else if (this.#closed) break
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
    return taken
  }

  #next(): Reply | null {
    const end = this.#bytes.indexOf('\r\n\r\n')
    if (end === -1) return null
    const [line = '', ...lines] = this.#bytes.slice(0, end).split('\r\n')
    const headers = lines.map(
      (each): Header => [each.slice(0, each.indexOf(':')).toLowerCase(), each.slice(each.indexOf(':') + 1).trim()],
    )
    const status = Number(line.split(' ')[1])
    const of = (name: string) => headers.find(([key]) => key === name)?.[1]
    const rest = this.#bytes.slice(end + 4)
    const bare = status === 204 || status === 304 || status < 200
    const length = bare ? 0 : Number(of('content-length') ?? Number.NaN)
    if (of('transfer-encoding') === 'chunked') {
      const over = /(^|\r\n)0\r\n\r\n/.exec(rest)
      if (over === null) return null
      const coded = rest.slice(0, over.index + over[0].length)
      this.#bytes = rest.slice(coded.length)
      return { status, headers, body: unchunked(coded) }
    }
    if (Number.isNaN(length) ? !this.#closed : rest.length < length) return null
    const body = Number.isNaN(length) ? rest : rest.slice(0, length)
    this.#bytes = rest.slice(body.length)
    return { status, headers, body }
  }
}

function unchunked(coded: string): string {
  let body = ''
  for (let at = 0; at < coded.length; ) {
    const line = coded.indexOf('\r\n', at)
    const length = Number.parseInt(coded.slice(at, line), 16)
    if (length === 0) break
    body += coded.slice(line + 2, line + 2 + length)
    at = line + 2 + length + 2
  }
  return body
}
