import { HoopError, LogoutRequest, TokenRequest, TokenResponse } from '@hoop/contracts'
import { z } from 'zod'
import type { Api, ApiParts } from './server.ts'

const triesPerMinute = 120

/** Login, renewal and logout: the token in the body is the proof, and what is given for it is bound to the key of the device. */
export function tokenRoutes(app: Api, { logins, authenticator }: ApiParts): void {
  const limited = { public: true as const, rateLimit: { max: triesPerMinute, timeWindow: '1 minute' } }
  app.route({
    method: 'POST',
    url: '/v1/token',
    config: limited,
    schema: { body: TokenRequest, response: { 200: TokenResponse } },
    handler: async ({ body, raw }) => {
      const device = await authenticator.proofOf(raw, null)
      if (body.grant_type === 'refresh_token') return await logins.refresh(body.refresh_token, device)
      if (device === null) throw unproven()
      return await logins.exchange(body.subject_token, device)
    },
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

function unproven(): HoopError {
  return new HoopError('invalid_proof', 'A login is bound to the key of a device, and no proof of one came with the request.', {
    hint: 'Send a DPoP proof (RFC 9449), as hoop login does.',
  })
}
