import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls'
import { ByteWriter } from '../bytes.ts'
import type { BackendHost, BackendTls, PostgresContext } from '../protocol.ts'
import { read } from './codec.ts'
import { Handshake } from './handshake.ts'
import { authentication, backend, startupCodes } from './messages.ts'

/** What TLS with the server is like, verified or not. */
export interface TlsFacts {
  /** `TLSv1.3` */
  readonly version: string
  readonly cipher: string
  /** Why the certificate is not believed (`CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID`, …); null: it is. */
  readonly failure: string | null
  readonly certificate: {
    readonly subject: string
    readonly issuer: string
    /** As in the certificate: `DNS:db.example.com, IP Address:10.0.0.1`. */
    readonly names: string
    readonly from: Date
    readonly until: Date
  }
}

/** How the server greets a client that has not logged in. */
export interface Greeting {
  /** Null: the connection is plain. `'none'`: the server offers no TLS. */
  readonly tls: TlsFacts | 'none' | null
  /** The login that it asks for: `trust` is none at all; SASL by its mechanisms. Null: not asked, for the server did not prove who it is, or it refused. */
  readonly method: string | null
}

/** TLS handshakes that fail before there is a certificate to look at; the words are OpenSSL's. */
export class TlsFailed extends Error {
  override readonly name = 'TlsFailed'
}

/** What a greeting needs to know of the gateway's own account. */
interface Asking {
  readonly dial: PostgresContext['dial']
  readonly host: BackendHost
  readonly user: string
  readonly database: string
  readonly signal: AbortSignal
}

/**
 * Looks at how the server greets: its certificate, whether it is believed or not, and the login that it asks for. No secret is sent, and the
 * name of the role only to a server that has proven who it is. Rejects with TlsFailed, or with what `dial` rejects with.
 */
export async function greet({ dial, host, user, database, signal }: Asking): Promise<Greeting> {
  const raw = await dial(host, signal)
  raw.on('error', () => undefined)
  let stream = raw
  try {
    let tls: Greeting['tls'] = null
    if (host.tls !== null) {
      if (host.tls.negotiation === 'postgres' && !(await offersTls(raw, signal))) return { tls: 'none', method: null }
      const secured = await handshake(raw, host.tls, signal)
      stream = secured
      tls = factsOf(secured)
      if (tls.failure !== null) return { tls, method: null }
    }
    return { tls, method: await askedMethod(stream, { user, database }, signal) }
  } finally {
    stream.destroy()
    raw.destroy()
  }
}

async function offersTls(raw: Duplex, signal: AbortSignal): Promise<boolean> {
  const reading = new Handshake(raw, signal)
  try {
    raw.write(new ByteWriter(8).int32(8).int32(startupCodes.ssl).take())
    const offered = (await reading.byte()) === 0x53
    // Bytes before the handshake could only come from somebody in between (CVE-2021-23222).
    if (offered && reading.early > 0) throw new TlsFailed('bytes before the handshake')
    return offered
  } finally {
    reading.release()
  }
}

/** A certificate that is not believed is looked at, too: nothing is sent to whoever shows it. */
function handshake(raw: Duplex, tls: BackendTls, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = connectTls({
      socket: raw,
      host: tls.serverName,
      ...(isIP(tls.serverName) === 0 ? { servername: tls.serverName } : {}),
      ...(tls.ca === null ? {} : { ca: tls.ca }),
      // The name that PostgreSQL 17 expects; a direct handshake needs it.
      ALPNProtocols: ['postgresql'],
      minVersion: 'TLSv1.2',
      rejectUnauthorized: false,
    })
    const settle = (work: () => void): void => {
      signal.removeEventListener('abort', onAbort)
      secured.off('error', onError).off('secureConnect', onSecure).off('close', onClose)
      secured.on('error', () => undefined)
      work()
    }
    const fail = (words: string): void =>
      settle(() => {
        secured.destroy()
        reject(new TlsFailed(words))
      })
    const onError = (error: Error): void => fail(error.message)
    const onClose = (): void => fail('the server closed the connection')
    const onAbort = (): void => fail('it took too long')
    const onSecure = (): void => settle(() => resolve(secured))
    secured.once('error', onError).once('secureConnect', onSecure).once('close', onClose)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}

function factsOf(secured: TLSSocket): TlsFacts {
  const certificate = secured.getPeerCertificate()
  const failure = secured.authorized ? null : String(failureOf(secured.authorizationError))
  return {
    version: secured.getProtocol() ?? 'unknown',
    cipher: secured.getCipher().standardName,
    failure,
    certificate: {
      subject: named(certificate.subject),
      issuer: named(certificate.issuer),
      names: certificate.subjectaltname ?? '',
      from: new Date(certificate.valid_from),
      until: new Date(certificate.valid_to),
    },
  }
}

/** A code, whatever its type says: Node gives a string for OpenSSL's own findings, and an error for a name that does not fit. */
function failureOf(error: unknown): string {
  if (error instanceof Error) return 'code' in error ? String(error.code) : error.message
  return String(error)
}

function named(name: PeerCertificate['subject'] | undefined): string {
  return Object.entries(name ?? {})
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join('+') : value}`)
    .join(', ')
}

/** The first authentication request; the login is left there. https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP */
async function askedMethod(
  stream: Duplex,
  startup: { user: string; database: string },
  signal: AbortSignal,
): Promise<string | null> {
  const reading = new Handshake(stream, signal)
  try {
    const packet = new ByteWriter().int32(0).int32(startupCodes.protocol30)
    for (const [name, value] of Object.entries({ ...startup, application_name: 'hoop doctor' }))
      packet.cstring(name).cstring(value)
    packet.uint8(0)
    stream.write(packet.patchInt32(0, packet.position).take())
    for (;;) {
      const message = await reading.message()
      if (message.tag === backend.negotiateProtocolVersion) continue
      if (message.tag === backend.errorResponse) {
        read.diagnostics(message.body())
        return null
      }
      if (message.tag !== backend.authentication) return null
      const body = message.body()
      const request = body.int32()
      if (request !== authentication.sasl) return methods[request] ?? `request ${request}`
      const mechanisms: string[] = []
      while (body.remaining > 1) mechanisms.push(body.cstring())
      return mechanisms.join(', ')
    }
  } finally {
    reading.release()
  }
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html, Authentication… */
const methods: Readonly<Record<number, string>> = {
  [authentication.ok]: 'trust',
  2: 'Kerberos V5',
  [authentication.cleartext]: 'password',
  [authentication.md5]: 'md5',
  7: 'GSSAPI',
  9: 'SSPI',
}
