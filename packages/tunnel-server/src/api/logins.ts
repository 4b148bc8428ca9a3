import { EndLoginsRequest, EndLoginsResponse, HoopError, LoginList } from '@hoop/contracts'
import { z } from 'zod'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

const Query = z.strictObject({ of: z.string().min(1).max(2000).optional() })
const ById = z.object({ id: z.string().max(100) })

export function loginRoutes(app: Api, { access, runningLogins }: ApiParts): void {
  app.route({
    method: 'GET',
    url: '/v1/logins',
    schema: { querystring: Query, response: { 200: LoginList } },
    handler: async (request) => {
      const caller = callerOf(request)
      const of = request.query.of ?? caller.identity.id
      access.authorise(caller, { kind: 'login.list', of })
      return { logins: await runningLogins.list(of, caller.login) }
    },
  })
  app.route({
    method: 'POST',
    url: '/v1/logins/end',
    schema: { body: EndLoginsRequest, response: { 200: EndLoginsResponse } },
    handler: async (request) => {
      const caller = callerOf(request)
      const of = request.body.of ?? caller.identity.id
      access.authorise(caller, { kind: 'login.end-all', of })
      return { ended: await runningLogins.endAll(caller.identity, of) }
    },
  })
  app.route({
    method: 'POST',
    url: '/v1/logins/:id/end',
    schema: { params: ById, response: { 204: z.undefined() } },
    handler: async (request, reply) => {
      const caller = callerOf(request)
      const login = await runningLogins.find(request.params.id)
      access.authorise(caller, { kind: 'login.end', of: login?.identity ?? null })
      if (login === null) throw new HoopError('not_found', 'There is no such login that runs.', { hint: 'hoop logins' })
      await runningLogins.end(caller.identity, login)
      return reply.code(204).send()
    },
  })
}
