import { BecomeAdminRequest, BecomeAdminResponse } from '@hoop/contracts'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

const triesPerMinute = 120

export function firstAdminRoute(app: Api, { firstAdmin }: ApiParts): void {
  app.route({
    method: 'POST',
    url: '/v1/first-admin',
    config: { rateLimit: { max: triesPerMinute, timeWindow: '1 minute' } },
    schema: { body: BecomeAdminRequest, response: { 200: BecomeAdminResponse } },
    handler: async (request) => ({ role: await firstAdmin.become(callerOf(request), request.body.token) }),
  })
}
