import { type ConnectionOf, HoopError } from '@hoop/contracts'
import type { Header, HttpUpstream } from '@hoop/protocols'
import type { CredentialCache } from './credential-cache.ts'
import { eksToken } from './credentials-eks.ts'
import { googleToken } from './credentials-google.ts'
import { clientCredentialsToken } from './credentials-oauth.ts'
import type { Secrets } from './secrets.ts'

type Credentials = HttpUpstream['credentials']

/** Headers by which a service knows the gateway. */
export function httpCredentials({ name, login }: ConnectionOf<'http'>, secrets: Secrets, cache: CredentialCache): Credentials {
  const { basic, oauth, headers: own } = login
  // One way only: a bearer token may still be in the store from before the document had another.
  const shown = async (refused: string | null): Promise<string | null> => {
    if (oauth !== undefined) {
      const client = { ...oauth, clientSecret: await needed(secrets, 'login.oauth.clientSecret', name) }
      return `Bearer ${await cache.token(name, ['oauth', client], () => clientCredentialsToken(client), refused)}`
    }
    if (basic !== undefined) {
      const pair = `${basic.user}:${(await secrets.read('login.basic.password')) ?? ''}`
      return `Basic ${Buffer.from(pair).toString('base64')}`
    }
    const bearer = await secrets.read('login.bearer')
    return bearer === null ? null : `Bearer ${bearer}`
  }
  return async (refused) => {
    const headers: Header[] = []
    const authorization = await shown(tokenOf(refused))
    if (authorization !== null) headers.push(['authorization', authorization])
    for (const { name: header } of own) {
      const value = await secrets.read(`login.headers.${header.toLowerCase()}`)
      if (value !== null) headers.push([header.toLowerCase(), value])
    }
    return headers
  }
}

/** The token by which a cluster knows the gateway, where it is not known by its certificate. */
export function kubernetesCredentials(
  { name, login }: ConnectionOf<'kubernetes'>,
  secrets: Secrets,
  cache: CredentialCache,
): Credentials {
  const { google, eks } = login
  const read = async (refused: string | null): Promise<string | null> => {
    if (google !== undefined) {
      const key = await secrets.read('login.google.credentials')
      return await cache.token(name, ['google', key], () => googleToken(key), refused)
    }
    if (eks === undefined) return await secrets.read('login.token')
    const account = {
      ...eks,
      secretAccessKey: await needed(secrets, 'login.eks.secretAccessKey', name),
      sessionToken: await secrets.read('login.eks.sessionToken'),
    }
    return await cache.token(name, ['eks', account], () => eksToken(account), refused)
  }
  return async (refused) => {
    const token = await read(tokenOf(refused))
    return token === null ? [] : [['authorization', `Bearer ${token}`]]
  }
}

/** The bearer token that was shown; null: none. */
function tokenOf(headers: readonly Header[] = []): string | null {
  const shown = headers.find(([name]) => name === 'authorization')?.[1]
  return shown?.startsWith('Bearer ') ? shown.slice('Bearer '.length) : null
}

async function needed(secrets: Secrets, field: string, connection: string): Promise<string> {
  const value = await secrets.read(field)
  if (value !== null) return value
  throw new HoopError('connection_unavailable', `The connection ${connection} has no ${field}.`, {
    hint: 'An admin gives it in the document of the connection.',
  })
}
