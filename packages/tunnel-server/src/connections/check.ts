import { type ConnectionDocument, HoopError, seconds, withoutConnectionSecrets } from '@hoop/contracts'
import { addressesOf, isLoopbackHost, isSocketFolder, socketPath } from './address.ts'
import { certificatesOf, keyMistake } from './certificates.ts'
import { credentialMistake, type Mistake } from './check-login.ts'

/** What the kernel allows for the path of a Unix socket (sun_path without its NUL). */
const maxSocketPath = 107
/** Seconds that all hosts of a connection have together: less than a caller may take to log in. */
const maxConnectTimeout = 12

/** What the schema of a connection cannot say. @throws HoopError `invalid_document` */
export function checkConnection(connection: ConnectionDocument): void {
  const mistake =
    addressMistake(connection) ?? tlsMistake(connection) ?? certificateMistake(connection) ?? credentialMistake(connection)
  if (mistake === null) return
  throw new HoopError('invalid_document', `Connection/${connection.name}: ${mistake.message}`, { hint: mistake.hint })
}

function addressMistake(connection: ConnectionDocument): Mistake | null {
  const seen = new Set<string>()
  for (const address of addressesOf(connection)) {
    const { host, port } = address
    if (port < 1 || port > 65_535) return { message: `${port} is not a port.`, hint: 'Ports are 1 to 65535.' }
    if (isSocketFolder(host) && Buffer.byteLength(socketPath(address)) > maxSocketPath)
      return { message: `the path of the socket in ${host} is too long.`, hint: `It may have ${maxSocketPath} bytes.` }
    const name = JSON.stringify([host, port])
    if (seen.has(name)) return { message: `${host} with port ${port} is there twice.`, hint: 'Name each host once.' }
    seen.add(name)
  }
  const { connectTimeout } = connection
  if (connectTimeout !== undefined && seconds(connectTimeout) > maxConnectTimeout)
    return {
      message: `connectTimeout: ${connectTimeout} is more than a caller waits for its login.`,
      hint: `It is at most ${maxConnectTimeout}s, and several hosts share that.`,
    }
  return null
}

function tlsMistake(connection: ConnectionDocument): Mistake | null {
  const { tls } = connection
  const addresses = addressesOf(connection)
  if (tls === 'disable') {
    const { agent } = connection
    if (agent !== undefined && addresses.some(({ host }) => host === 'localhost'))
      return { message: 'tls: disable through an agent needs an address, not localhost.', hint: 'Write 127.0.0.1 or [::1].' }
    const elsewhere = addresses.find(({ host }) => !isSocketFolder(host) && !isLoopbackHost(host))
    if (elsewhere === undefined) return null
    return {
      message: `tls: disable is for backends on ${agent === undefined ? 'this machine' : "the agent's machine"} only, and ${elsewhere.host} is not.`,
      hint: 'Leave tls out, or give the certificate of its authority: tls: { mode: verify-full, ca: PEM }',
    }
  }
  if (tls === 'verify-full') return null
  if (addresses.every(({ host }) => isSocketFolder(host)))
    return { message: 'tls says how TCP is encrypted, and a Unix socket has no TLS.', hint: 'Leave tls out.' }
  if (tls.ca !== undefined && certificatesOf(tls.ca) === null)
    return { message: 'tls.ca is not a certificate.', hint: 'It must be PEM, as in: -----BEGIN CERTIFICATE----- …' }
  return null
}

function certificateMistake(connection: ConnectionDocument): Mistake | null {
  const { certificate, key } = connection.login
  if (certificate === undefined) {
    if (key === undefined) return null
    return { message: 'login.key has no login.certificate beside it.', hint: 'Give the certificate that it belongs to, as PEM.' }
  }
  if (connection.tls === 'disable' || addressesOf(connection).every(({ host }) => isSocketFolder(host)))
    return { message: 'login.certificate is shown in TLS, and this connection has none.', hint: 'Leave it out, or turn TLS on.' }
  if (certificatesOf(certificate) === null)
    return {
      message: 'login.certificate is not a certificate.',
      hint: "It must be PEM, the gateway's own first, then those of the authorities between.",
    }
  const wrong = typeof key === 'string' ? keyMistake(certificate, key) : null
  return wrong === null ? null : { message: `login.key ${wrong}.`, hint: 'It must be the PEM of an unencrypted private key.' }
}

/**
 * Whether a changed connection leads nowhere but where the old one did. Where a stored secret may go must not change without it: who may
 * edit a connection could otherwise have it sent to a server of their own.
 */
export function sameDestination(old: ConnectionDocument, changed: ConnectionDocument): boolean {
  const known = new Set(addressesOf(old).map((address) => JSON.stringify(address)))
  const trust = (connection: ConnectionDocument) =>
    JSON.stringify([connection.protocol, connection.agent ?? null, accountOf(connection), ...tlsOf(connection.tls)])
  return trust(old) === trust(changed) && addressesOf(changed).every((address) => known.has(JSON.stringify(address)))
}

/** As whom the gateway comes, and where else a secret goes: to an issuer of tokens. */
function accountOf(connection: ConnectionDocument): unknown {
  if (connection.protocol === 'postgres') return connection.login.user
  const { certificate: _, ...login } = withoutConnectionSecrets(connection, () => true).login
  return [login, 'host' in connection ? connection.host : null]
}

/** What decides which server is believed; how TLS begins does not. */
function tlsOf(tls: ConnectionDocument['tls']): unknown[] {
  return typeof tls === 'string' ? [tls, null, null] : [tls.mode, tls.ca ?? null, tls.serverName ?? null]
}
