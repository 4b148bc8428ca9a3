import { actors, type ConnectionDocument, type Identity, type RoleDocument } from '@hoop/contracts'
import { connectionMisfit, inAny } from './selectors.ts'

/**
 * Whether members of one of these groups, which a rule names as approvers, may decide what goes through this connection: a group that Roles
 * let approve may where one of them says so; one that no Role names may wherever a rule names it.
 */
export function mayApprove(
  roles: readonly RoleDocument[],
  groups: readonly string[],
  connection: ConnectionDocument | null,
): boolean {
  return groups.some((group) => {
    const about = roles.filter(({ may, groups }) => may.includes('approve') && groups?.includes(group))
    return about.length === 0 || about.some(({ connections }) => fits(connections, connection))
  })
}

/** Whether a Role lets everybody who acts pass a rule of this connection (null: it is not registered any more) with a reason alone. */
export function mayBreakGlass(
  roles: readonly RoleDocument[],
  identity: Identity,
  connection: ConnectionDocument | null,
): boolean {
  return actors(identity).every((actor) =>
    roles.some(
      ({ may, groups, people, connections }) =>
        may.includes('break-glass') &&
        (inAny(actor, groups ?? []) || people?.includes(actor.id) === true) &&
        fits(connections, connection),
    ),
  )
}

function fits(selector: RoleDocument['connections'], connection: ConnectionDocument | null): boolean {
  if (selector === undefined) return true
  return connection !== null && connectionMisfit(selector, connection) === null
}
