import { HoopError } from '@hoop/contracts'
import type { FastifyRequest } from 'fastify'
import type { Caller } from '../identity/access-tokens.ts'
import type { Api, ApiParts } from './server.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a login; every other route needs one. */
    public?: true
  }
  interface FastifyRequest {
    caller: Caller | null
  }
}

/** Asks for an access token before the body is read, on each route that is not marked as public. */
export function authenticate(app: Api, { logins, strangers }: Pick<ApiParts, 'logins' | 'strangers'>): void {
  app.decorateRequest('caller', null)
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.public || request.is404) return
    request.caller = await logins.verifyAccessToken(bearerToken(request))
    strangers.known(request.raw.socket)
  })
}

/** Who asks. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw notLoggedIn()
  return request.caller
}

function bearerToken(request: FastifyRequest): string {
  const [, token] = /^Bearer ([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? '') ?? []
  if (token === undefined) throw notLoggedIn()
  return token
}

function notLoggedIn(): HoopError {
  return new HoopError('invalid_token', 'This needs a login.', { hint: 'Run: hoop login' })
}
