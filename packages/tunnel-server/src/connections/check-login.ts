import type { ConnectionDocument, ConnectionOf } from '@hoop/contracts'
import { isLoopbackHost } from './address.ts'
import { isKeyFile } from './credentials-google.ts'

/** What is wrong with a document, and what to do about it. */
export interface Mistake {
  readonly message: string
  readonly hint: string
}

/** What the gateway or Node writes itself, and what makes another request of a request. */
const ownHeaders: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'accept-encoding',
  'te',
  'trailer',
  'upgrade',
  'http2-settings',
  'expect',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
])

/** What contradicts itself in the ways in which the gateway shows who it is; certificates are looked at elsewhere. */
export function credentialMistake(connection: ConnectionDocument): Mistake | null {
  if (connection.protocol === 'http') return httpMistake(connection)
  return connection.protocol === 'kubernetes' ? kubernetesMistake(connection) : null
}

function httpMistake({ login, basePath }: ConnectionOf<'http'>): Mistake | null {
  const { bearer, basic, oauth, headers } = login
  const ways = [
    ...(isGiven(bearer) ? ['bearer'] : []),
    ...(basic === undefined ? [] : ['basic']),
    ...(oauth === undefined ? [] : ['oauth']),
    ...(headers.some(({ name }) => name.toLowerCase() === 'authorization') ? ['a header Authorization'] : []),
  ]
  return (
    oneWay(ways) ??
    headerMistake(headers) ??
    secretMistake('login.bearer', bearer) ??
    (basic?.user.includes(':')
      ? { message: 'login.basic.user has a colon in it.', hint: 'RFC 7617 has no way to write it.' }
      : null) ??
    (oauth === undefined ? null : tokenUrlMistake(oauth.tokenUrl)) ??
    (basePath?.split('/').some((part) => part === '.' || part === '..')
      ? { message: `basePath: ${basePath} has . or .. in it.`, hint: 'Write the path that it comes to.' }
      : null)
  )
}

function kubernetesMistake({ login }: ConnectionOf<'kubernetes'>): Mistake | null {
  const { token, google, eks } = login
  const ways = [
    ...(isGiven(token) ? ['token'] : []),
    ...(google === undefined ? [] : ['google']),
    ...(eks === undefined ? [] : ['eks']),
  ]
  const key = google?.credentials
  return (
    oneWay(ways) ??
    secretMistake('login.token', token) ??
    (typeof key === 'string' && !isKeyFile(key)
      ? {
          message: 'login.google.credentials is not the key file of a service account.',
          hint: 'It is the JSON that Google Cloud makes for a key; without it the account of the machine is used.',
        }
      : null)
  )
}

function isGiven(secret: unknown): boolean {
  return secret !== undefined && secret !== null
}

function oneWay(ways: readonly string[]): Mistake | null {
  if (ways.length < 2) return null
  return { message: `login has ${ways.join(' and ')}, and a request shows one of them.`, hint: 'Leave out all but one.' }
}

function headerMistake(headers: ConnectionOf<'http'>['login']['headers']): Mistake | null {
  const seen = new Set<string>()
  for (const { name, value } of headers) {
    const lower = name.toLowerCase()
    if (ownHeaders.has(lower) || lower.startsWith('sec-websocket-'))
      return { message: `login.headers: ${name} is the gateway's own to write.`, hint: 'Leave it out.' }
    if (seen.has(lower)) return { message: `login.headers: ${name} is there twice.`, hint: 'Give each header once.' }
    seen.add(lower)
    const mistake = secretMistake(`login.headers: ${name}`, value)
    if (mistake !== null) return mistake
  }
  return null
}

/** What cannot stand in a header. The words do not quote it. */
function secretMistake(field: string, secret: unknown): Mistake | null {
  if (typeof secret !== 'string' || /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(secret)) return null
  return { message: `${field} has characters that no header has.`, hint: 'Perhaps there is a line break at its end.' }
}

function tokenUrlMistake(tokenUrl: string): Mistake | null {
  const { protocol, hostname, username, password, hash } = new URL(tokenUrl)
  if (username !== '' || password !== '' || hash !== '')
    return {
      message: 'login.oauth.tokenUrl has a name, a password or a fragment in it.',
      hint: 'Give clientId and clientSecret.',
    }
  if (protocol === 'https:' || isLoopbackHost(hostname.replace(/^\[|\]$/g, ''))) return null
  return {
    message: `login.oauth.tokenUrl sends the secret to ${hostname} in plain text.`,
    hint: 'Use https; http is for this machine only.',
  }
}
