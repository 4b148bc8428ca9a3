import type { AccessGrant } from '@hoop/contracts'
import { cellText, escapeLine, firstLine } from './escape.ts'
import { fields, type Screen, table } from './screen.ts'
import { localTime, span } from './time.ts'

export function grantTable(screen: Screen, grants: readonly AccessGrant[], now: number): Promise<string> {
  const width = Math.max(30, screen.width - 100)
  const rows = grants.map((grant) => [
    grant.id,
    stateWords(grant, now),
    grant.requester.email ?? grant.requester.name,
    grant.connection,
    span(grant.duration * 1000),
    grant.mine === 'decide' ? 'yours to decide' : grant.mine === 'requested' ? 'asked by you' : '',
    cellText(grant.reason, screen, width),
  ])
  return table(screen, ['ID', 'STATE', 'WHO', 'CONNECTION', 'FOR', '', 'WHY'], rows, (cell, column) =>
    column === 0 ? screen.colour.bold(cell) : cell,
  )
}

/** Everything that an approver needs to decide. */
export function grantDetails(screen: Screen, grant: AccessGrant, now: number): string {
  const { requester, approvals, closedBy, closedReason } = grant
  return fields(screen, [
    ['access', grant.id],
    ['state', stateWords(grant, now)],
    ['who', `${requester.email ?? requester.name} (${requester.kind})`],
    ['groups', requester.groups.join(', ') || 'none'],
    ['to', grant.connection],
    ['for', span(grant.duration * 1000)],
    ['why', grant.reason],
    ['asked', localTime(grant.requestedAt)],
    ['by', `Access/${grant.access}`],
    ['approvers', `${grant.approvers.join(' or ')}${grant.count > 1 ? `, ${grant.count} of them` : ''}`],
    ...approvals.map(
      ({ by, at, reason }) => ['yes', `${by.email ?? by.name} at ${localTime(at)}${reason ? `: ${reason}` : ''}`] as const,
    ),
    ...(closedBy === null
      ? []
      : [['ended by', `${closedBy.email ?? closedBy.name}${closedReason ? `: ${closedReason}` : ''}`] as const]),
  ])
}

export function grantLine(screen: Screen, grant: AccessGrant, now: number): string {
  const who = `${escapeLine(grant.requester.email ?? grant.requester.name)} on ${escapeLine(grant.connection)}`
  const what = `for ${span(grant.duration * 1000)}: ${firstLine(grant.reason, 80)}`
  return `${stateWords(grant, now)}  ${screen.colour.bold(escapeLine(grant.id))}  ${who}  ${what}`
}

export function stateWords({ state, endsAt, expiresAt, approvals, count }: AccessGrant, now: number): string {
  if (state === 'granted' && endsAt !== null) return `granted until ${localTime(endsAt)}, ${span(Date.parse(endsAt) - now)} left`
  if (state !== 'requested') return state
  const said = count > 1 ? ` (${approvals.length} of ${count} said yes)` : ''
  return `requested${said}, ${span(Date.parse(expiresAt) - now)} left to decide`
}
