import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import { HoopError } from '@hoop/contracts'
import type { BackendTls, ClientCertificate } from './protocol.ts'

export interface BeginTls {
  readonly tls: BackendTls
  readonly certificate: ClientCertificate | null
  /** What is spoken inside, as ALPN names it (RFC 7301). */
  readonly alpn: string
  readonly signal: AbortSignal
  /** What answers there, in words: `the database`. */
  readonly what: string
}

/** TLS to a backend, whose certificate is checked in full. Rejects with a HoopError, or the signal's reason; closes the stream then. */
export function beginTls(raw: Duplex, { tls, certificate, alpn, signal, what }: BeginTls): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = connect({
      socket: raw,
      host: tls.serverName,
      ...(isIP(tls.serverName) === 0 ? { servername: tls.serverName } : {}),
      ...(tls.ca === null ? {} : { ca: tls.ca }),
      ...(certificate === null ? {} : { cert: certificate.certificate, key: certificate.key }),
      ALPNProtocols: [alpn],
      minVersion: 'TLSv1.2',
    })
    const onAbort = (): void => end(signal.reason)
    const onError = (error: Error): void =>
      end(
        new HoopError('connection_unavailable', `TLS to ${what} failed: ${error.message}`, {
          hint: 'Check tls.ca and the name in the certificate.',
          cause: error,
        }),
      )
    const end = (error: unknown): void => {
      signal.removeEventListener('abort', onAbort)
      // An error that comes after the first has nobody left to tell.
      secured.on('error', () => undefined)
      secured.destroy()
      raw.destroy()
      reject(error)
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    secured.once('error', onError)
    secured.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort)
      secured.off('error', onError)
      // An error that falls between two owners must not end the process.
      secured.on('error', () => undefined)
      resolve(secured)
    })
  })
}
