import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type ConnectionDocument, HoopError } from '@hoop/contracts'
import type { BackendTls, Upstream } from '@hoop/protocols'
import type { Cipher } from '../secrets/cipher.ts'
import type { References } from '../secrets/references.ts'
import type { Connections } from '../sessions/types.ts'
import type { Store } from '../store/database.ts'
import { readSecret } from '../store/secrets.ts'
import { isLoopbackAddress, splitAddress } from './address.ts'

/** The field of a connection's secrets that holds the password of its login. */
export const passwordField = 'login.password'

/** Registered connections; `find` answers from the documents in force. */
export function registeredConnections(parts: {
  find: (name: string) => ConnectionDocument | null
  store: Store
  cipher: Cipher
  references: References
}): Connections {
  const password = async ({ name, login }: ConnectionDocument): Promise<string> => {
    if (typeof login.password === 'object') return await parts.references.resolve(login.password, name)
    const place = { connection: name, field: passwordField }
    const sealed = await parts.store.run((db) => readSecret(db, place.connection, place.field))
    if (sealed === null) {
      throw new HoopError('connection_unavailable', `${name} has no password.`, { hint: 'An admin can apply it again with one.' })
    }
    return parts.cipher.open(place, sealed)
  }
  return {
    get: parts.find,
    async upstream(name) {
      const connection = parts.find(name)
      if (connection === null) throw new HoopError('connection_unavailable', `There is no connection ${name} any more.`)
      const { host, port } = splitAddress(connection.address)
      const tls = backendTls(connection.tls, host)
      const upstream: Upstream = {
        host: tls === null ? await loopbackAddress(host) : host,
        port,
        user: connection.login.user,
        password: await password(connection),
        tls,
        databases: connection.databases,
      }
      return upstream
    },
  }
}

function backendTls(tls: ConnectionDocument['tls'], host: string): BackendTls | null {
  if (tls === 'disable') return null
  if (tls === 'verify-full') return { serverName: host, ca: null }
  return { serverName: tls.serverName ?? host, ca: tls.ca ?? null }
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
