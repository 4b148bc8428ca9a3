import type { AccessGrant } from '@hoop/contracts'
import { cellText, escapeLine } from './escape.ts'
import { type Screen, table } from './screen.ts'
import { localTime, span } from './time.ts'

export function grantTable(screen: Screen, grants: readonly AccessGrant[], now: number): Promise<string> {
  const width = Math.max(30, screen.width - 100)
  const rows = grants.map((grant) => [
    grant.id,
    stateWords(grant, now),
    grant.requester.name,
    grant.connection,
    span(grant.duration * 1000),
    grant.mine === 'decide' ? 'yours to decide' : grant.mine === 'requested' ? 'asked by you' : '',
    cellText(grant.reason, screen, width),
  ])
  return table(screen, ['ID', 'STATE', 'WHO', 'CONNECTION', 'FOR', '', 'WHY'], rows, (cell, column) =>
    column === 0 ? screen.colour.bold(cell) : cell,
  )
}

export function grantLine(screen: Screen, grant: AccessGrant, now: number): string {
  const who = `${escapeLine(grant.requester.name)} on ${escapeLine(grant.connection)}`
  return `${stateWords(grant, now)}  ${screen.colour.bold(escapeLine(grant.id))}  ${who}`
}

function stateWords({ state, endsAt, expiresAt, approvals, count }: AccessGrant, now: number): string {
  if (state === 'granted' && endsAt !== null) return `granted until ${localTime(endsAt)}, ${span(Date.parse(endsAt) - now)} left`
  if (state !== 'requested') return state
  const said = count > 1 ? ` (${approvals.length} of ${count} said yes)` : ''
  return `requested${said}, ${span(Date.parse(expiresAt) - now)} left to decide`
}
