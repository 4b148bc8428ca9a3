import { join } from 'node:path'
import type { ConnectionSummary, OpenSessionResponse, ScramVerifier } from '@hoop/contracts'
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

interface EndpointParts {
  readonly listener: Pick<Listener, 'host' | 'port'>
  readonly password: string
  /** Where the authority of sessions that have one is kept. */
  readonly authority: string | null
  /** Where files for programs are kept. */
  readonly folder: string
}

/** What a program needs to reach the connection of a session where we listen for it. */
export async function endpointOf(session: OpenSessionResponse, parts: EndpointParts): Promise<Endpoint> {
  const { name, protocol, databases } = session.connection
  const { listener, password, folder } = parts
  const { host, port } = listener
  // each for itself: some protocols always have TLS
  const rootCertificate = session.local_authority === null ? null : parts.authority
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

/** Whether programs read a file to reach a connection of this protocol. */
export function hasConfiguration(protocol: string): boolean {
  return factsOf(protocol).configuration !== undefined
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

/** The file that stands for the port; throws where programs of the protocol cannot use one. */
export function socketName({ name, protocol }: Pick<ConnectionSummary, 'name' | 'protocol'>, port: number): string {
  const file = factsOf(protocol).socketName({ connection: name, port })
  if (file !== null) return file
  throw new HoopError('invalid_request', `${name} speaks ${protocol}, whose programs cannot use a Unix socket`, {
    hint: 'leave --socket and --socket-folder out: its port lets in programs of this user only',
  })
}

/** Throws unless the connection speaks PostgreSQL, which `what` is for. */
export function requirePostgres(
  { name, protocol }: Pick<ConnectionSummary, 'name' | 'protocol'>,
  what: string,
  hint: string,
): void {
  if (protocol === 'postgres') return
  throw new HoopError('invalid_request', `${name} speaks ${protocol}: ${what}`, { hint })
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
