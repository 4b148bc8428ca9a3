import { CreateDelegationRequest, Delegation } from '@hoop/contracts'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

export function delegationRoutes(app: Api, { delegations }: ApiParts): void {
  app.route({
    method: 'POST',
    url: '/v1/delegations',
    schema: { body: CreateDelegationRequest, response: { 200: Delegation } },
    handler: async (request) => await delegations.create(callerOf(request), request.body),
  })
}
