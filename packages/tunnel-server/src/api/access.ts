import { AccessGrant, AccessGrantList, AccessRequest, DecideRequest } from '@hoop/contracts'
import { z } from 'zod'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

const ById = z.object({ id: z.string().max(100) })
const ListQuery = z.strictObject({ state: z.enum(['open', 'all']).default('open') })

export function accessRoutes(app: Api, { accessRequests }: ApiParts): void {
  app.route({
    method: 'POST',
    url: '/v1/access',
    schema: { body: AccessRequest, response: { 200: AccessGrant } },
    handler: async (request) => await accessRequests.request(callerOf(request), request.body),
  })
  app.route({
    method: 'GET',
    url: '/v1/access',
    schema: { querystring: ListQuery, response: { 200: AccessGrantList } },
    handler: async (request) => ({ grants: await accessRequests.list(callerOf(request), request.query.state) }),
  })
  for (const verdict of ['approve', 'deny'] as const) {
    app.route({
      method: 'POST',
      url: `/v1/access/:id/${verdict}`,
      schema: { params: ById, body: DecideRequest, response: { 200: AccessGrant } },
      handler: async (request) => await accessRequests.decide(callerOf(request), request.params.id, verdict, request.body.reason),
    })
  }
  app.route({
    method: 'POST',
    url: '/v1/access/:id/withdraw',
    schema: { params: ById, body: DecideRequest, response: { 200: AccessGrant } },
    handler: async (request) => await accessRequests.withdraw(callerOf(request), request.params.id, request.body.reason),
  })
}
