import { WhoAmI } from '@hoop/contracts'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

export function whoAmIRoute(app: Api, { access, logins }: ApiParts): void {
  app.route({
    method: 'GET',
    url: '/v1/whoami',
    schema: { response: { 200: WhoAmI } },
    handler: async (request) => {
      const { identity, login, loginExpiresAt } = callerOf(request)
      const checkedAt = await logins.checkedAt(login)
      return {
        identity,
        may: access.roles(identity),
        login_expires_at: loginExpiresAt.toISOString(),
        account_checked_at: checkedAt?.toISOString() ?? null,
      }
    },
  })
}
