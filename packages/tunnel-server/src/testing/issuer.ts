import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'

export const clientId = 'hoop-cli'

/** An OpenID Connect provider as far as the gateway sees one: discovery, keys, and ID tokens. */
export interface Issuer {
  readonly url: string
  /** A valid ID token of this person, but for what the claims say otherwise. */
  idToken(person: { sub: string; groups?: unknown; claims?: Record<string, unknown> }): Promise<string>
  /** Signs with a new key from now on; the old one is published no more. */
  rotate(): Promise<void>
  /** Signs with a key that was never published, under the name of the one that is. */
  forge(person: { sub: string; groups: string[] }): Promise<string>
  close(): Promise<void>
}

export async function startIssuer(): Promise<Issuer> {
  let count = 0
  let signing: { privateKey: CryptoKey; jwk: JWK } = await makeKey(count)
  const server = createServer((request, response) => {
    const body =
      request.url === '/keys' ? { keys: [signing.jwk] } : { issuer: url, jwks_uri: `${url}/keys`, authorization_endpoint: url }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
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
