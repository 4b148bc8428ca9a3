import { HoopError } from '@hoop/contracts'
import type { FastifyRequest } from 'fastify'
import type { Caller } from '../identity/access-tokens.ts'
import type { Api, ApiParts } from './server.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a login; every other route needs one. */
    public?: true
    /** Reads what is worth stealing: its proof is used up at all gateways, as if it changed something. */
    guarded?: true
  }
  interface FastifyRequest {
    caller: Caller | null
  }
}

/** Asks for an access token and its proof before the body is read, on each route that is not marked as public. */
export function authenticate(app: Api, { authenticator, strangers }: Pick<ApiParts, 'authenticator' | 'strangers'>): void {
  app.decorateRequest('caller', null)
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.public || request.is404) return
    const { guarded } = request.routeOptions.config
    request.caller = await authenticator.authenticate(request.raw, guarded && 'everywhere')
    strangers.known(request.raw.socket)
  })
}

/** Who asks. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new HoopError('invalid_token', 'This needs a login.', { hint: 'Run: hoop login' })
  return request.caller
}
