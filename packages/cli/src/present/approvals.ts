import type { Approval, Identity } from '@hoop/contracts'
import { escapeBlock, escapeLine, firstLine } from './escape.ts'
import { fields, type Screen } from './screen.ts'
import { localTime, span } from './time.ts'

/** Everything that an approver needs to decide. The text is the caller's: whatever could deceive a reader is written out. */
export function approvalDetails(screen: Screen, approval: Approval, now: number): string {
  const { colour } = screen
  const left = usesLeft(approval, now)
  const head = fields(screen, [
    ['approval', approval.id],
    ['state', stateWords(approval, now)],
    ['who', `${who(approval.requester)} (${approval.requester.kind})`],
    ['groups', approval.requester.groups.join(', ') || 'none'],
    ['through', through(approval)],
    ...settingsOf(approval),
    ['why', approval.reason ?? 'no reason given'],
    ['session', approval.session],
    ['operation', approval.operation],
    ['rule', `${approval.rule}: ${approval.message}`],
    ['approvers', approvers(approval)],
    ...approval.votes.map(({ by, reason }): [string, string] => ['yes', `${who(by)}${reason ? `: ${reason}` : ''}`]),
    ...(left === null ? [] : [['uses', left] as [string, string]]),
    ['effects', approval.effects.join(', ') || 'none'],
    ['objects', approval.objects.map(({ access, kind, name }) => `${access} ${kind} ${name}`).join(', ') || 'none'],
  ])
  const parameters = approval.parameters.map(
    ({ type, value }, index) =>
      `  $${index + 1} = ${value === null ? 'NULL' : escapeLine(value)}${type ? colour.dim(` (${escapeLine(type)})`) : ''}`,
  )
  const text = escapeBlock(approval.text)
    .split('\n')
    .map((line) => `  ${line}`)
  const before = approval.before.map((each) => `  ${colour.dim(firstLine(each, 120))}`)
  const notes = [
    ...approval.objects.flatMap(lookalike),
    ...locksOf(approval),
    ...(approval.revealable ? ['hoop approvals show --reveal shows the original; that you looked is recorded.'] : []),
    ...(before.length > 0 ? ['Before it, in the same session:', ...before] : []),
  ]
  const after = notes.length > 0 ? ['', ...notes] : []
  return [head, '', ...text, ...(parameters.length > 0 ? ['', ...parameters] : []), ...after].join('\n')
}

function through({ connection, database, role }: Approval): string {
  return [connection, database && `database ${database}`, role && `role ${role}`].filter(Boolean).join(', ')
}

/** What the session has set for itself: what the statement does may depend on it. */
function settingsOf({ settings }: Approval): [string, string][] {
  if (settings === null) return [['settings', 'not known: something has run that may have changed any of them']]
  return settings.map(({ name, value }) => ['set', value === null ? `${name}, and reset` : `${name} = ${value}`])
}

/** What others wait for meanwhile. */
function locksOf({ inTransaction, locks }: Approval): string[] {
  if (!inTransaction) return []
  const told = 'It is inside a transaction: what that has locked stays locked while it waits.'
  return [told, ...(locks ?? []).map((lock) => `  ${escapeLine(lock)}`)]
}

/** Said of a name with letters beyond ASCII: they may be drawn like those of another table's name. */
function lookalike({ kind, name }: Approval['objects'][number]): string[] {
  const codes = [...new Set(name.match(/[^\p{ASCII}]/gu))].map(
    (letter) => `U+${letter.codePointAt(0)?.toString(16).padStart(4, '0').toUpperCase()}`,
  )
  if (codes.length === 0) return []
  return [`${kind} ${escapeLine(name)} is not written in plain letters, and may look like another: ${codes.join(', ')}.`]
}

function stateWords(approval: Approval, now: number): string {
  if (approval.state === 'held') return `held since ${localTime(approval.heldAt)}, ${timeLeft(approval, now)} left`
  const by = approval.decidedBy ? ` by ${who(approval.decidedBy)}` : ''
  const at = approval.decidedAt ? ` at ${localTime(approval.decidedAt)}` : ''
  const how = approval.brokeGlass ? ' (broke the glass)' : ''
  return `${approval.state}${how}${by}${at}${approval.decisionReason ? `: ${approval.decisionReason}` : ''}`
}

/** One line for `hoop approvals watch`. */
export function approvalLine(screen: Screen, approval: Approval, now: number): string {
  const state = approval.state === 'held' ? screen.colour.yellow('held') : screen.colour.dim(approval.state)
  const rest =
    approval.state === 'held'
      ? ` (${timeLeft(approval, now)} left)`
      : approval.decidedBy
        ? ` by ${escapeLine(who(approval.decidedBy))}`
        : ''
  const whose = `${escapeLine(who(approval.requester))} on ${escapeLine(approval.connection)}`
  return `${state}${rest}  ${screen.colour.bold(escapeLine(approval.id))}  ${whose}  ${firstLine(approval.text, 80)}`
}

function timeLeft(approval: Approval, now: number): string {
  return span(Date.parse(approval.expiresAt) - now)
}

function approvers({ approvers: groups, count }: Approval): string {
  return count === 1 ? groups.join(' or ') : `${count} people of ${groups.join(' or ')}`
}

/** What is left of a batch, or of a ticket that is not used yet; null: nothing. */
export function usesLeft({ state, uses, used, usableUntil }: Approval, now: number): string | null {
  if (state !== 'approved' || usableUntil === null || Date.parse(usableUntil) <= now || used >= uses) return null
  const until = span(Date.parse(usableUntil) - now)
  return uses > 1 ? `${used} of ${uses} used, ${until} left` : `not used yet, ${until} left`
}

function who(identity: Identity): string {
  return identity.email ?? identity.name
}
