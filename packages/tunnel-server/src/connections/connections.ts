import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type ConnectionDocument, type ConnectionOf, HoopError, type ProtocolName, seconds } from '@hoop/contracts'
import type { BackendHost, BackendTls, ClientCertificate, Upstream, Upstreams } from '@hoop/protocols'
import type { Cipher } from '../secrets/cipher.ts'
import type { References } from '../secrets/references.ts'
import type { Connections } from '../sessions/types.ts'
import type { Store } from '../store/database.ts'
import { type Address, addressesOf, isLoopbackAddress, isSocketFolder } from './address.ts'
import { keyMistake } from './certificates.ts'
import { CredentialCache } from './credential-cache.ts'
import { httpCredentials, kubernetesCredentials } from './credentials.ts'
import { Secrets } from './secrets.ts'

const defaultConnectTimeout = '10s'

/** Makes what it takes to reach the backend of one protocol. */
type MakeUpstream<P extends ProtocolName> = (
  connection: ConnectionOf<P>,
  secrets: Secrets,
  cache: CredentialCache,
) => Promise<Upstreams[P]>
const makers: { readonly [P in ProtocolName]: MakeUpstream<P> } = {
  postgres: async (connection, secrets) => ({
    ...(await transport(connection, secrets)),
    loadBalance: connection.loadBalance ?? 'disable',
    targetSessionAttrs: connection.targetSessionAttrs ?? 'any',
    user: connection.login.user,
    password: await secrets.read('login.password'),
    databases: connection.databases,
  }),
  http: async (connection, secrets, cache) => ({
    ...(await transport(connection, secrets)),
    authority: connection.host ?? authorityOf(connection),
    basePath: connection.basePath ?? '',
    credentials: httpCredentials(connection, secrets, cache),
    operations: connection.operations,
    onlyListed: connection.onlyListed,
  }),
  kubernetes: async (connection, secrets, cache) => ({
    ...(await transport(connection, secrets)),
    authority: authorityOf(connection),
    credentials: kubernetesCredentials(connection, secrets, cache),
    impersonate: connection.impersonate === false ? null : connection.impersonate,
  }),
}

/** Registered connections; `find` answers from the documents in force. */
export function registeredConnections(parts: {
  find: (name: string) => ConnectionDocument | null
  store: Store
  cipher: Cipher
  references: References
}): Connections {
  const cache = new CredentialCache()
  return {
    get: parts.find,
    async upstream(name, protocol) {
      const connection = parts.find(name)
      if (connection === null || !isOf(connection, protocol))
        throw new HoopError('connection_unavailable', `There is no connection ${name} any more.`)
      return await makers[protocol](connection, new Secrets(connection, parts), cache)
    },
  }
}

function isOf<P extends ProtocolName>(connection: ConnectionDocument, protocol: P): connection is ConnectionOf<P> {
  return connection.protocol === protocol
}

async function transport(connection: ConnectionDocument, secrets: Secrets): Promise<Upstream> {
  return {
    hosts: await Promise.all(addressesOf(connection).map((address) => backendHost(address, connection))),
    connectTimeout: seconds(connection.connectTimeout ?? defaultConnectTimeout) * 1000,
    certificate: await clientCertificate(connection, secrets),
  }
}

async function clientCertificate({ name, login }: ConnectionDocument, secrets: Secrets): Promise<ClientCertificate | null> {
  if (login.certificate === undefined) return null
  const key = await secrets.read('login.key')
  const mistake = key === null ? 'is missing' : keyMistake(login.certificate, key)
  if (key !== null && mistake === null) return { certificate: login.certificate, key }
  throw new HoopError('connection_unavailable', `The private key of ${name} ${mistake}.`, {
    hint: 'An admin corrects login.key of the connection.',
  })
}

/** What a service at the first address is called, by default: without the port that its scheme has anyway. */
function authorityOf(connection: ConnectionOf<'http' | 'kubernetes'>): string {
  const [first] = addressesOf(connection)
  if (first === undefined || isSocketFolder(first.host)) return 'localhost'
  const host = isIP(first.host) === 6 ? `[${first.host}]` : first.host
  const usual = connection.tls === 'disable' ? 80 : 443
  return first.port === usual ? host : `${host}:${first.port}`
}

async function backendHost(address: Address, { tls, agent }: ConnectionDocument): Promise<BackendHost> {
  const { host, port } = address
  if (isSocketFolder(host)) return { host, port, tls: null }
  const checked = backendTls(tls, host)
  // Loopback is the agent's, by its address.
  if (agent !== undefined) return { host, port, tls: checked }
  return { host: checked === null ? await loopbackAddress(host) : host, port, tls: checked }
}

function backendTls(tls: ConnectionDocument['tls'], host: string): BackendTls | null {
  if (tls === 'disable') return null
  if (tls === 'verify-full') return { serverName: host, ca: null, negotiation: 'postgres' }
  return {
    serverName: tls.serverName ?? host,
    ca: tls.ca ?? null,
    negotiation: ('negotiation' in tls && tls.negotiation) || 'postgres',
  }
}

/** The address that is dialled in plain text: looked up here, so that it is the one that was checked. */
async function loopbackAddress(host: string): Promise<string> {
  const addresses = isIP(host) === 0 ? (await lookup(host, { all: true })).map(({ address }) => address) : [host]
  const [first] = addresses
  if (first !== undefined && addresses.every(isLoopbackAddress)) return first
  throw new HoopError('connection_unavailable', `${host} is not this machine, and plain connections go nowhere else.`, {
    hint: 'Use tls: verify-full.',
  })
}
