import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'

export const clientId = 'hoop-cli'

/** What the provider knows of a person now. */
export interface Account {
  readonly groups: unknown
  readonly claims?: Record<string, unknown>
}

/** An OpenID Connect provider as far as the gateway sees one: discovery, keys, ID tokens, and refresh tokens that work once. */
export interface Issuer {
  readonly url: string
  /** A valid ID token of this person, but for what the claims say otherwise. */
  idToken(person: { sub: string; groups?: unknown; claims?: Record<string, unknown> }): Promise<string>
  /** Signs with a new key from now on; the old one is published no more. */
  rotate(): Promise<void>
  /** Signs with a key that was never published, under the name of the one that is. */
  forge(person: { sub: string; groups: string[] }): Promise<string>
  /** Any token, signed as its ID tokens are. */
  sign(claims: Record<string, unknown>): Promise<string>
  /** A refresh token of this person; whoever uses one twice loses all of them. */
  refreshToken(sub: string): string
  /** What refreshes answer from now on; null: there is no such account any more. */
  setAccount(sub: string, account: Account | null): void
  /** The status with which the token endpoint fails from now on; null: it works. */
  failWith(status: number | null): void
  /** How often the token endpoint was asked; about one person, if one is named. */
  asked(sub?: string): number
  close(): Promise<void>
}

export async function startIssuer(): Promise<Issuer> {
  let count = 0
  let signing: { privateKey: CryptoKey; jwk: JWK } = await makeKey(count)
  const accounts = new Map<string, Account | null>()
  const grants = new Map<string, string>()
  let failure: number | null = null
  const asked: (string | undefined)[] = []
  const newGrant = (sub: string) => {
    const token = randomUUID()
    grants.set(token, sub)
    return token
  }
  const refresh = async (form: URLSearchParams): Promise<[number, object]> => {
    const used = form.get('refresh_token') ?? ''
    const sub = grants.get(used)
    asked.push(sub)
    if (failure !== null) return [failure, { error: 'server_error' }]
    const account = sub === undefined ? null : (accounts.get(sub) ?? (accounts.has(sub) ? null : { groups: [] }))
    grants.delete(used)
    if (sub === undefined || account === null) return [400, { error: 'invalid_grant' }]
    const id_token = await sign(signing.privateKey, { ...usual(sub), groups: account.groups, ...account.claims })
    return [
      200,
      { access_token: `access-${sub}-${'x'.repeat(3000)}`, token_type: 'Bearer', id_token, refresh_token: newGrant(sub) },
    ]
  }
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.url === '/token') {
      const [status, answer] = await refresh(new URLSearchParams(await text(request)))
      response.writeHead(status).end(JSON.stringify(answer))
      return
    }
    const metadata = { issuer: url, jwks_uri: `${url}/keys`, authorization_endpoint: url, token_endpoint: `${url}/token` }
    response.end(JSON.stringify(request.url === '/keys' ? { keys: [signing.jwk] } : metadata))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const sign = async (key: CryptoKey, claims: Record<string, unknown>) =>
    await new SignJWT(claims as JWTPayload).setProtectedHeader({ alg: 'ES256', kid: signing.jwk.kid ?? '' }).sign(key)
  const usual = (sub: string) => {
    const now = Math.floor(Date.now() / 1000)
    return { iss: url, aud: clientId, sub, iat: now, exp: now + 300, name: `${sub[0]?.toUpperCase()}${sub.slice(1)}` }
  }
  return {
    url,
    idToken: ({ sub, groups = [], claims = {} }) => sign(signing.privateKey, { ...usual(sub), groups, ...claims }),
    rotate: async () => {
      signing = await makeKey(++count)
    },
    forge: async ({ sub, groups }) => sign((await makeKey(count)).privateKey, { ...usual(sub), groups }),
    sign: (claims) => sign(signing.privateKey, claims),
    refreshToken: newGrant,
    setAccount: (sub, account) => void accounts.set(sub, account),
    failWith: (status) => {
      failure = status
    },
    asked: (sub) => (sub === undefined ? asked.length : asked.filter((each) => each === sub).length),
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function makeKey(count: number): Promise<{ privateKey: CryptoKey; jwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: `key-${count}`, alg: 'ES256', use: 'sig' } }
}
