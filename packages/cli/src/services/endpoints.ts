import type { ConnectionSummary, ScramVerifier } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import { facts as postgres } from '@hoop/protocols/postgres/facts'
import { localSecret, scramVerifier } from '../credentials/local-secret.ts'
import type { Listener } from '../local/listener.ts'
import type { Device } from './device.ts'

/** Who a program is at the local port; the account behind it is the gateway's business. */
const localUser = 'hoop'

export interface Endpoint {
  readonly connection: string
  readonly protocol: string
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string
  /** Path of the authority to trust; null where there is no TLS at the local port. */
  readonly rootCertificate: string | null
}

const protocols = { postgres } as const

/** What a program needs to reach the connection where we listen for it. */
export function endpointOf(
  connection: ConnectionSummary,
  { host, port }: Pick<Listener, 'host' | 'port'>,
  { password, rootCertificate }: Pick<Endpoint, 'password' | 'rootCertificate'>,
): Endpoint {
  const { name, protocol, databases } = connection
  return {
    connection: name,
    protocol,
    // by name: older clients look for an address among the names of a certificate in vain
    host: rootCertificate === null ? host : 'localhost',
    port,
    database: databases[0] ?? localUser,
    user: localUser,
    password,
    rootCertificate,
  }
}

export function connectionString(endpoint: Endpoint, showPassword: boolean): string {
  return factsOf(endpoint.protocol).connectionString(endpoint, { showPassword })
}

/** What a program may be answered without the gateway, by what it sent first; null: nothing. */
export function answerAtOnce(protocol: string, first: Uint8Array, tls: boolean): Uint8Array | null {
  return factsOf(protocol).answerAtOnce(first, tls)
}

/** What the programs of this protocol read; undefined: what must not be there. */
export function environmentOf(endpoint: Endpoint): Record<string, string | undefined> {
  return factsOf(endpoint.protocol).environment(endpoint)
}

function factsOf(protocol: string): (typeof protocols)[keyof typeof protocols] {
  if (Object.hasOwn(protocols, protocol)) return protocols[protocol as keyof typeof protocols]
  throw new HoopError('invalid_request', `this hoop does not know the protocol ${protocol}`, { hint: 'a newer version may' })
}

/** The password of a connection's local port, and what the gateway is told of it. */
export interface LocalPassword {
  readonly secret: string
  readonly verifier: ScramVerifier
}
export async function localPassword(device: Device, connection: string, rotate: boolean): Promise<LocalPassword> {
  const secret = await localSecret({ ...device, connection, rotate })
  return { secret, verifier: await scramVerifier(secret) }
}
