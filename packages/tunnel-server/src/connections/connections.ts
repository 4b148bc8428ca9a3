import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type ConnectionDocument, HoopError, type Secret, seconds } from '@hoop/contracts'
import type { BackendHost, BackendTls, ClientCertificate, Upstream } from '@hoop/protocols'
import type { Cipher } from '../secrets/cipher.ts'
import type { References } from '../secrets/references.ts'
import type { Connections } from '../sessions/types.ts'
import type { Store } from '../store/database.ts'
import { readSecret } from '../store/secrets.ts'
import { type Address, addressesOf, isLoopbackAddress, isSocketFolder } from './address.ts'
import { keyMistake } from './certificates.ts'

/** The fields of a connection's secrets: the password of its login, and the private key of its certificate. */
export const passwordField = 'login.password'
export const keyField = 'login.key'

const defaultConnectTimeout = '10s'

/** Registered connections; `find` answers from the documents in force. */
export function registeredConnections(parts: {
  find: (name: string) => ConnectionDocument | null
  store: Store
  cipher: Cipher
  references: References
}): Connections {
  /** A secret that is given in plain stands in the store; null if there is none. */
  const secret = async (connection: string, field: string, given: Secret | null | undefined): Promise<string | null> => {
    if (given === null) return null
    if (typeof given === 'object') return await parts.references.resolve(given, connection, field)
    const sealed = await parts.store.run((db) => readSecret(db, connection, field))
    return sealed === null ? null : parts.cipher.open({ connection, field }, sealed)
  }
  const certificate = async ({ name, login }: ConnectionDocument): Promise<ClientCertificate | null> => {
    if (login.certificate === undefined) return null
    const key = await secret(name, keyField, login.key)
    const mistake = key === null ? 'is missing' : keyMistake(login.certificate, key)
    if (key !== null && mistake === null) return { certificate: login.certificate, key }
    throw new HoopError('connection_unavailable', `The private key of ${name} ${mistake}.`, {
      hint: 'An admin corrects login.key of the connection.',
    })
  }
  return {
    get: parts.find,
    async upstream(name) {
      const connection = parts.find(name)
      if (connection === null) throw new HoopError('connection_unavailable', `There is no connection ${name} any more.`)
      const { login, databases } = connection
      const upstream: Upstream = {
        hosts: await Promise.all(addressesOf(connection).map((address) => backendHost(address, connection))),
        loadBalance: connection.loadBalance ?? 'disable',
        targetSessionAttrs: connection.targetSessionAttrs ?? 'any',
        connectTimeout: seconds(connection.connectTimeout ?? defaultConnectTimeout) * 1000,
        user: login.user,
        password: await secret(name, passwordField, login.password),
        certificate: await certificate(connection),
        databases,
      }
      return upstream
    },
  }
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
  return { serverName: tls.serverName ?? host, ca: tls.ca ?? null, negotiation: tls.negotiation ?? 'postgres' }
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
