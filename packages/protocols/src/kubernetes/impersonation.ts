import type { Identity } from '@hoop/contracts'
import type { Header, KubernetesUpstream } from '../protocol.ts'

/**
 * Who the cluster's authorizers and its audit are to see: the e-mail address of a person, or the name of what has none, and the groups. Names
 * that Kubernetes keeps for itself (`system:masters`) are never given: a user of such a name gets `hoop:` before it, a group is left out.
 * https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
 */
export function impersonation(
  identity: Identity,
  { userPrefix, groupPrefix }: NonNullable<KubernetesUpstream['impersonate']>,
): readonly Header[] {
  const user = headerText(`${userPrefix}${identity.email ?? identity.name}`)
  const groups = identity.groups
    .map((group) => headerText(`${groupPrefix}${group}`))
    .filter((group) => group !== '' && !isReserved(group))
  return [
    ['impersonate-user', isReserved(user) ? `hoop:${user}` : user],
    ...groups.map((group): Header => ['impersonate-group', group]),
    ['impersonate-extra-hoop-identity', headerText(identity.id)],
  ]
}

function isReserved(name: string): boolean {
  return /^\s*system:/i.test(name)
}

/** As the bytes of its UTF-8, which Node takes for Latin-1; control characters are percent-encoded. */
function headerText(name: string): string {
  const plain = name.trim().replace(/[\0-\x1f\x7f]/g, (character) => encodeURIComponent(character))
  return Buffer.from(plain).toString('latin1')
}
