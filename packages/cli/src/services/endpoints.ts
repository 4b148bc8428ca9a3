import { join } from 'node:path'
import type { ConnectionSummary, ScramVerifier } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import { facts as http } from '@hoop/protocols/http/facts'
import { facts as kubernetes } from '@hoop/protocols/kubernetes/facts'
import type { LocalEndpoint, ProtocolFacts } from '@hoop/protocols/local-endpoint'
import { facts as postgres } from '@hoop/protocols/postgres/facts'
import { localSecret, scramVerifier } from '../credentials/local-secret.ts'
import type { Listener } from '../local/listener.ts'
import { writeFileAtomically } from '../state/folder.ts'
import type { Device } from './device.ts'

/** Who a program is at the local port; the account behind it is the gateway's business. */
const localUser = 'hoop'

export interface Endpoint extends LocalEndpoint {
  readonly protocol: string
}

const protocols: Readonly<Record<string, ProtocolFacts>> = { postgres, http, kubernetes }

/** What a program needs to reach the connection where we listen for it. */
export async function endpointOf(
  connection: ConnectionSummary,
  { host, port }: Pick<Listener, 'host' | 'port'>,
  { password, rootCertificate }: Pick<Endpoint, 'password' | 'rootCertificate'>,
  /** Where files for programs are kept. */
  folder: string,
): Promise<Endpoint> {
  const { name, protocol, databases } = connection
  const endpoint: Endpoint = {
    connection: name,
    protocol,
    // by name: older clients look for an address among the names of a certificate in vain
    host: rootCertificate === null ? host : 'localhost',
    port,
    database: databases[0] ?? localUser,
    user: localUser,
    password,
    rootCertificate,
    configuration: null,
  }
  const file = factsOf(protocol).configuration?.(endpoint)
  if (file === undefined) return endpoint
  const path = join(folder, file.fileName)
  await writeFileAtomically(path, file.text)
  return { ...endpoint, configuration: path }
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

function factsOf(protocol: string): ProtocolFacts {
  const facts = Object.hasOwn(protocols, protocol) ? protocols[protocol] : undefined
  if (facts !== undefined) return facts
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
