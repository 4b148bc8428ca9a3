import type { ConnectionDocument, ConnectionSelector, Identity, IdentitySelector } from '@hoop/contracts'

/** Why the connection is not selected; null: it is. Names and labels that are given must both fit, all labels at once. */
export function connectionMisfit(selector: ConnectionSelector, connection: ConnectionDocument): string | null {
  if (selector.names !== undefined && !selector.names.includes(connection.name)) {
    return `it is about ${listed('the connection', selector.names)}`
  }
  for (const [label, value] of Object.entries(selector.labels ?? {})) {
    if (!Object.hasOwn(connection.labels, label) || connection.labels[label] !== value) {
      return `it is about connections labelled ${label}=${value}`
    }
  }
  return null
}

/** Why the identity is not selected; null: it is. One of the kinds and one of the groups, where given. */
export function identityMisfit(selector: IdentitySelector, identity: Identity): string | null {
  if (selector.kinds !== undefined && !selector.kinds.includes(identity.kind)) {
    return `it is about identities of ${listed('kind', selector.kinds)}`
  }
  if (selector.groups !== undefined && !inAny(identity, selector.groups))
    return `it is about ${listed('the group', selector.groups)}`
  return null
}

export function inAny(identity: Identity, groups: readonly string[]): boolean {
  return groups.some((group) => identity.groups.includes(group))
}

function listed(noun: string, names: readonly string[]): string {
  return names.length === 1 ? `${noun} ${names[0]}` : `${noun} ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}
