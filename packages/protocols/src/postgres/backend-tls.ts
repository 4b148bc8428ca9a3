import type { Duplex } from 'node:stream'
import { HoopError } from '@hoop/contracts'
import { beginTls } from '../begin-tls.ts'
import { tlsServerEndPoint } from '../channel-binding.ts'
import type { BackendTls, ClientCertificate } from '../protocol.ts'
import type { ChannelBinding } from '../scram.ts'
import { write } from './codec.ts'
import { Handshake } from './handshake.ts'

/** The name that PostgreSQL 17 expects in ALPN; with it no server of another protocol can be taken for a database. */
const alpn = 'postgresql'

/** A stream to the backend that is as safe as it will be. */
export interface Secured {
  readonly stream: Duplex
  readonly encrypted: boolean
  /** What SCRAM can bind to; null: to nothing. */
  readonly binding: ChannelBinding | null
}

/** Begins TLS, or leaves the stream plain where `tls` is null. Rejects with a HoopError, or what the stream broke by; closes the stream then. */
export async function secure(
  raw: Duplex,
  options: { tls: BackendTls | null; certificate: ClientCertificate | null; signal: AbortSignal },
): Promise<Secured> {
  const { tls, certificate, signal } = options
  if (tls === null) return { stream: raw, encrypted: false, binding: null }
  if (tls.negotiation === 'postgres') await requestTls(raw, signal)
  const stream = await beginTls(raw, { tls, certificate, alpn, signal, what: 'the database' })
  // Before 17 a server says nothing about ALPN; it has said that it is one by answering SSLRequest.
  if (stream.alpnProtocol !== alpn && (tls.negotiation === 'direct' || stream.alpnProtocol !== false)) {
    stream.destroy()
    throw new HoopError('connection_unavailable', 'what answers there by TLS does not say that it is PostgreSQL', {
      hint: 'tls.negotiation: direct is for PostgreSQL 17 and later.',
    })
  }
  const peer = stream.getPeerX509Certificate()
  const data = peer === undefined ? null : tlsServerEndPoint(peer)
  return { stream, encrypted: true, binding: data === null ? null : { kind: 'tls-server-end-point', data } }
}

async function requestTls(raw: Duplex, signal: AbortSignal): Promise<void> {
  const handshake = new Handshake(raw, signal)
  try {
    raw.write(write.sslRequest())
    const answer = await handshake.byte()
    if (answer !== 0x53) {
      // Words of an error that came before TLS could be anybody's (CVE-2024-10977).
      throw new HoopError('connection_unavailable', 'the database does not offer TLS', {
        hint: 'Turn ssl on at the database; tls: disable is for a backend on loopback only.',
      })
    }
    // Bytes before the handshake could only come from somebody in between (CVE-2021-23222).
    if (handshake.early > 0) throw new HoopError('connection_unavailable', 'the database sent bytes before the TLS handshake')
  } catch (error) {
    raw.destroy()
    throw error
  } finally {
    handshake.release()
  }
}
