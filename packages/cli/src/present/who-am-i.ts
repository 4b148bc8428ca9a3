import type { WhoAmI } from '@hoop/contracts'
import { fields, type Screen } from './screen.ts'
import { localTime } from './time.ts'

export function whoAmI(screen: Screen, me: WhoAmI, at: { readonly gateway: string; readonly tokenPlace: string }): string {
  const { identity } = me
  return fields(screen, [
    ['gateway', at.gateway],
    ['name', identity.name],
    ['id', identity.id],
    ['e-mail', identity.email ?? 'none'],
    ['kind', identity.kind],
    ['groups', identity.groups.join(', ') || 'none'],
    ['may', me.may.join(', ') || 'use connections'],
    ['issuer', identity.issuer],
    ['until', localTime(me.login_expires_at)],
    ['account', accountWords(me.account_checked_at)],
    ['kept in', at.tokenPlace],
  ])
}

/** Without word of the provider a login outlives an account that is closed. */
function accountWords(checkedAt: string | null): string {
  if (checkedAt === null) return 'not checked again at the identity provider before the login ends: it gave no refresh token'
  return `found in order by the identity provider at ${localTime(checkedAt)}`
}
