import { X509Certificate } from 'node:crypto'
import { type ConnectionDocument, HoopError } from '@hoop/contracts'
import { isLoopbackHost, splitAddress } from './address.ts'

/** What the schema of a connection cannot say. @throws HoopError `invalid_document` */
export function checkConnection(connection: ConnectionDocument): void {
  const { host, port } = splitAddress(connection.address)
  if (port < 1 || port > 65_535) throw invalid(connection, `${port} is not a port.`, 'Ports are 1 to 65535.')
  if (connection.tls === 'disable' && !isLoopbackHost(host)) {
    const hint = 'Leave tls out, or give the certificate of its authority: tls: { mode: verify-full, ca: PEM }'
    throw invalid(connection, `tls: disable is for backends on this machine only, and ${host} is not.`, hint)
  }
  if (typeof connection.tls === 'object' && connection.tls.ca !== undefined && !isCertificate(connection.tls.ca)) {
    throw invalid(connection, 'tls.ca is not a certificate.', 'It must be PEM, as in: -----BEGIN CERTIFICATE----- …')
  }
}

/**
 * Where a stored password may go must not change without it: who may edit a connection could otherwise have it sent to a server of
 * their own.
 */
export function sameDestination(a: ConnectionDocument, b: ConnectionDocument): boolean {
  const destination = ({ address, login, tls, protocol }: ConnectionDocument) =>
    JSON.stringify([protocol, address, login.user, ...tlsOf(tls)])
  return destination(a) === destination(b)
}

function tlsOf(tls: ConnectionDocument['tls']): unknown[] {
  return typeof tls === 'string' ? [tls] : [tls.mode, tls.ca ?? null, tls.serverName ?? null]
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem)
    return true
  } catch {
    return false
  }
}

function invalid(connection: ConnectionDocument, message: string, hint: string): HoopError {
  return new HoopError('invalid_document', `Connection/${connection.name}: ${message}`, { hint })
}
