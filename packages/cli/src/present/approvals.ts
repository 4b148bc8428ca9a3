import type { Approval, Identity } from '@hoop/contracts'
import { escapeBlock, escapeLine, firstLine } from './escape.ts'
import { fields, type Screen } from './screen.ts'
import { localTime, span } from './time.ts'

/** Everything that an approver needs to decide. The text is the caller's: whatever could deceive a reader is written out. */
export function approvalDetails(screen: Screen, approval: Approval, now: number): string {
  const { colour } = screen
  const head = fields(screen, [
    ['approval', approval.id],
    ['state', stateWords(approval, now)],
    ['who', `${who(approval.requester)} (${approval.requester.kind})`],
    ['groups', approval.requester.groups.join(', ') || 'none'],
    ['through', approval.connection],
    ['why', approval.reason ?? 'no reason given'],
    ['session', approval.session],
    ['operation', approval.operation],
    ['rule', `${approval.rule}: ${approval.message}`],
    ['approvers', approval.approvers.join(' or ')],
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
  return [head, '', ...text, ...(parameters.length > 0 ? ['', ...parameters] : [])].join('\n')
}

function stateWords(approval: Approval, now: number): string {
  if (approval.state === 'held') return `held since ${localTime(approval.heldAt)}, ${left(approval, now)} left`
  const by = approval.decidedBy ? ` by ${who(approval.decidedBy)}` : ''
  const at = approval.decidedAt ? ` at ${localTime(approval.decidedAt)}` : ''
  return `${approval.state}${by}${at}${approval.decisionReason ? `: ${approval.decisionReason}` : ''}`
}

/** One line for `hoop approvals watch`. */
export function approvalLine(screen: Screen, approval: Approval, now: number): string {
  const state = approval.state === 'held' ? screen.colour.yellow('held') : screen.colour.dim(approval.state)
  const rest =
    approval.state === 'held'
      ? ` (${left(approval, now)} left)`
      : approval.decidedBy
        ? ` by ${escapeLine(who(approval.decidedBy))}`
        : ''
  const whose = `${escapeLine(who(approval.requester))} on ${escapeLine(approval.connection)}`
  return `${state}${rest}  ${screen.colour.bold(escapeLine(approval.id))}  ${whose}  ${firstLine(approval.text, 80)}`
}

function left(approval: Approval, now: number): string {
  return span(Date.parse(approval.expiresAt) - now)
}

function who(identity: Identity): string {
  return identity.email ?? identity.name
}
