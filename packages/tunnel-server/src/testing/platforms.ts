import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose'

/** A platform that gives its workloads tokens, as the gateway sees it: discovery and keys. */
export interface TokenPlatform {
  readonly issuer: string
  /** How often its keys were asked for. */
  asked(): number
  token(claims?: Record<string, unknown>, header?: Partial<JWTHeaderParameters>): Promise<string>
  /** Signs with another key from now on; the old one is published no more. */
  rotate(): Promise<void>
  close(): Promise<void>
}

/** What each says of a workload, as documented by it. */
export const usualClaims = {
  github: {
    sub: 'repo:acme/shop:ref:refs/heads/main',
    repository: 'acme/shop',
    repository_id: '74',
    repository_owner: 'acme',
    repository_owner_id: '65',
    ref: 'refs/heads/main',
    event_name: 'push',
    run_id: '16',
  },
  gitlab: {
    sub: 'project_path:acme/shop:ref_type:branch:ref:main',
    project_path: 'acme/shop',
    project_id: '22',
    ref: 'main',
    ref_protected: 'true',
    job_id: '302',
  },
  google: {
    sub: '113774264463038321964',
    azp: '113774264463038321964',
    email: 'deploy@acme.iam.gserviceaccount.com',
    email_verified: true,
  },
  kubernetes: {
    sub: 'system:serviceaccount:ci:deploy',
    'kubernetes.io': {
      namespace: 'ci',
      serviceaccount: { name: 'deploy', uid: '1b0e7a2c-5f33-4f0a-9a55-0d5d0c6f8a11' },
    },
  },
} as const
export type PlatformKind = keyof typeof usualClaims

export async function startPlatform(kind: PlatformKind, audience: string): Promise<TokenPlatform> {
  let count = 0
  let asked = 0
  let signing = await makeKey(count)
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.url === '/jwks') {
      asked++
      response.end(JSON.stringify({ keys: [signing.jwk] }))
    } else response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    issuer,
    asked: () => asked,
    async token(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1000)
      const usual = { iss: issuer, aud: audience, iat: now, nbf: now, exp: now + 300, jti: randomUUID() }
      return await new SignJWT({ ...usual, ...usualClaims[kind], ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: signing.kid, typ: 'JWT', ...header })
        .sign(signing.privateKey)
    },
    async rotate() {
      signing = await makeKey(++count)
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function makeKey(count: number): Promise<{ privateKey: CryptoKey; kid: string; jwk: object }> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const kid = `key-${count}`
  return { privateKey, kid, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } }
}
