import { TLSSocket } from 'node:tls'
import type { ByteReader } from '../bytes.ts'
import type { LocalTls } from '../protocol.ts'
import { type Handshake, send } from './handshake.ts'
import { startupCodes } from './messages.ts'
import { StartupRefused } from './startup.ts'

/**
 * What a caller may ask for before its startup packet: encryption by GSSAPI (answered no), then by TLS, each once at most and in this
 * order; or TLS at once (PostgreSQL 17 and later). https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
 */

/** A packet that begins a session, or a cancel request: its code, and a reader behind it. */
export interface FirstPacket {
  readonly code: number
  readonly packet: ByteReader
}

/** TLS that is to begin now: after an SSLRequest, or `direct`, in place of any packet. */
export interface TlsAsked {
  readonly tls: LocalTls
  readonly direct: boolean
}

/** A TLS handshake that did not come about: its alert is all that the caller can read. */
export class TlsFailed extends Error {
  override readonly name = 'TlsFailed'
}

/** The content type of a TLS record that carries handshake messages. */
const tlsHandshake = 0x16
const alpn = 'postgresql'

/** Answers requests for encryption until the first packet, or until TLS is to begin. */
export async function readFirstPacket(caller: Handshake, tls: LocalTls | null): Promise<FirstPacket | TlsAsked> {
  if ((await caller.peek()) === tlsHandshake) {
    if (tls !== null) return { tls, direct: true }
    throw new StartupRefused('08P01', 'there is no TLS on this local port', 'Open it with --local-tls, or use sslmode=disable.')
  }
  let last: number | null = null
  for (;;) {
    const first = await readPacket(caller)
    const { code } = first
    if (code !== startupCodes.ssl && code !== startupCodes.gssenc) return first
    first.packet.end()
    if (last === code || last === startupCodes.ssl)
      throw new StartupRefused(
        '08P01',
        'an encryption request out of turn',
        'Ask for GSSAPI encryption first, then for TLS, once each.',
      )
    // Bytes sent along with the request would be read as if they had come after it (CVE-2021-23214).
    if (caller.early > 0)
      throw new StartupRefused('08P01', 'bytes after an encryption request', 'Wait for the answer to SSLRequest.')
    last = code
    const accepted = code === startupCodes.ssl && tls !== null
    await send(caller.stream, Buffer.from(accepted ? 'S' : 'N'))
    if (accepted) return { tls, direct: false }
  }
}

/** The first packet inside TLS, where there is nothing left to ask for. */
export async function readFirstPacketInTls(caller: Handshake): Promise<FirstPacket> {
  const first = await readPacket(caller)
  if (first.code !== startupCodes.ssl && first.code !== startupCodes.gssenc) return first
  throw new StartupRefused('08P01', 'an encryption request inside TLS', 'Send the startup packet.')
}

async function readPacket(caller: Handshake): Promise<FirstPacket> {
  const packet = await caller.packet()
  return { code: packet.uint32(), packet }
}

/** Lets go of the caller's stream and is the server of TLS on it. Rejects with TlsFailed, also when the signal aborts. */
export async function acceptTls(caller: Handshake, { tls }: TlsAsked, signal: AbortSignal): Promise<TLSSocket> {
  const { stream } = caller
  const early = caller.release()
  if (early.length > 0) stream.unshift(early)
  const secured = new TLSSocket(stream, { isServer: true, secureContext: tls.context, ALPNProtocols: [alpn] })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const fail = (cause: unknown): void => reject(new TlsFailed('the TLS handshake failed', { cause }))
  const onAbort = (): void => {
    fail(signal.reason)
    stream.destroy()
  }
  const onClose = (): void => fail('it was closed')
  secured.on('secure', resolve).on('close', onClose)
  // Stays: what comes after a failure is of no use to anybody.
  secured.on('error', fail)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    await promise
    return secured
  } finally {
    secured.off('secure', resolve).off('close', onClose)
    signal.removeEventListener('abort', onAbort)
  }
}

/** Without ALPN bytes meant for another protocol could be replayed here: the server insists on it, too, where nothing was negotiated before. */
export function checkAlpn(secured: TLSSocket): void {
  if (secured.alpnProtocol !== alpn)
    throw new StartupRefused(
      '08P01',
      'direct TLS without the ALPN protocol postgresql',
      'Use sslnegotiation=postgres, or a newer client.',
    )
}
