import { type Duplex, duplexPair } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Pair } from '../certificates.fixture.ts'
import type { BackendHost, PostgresUpstream } from '../protocol.ts'
import { type Backend, type OpenBackend, openBackend } from './backend.ts'
import { read } from './codec.ts'
import { Handshake } from './handshake.ts'

/** What a server does with one connection; `handshake` has read nothing yet. */
export type Scripted = (handshake: Handshake, host: BackendHost) => Promise<void> | void

/** What a login came to, and what it took. */
export interface Opened {
  readonly backend: Promise<Backend>
  readonly warnings: string[]
  /** Our own statements, as they went on the record. */
  readonly own: string[]
  /** `host:port` of each dial. */
  readonly dials: string[]
}

/** Logs in to servers that a test plays in memory. */
export function openScripted(
  script: Scripted,
  upstream: Partial<PostgresUpstream> = {},
  options: Partial<OpenBackend> = {},
): Opened {
  const warnings: string[] = []
  const own: string[] = []
  const dials: string[] = []
  const dial = async (host: BackendHost): Promise<Duplex> => {
    dials.push(`${host.host}:${host.port}`)
    const [near, far] = duplexPair()
    const handshake = new Handshake(far, AbortSignal.timeout(20_000))
    Promise.resolve(script(handshake, host)).catch(() => far.destroy())
    return near
  }
  const backend = openBackend({
    context: { dial, warn: (words) => void warnings.push(words), own: (text) => void own.push(text) },
    upstream: {
      hosts: [{ host: 'one', port: 1, tls: null }],
      loadBalance: 'disable',
      targetSessionAttrs: 'any',
      connectTimeout: 10_000,
      user: 'app',
      password: 'secret',
      certificate: null,
      databases: ['shop'],
      ...upstream,
    },
    database: 'shop',
    settings: new Map(),
    signal: AbortSignal.timeout(20_000),
    ...options,
  })
  backend.catch(() => undefined)
  return { backend, warnings, own, dials }
}

/** Reads the startup packet: its version and parameters. */
export async function startupOf(server: Handshake): Promise<{ version: number; parameters: Map<string, string> }> {
  const packet = await server.packet()
  const version = packet.uint32()
  const parameters = new Map<string, string>()
  while (packet.remaining > 1) parameters.set(packet.cstring(), packet.cstring())
  return { version, parameters }
}

/** Waits for SSLRequest, or for the first byte of TLS, and goes on inside TLS. */
export async function acceptTls(
  server: Handshake,
  pair: Pair,
  options: { direct?: boolean; alpn?: string[] } = {},
): Promise<{ server: Handshake; stream: TLSSocket }> {
  const raw = server.stream
  if (options.direct !== true) {
    await server.packet()
    server.release()
    raw.write('S')
  } else server.release()
  const stream = new TLSSocket(raw, {
    isServer: true,
    cert: pair.certificate,
    key: pair.key,
    ...(options.alpn === undefined ? {} : { ALPNProtocols: options.alpn }),
  })
  stream.on('error', () => undefined)
  return { server: new Handshake(stream, AbortSignal.timeout(20_000)), stream }
}

/** The mechanism and the first message of a SASLInitialResponse. */
export async function saslInitialOf(server: Handshake): Promise<{ mechanism: string; data: string }> {
  const { mechanism, data } = read.saslInitial((await server.message()).body())
  return { mechanism, data: String(data) }
}
