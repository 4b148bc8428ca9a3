import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Stoppable } from './keep.ts'

/** What stands for GitHub, Google or a cluster: an issuer of tokens for workloads, with all that a job asks there. */
export interface TokenPlatform extends Stoppable {
  readonly issuer: string
  token(claims: Record<string, unknown>): string
  /** What a job of GitHub Actions finds in its environment; its tokens say this. */
  githubJob(claims: Record<string, unknown>): Record<string, string>
}

/** @param tls the name that it has, and a certificate for that; without, it is on this machine and has none */
export async function startTokenPlatform(tls?: {
  readonly host: string
  readonly cert: string
  readonly key: string
}): Promise<TokenPlatform> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }
  const jobs = new Map<string, Record<string, unknown>>()
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token: TokenPlatform['token'] = (claims) => {
    const now = Math.floor(Date.now() / 1000)
    const usual = { iss: issuer, iat: now, nbf: now - 5, exp: now + 300, jti: randomUUID() }
    const signed = `${encoded({ alg: 'RS256', kid: 'one', typ: 'JWT' })}.${encoded({ ...usual, ...claims })}`
    return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
  }
  const answer: RequestListener = ({ url = '', headers }, response) => {
    const { pathname, searchParams } = new URL(url, issuer)
    const claims = jobs.get(headers.authorization ?? '')
    const answers: Record<string, unknown> = {
      '/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}/jwks` },
      '/jwks': { keys: [jwk] },
      '/job': claims && { value: token({ ...claims, aud: searchParams.get('audience') }) },
    }
    response.writeHead(answers[pathname] === undefined ? 404 : 200).end(JSON.stringify(answers[pathname]))
  }
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const issuer = tls === undefined ? `http://127.0.0.1:${port}` : `https://${tls.host}:${port}`
  return {
    issuer,
    token,
    githubJob(claims) {
      const secret = randomUUID()
      jobs.set(`Bearer ${secret}`, claims)
      return { ACTIONS_ID_TOKEN_REQUEST_URL: `${issuer}/job?api-version=2.0`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret }
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
