import { LogoutRequest, TokenRequest, TokenResponse } from '@hoop/contracts'
import { z } from 'zod'
import type { Api, ApiParts } from './server.ts'

const triesPerMinute = 120

/** Login, renewal and logout: the token in the body is the proof. */
export function tokenRoutes(app: Api, { logins }: ApiParts): void {
  const limited = { public: true as const, rateLimit: { max: triesPerMinute, timeWindow: '1 minute' } }
  app.route({
    method: 'POST',
    url: '/v1/token',
    config: limited,
    schema: { body: TokenRequest, response: { 200: TokenResponse } },
    handler: async ({ body }) =>
      body.grant_type === 'refresh_token' ? await logins.refresh(body.refresh_token) : await logins.exchange(body.subject_token),
  })
  app.route({
    method: 'POST',
    url: '/v1/logout',
    config: limited,
    schema: { body: LogoutRequest, response: { 204: z.undefined() } },
    handler: async ({ body }, reply) => {
      await logins.logout(body.refresh_token)
      return reply.code(204).send()
    },
  })
}
