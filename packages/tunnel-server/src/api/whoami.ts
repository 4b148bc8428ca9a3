import { WhoAmI } from '@hoop/contracts'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

export function whoAmIRoute(app: Api, { access }: ApiParts): void {
  app.route({
    method: 'GET',
    url: '/v1/whoami',
    schema: { response: { 200: WhoAmI } },
    handler: (request) => {
      const { identity, loginExpiresAt } = callerOf(request)
      return { identity, may: access.roles(identity), login_expires_at: loginExpiresAt.toISOString() }
    },
  })
}
