import { DocumentName, ServiceAccountKey, ServiceAccountList } from '@hoop/contracts'
import { z } from 'zod'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

const ByName = z.object({ name: DocumentName })
const ByKey = z.object({ name: DocumentName, id: z.string().max(100) })

export function serviceAccountRoutes(app: Api, { access, serviceAccounts }: ApiParts): void {
  app.route({
    method: 'GET',
    url: '/v1/service-accounts',
    schema: { response: { 200: ServiceAccountList } },
    handler: async (request) => {
      access.authorise(callerOf(request), { kind: 'service-account.read' })
      return { accounts: await serviceAccounts.list() }
    },
  })
  app.route({
    method: 'POST',
    url: '/v1/service-accounts/:name/keys',
    schema: { params: ByName, response: { 200: ServiceAccountKey } },
    handler: async (request) => {
      const caller = callerOf(request)
      access.authorise(caller, { kind: 'service-account.write' })
      return await serviceAccounts.createKey(caller.identity, request.params.name)
    },
  })
  app.route({
    method: 'DELETE',
    url: '/v1/service-accounts/:name/keys/:id',
    schema: { params: ByKey, response: { 204: z.undefined() } },
    handler: async (request, reply) => {
      const caller = callerOf(request)
      access.authorise(caller, { kind: 'service-account.write' })
      await serviceAccounts.revokeKey(caller.identity, request.params.name, request.params.id)
      return reply.code(204).send()
    },
  })
}
