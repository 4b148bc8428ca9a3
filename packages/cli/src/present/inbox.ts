import type { InboxItem } from '../services/inbox.ts'
import { grantDetails, grantLine, stateWords } from './access.ts'
import { approvalDetails, approvalLine, usesLeft } from './approvals.ts'
import { cellText } from './escape.ts'
import { type Screen, table } from './screen.ts'
import { span } from './time.ts'

const whose = { decide: 'yours to decide', requested: 'asked by you', see: '' } as const

export function inboxTable(screen: Screen, items: readonly InboxItem[], now: number): Promise<string> {
  const width = Math.max(30, screen.width - 100)
  const rows = items.map((item) => [
    item.id,
    item.kind,
    stateOf(item, now),
    item.requester.email ?? item.requester.name,
    item.connection,
    whose[item.mine],
    cellText(wanted(item), screen, width),
  ])
  return table(screen, ['ID', 'KIND', 'STATE', 'WHO', 'CONNECTION', '', 'WHAT'], rows, (cell, column) =>
    column === 0 ? screen.colour.bold(cell) : cell,
  )
}

export function inboxDetails(screen: Screen, item: InboxItem, now: number): string {
  return item.kind === 'operation' ? approvalDetails(screen, item, now) : grantDetails(screen, item, now)
}

export function inboxLine(screen: Screen, item: InboxItem, now: number): string {
  return item.kind === 'operation' ? approvalLine(screen, item, now) : grantLine(screen, item, now)
}

/** The statement, or the access and why. */
export function wanted(item: InboxItem): string {
  return item.kind === 'operation' ? item.text : `access for ${span(item.duration * 1000)}: ${item.reason}`
}

function stateOf(item: InboxItem, now: number): string {
  if (item.kind === 'access') return stateWords(item, now)
  if (item.state !== 'held') {
    const left = usesLeft(item, now)
    return left === null ? item.state : `${item.state}, ${left}`
  }
  const votes = item.count > 1 ? ` (${item.votes.length} of ${item.count} said yes)` : ''
  return `held${votes}, ${span(Date.parse(item.expiresAt) - now)} left`
}
