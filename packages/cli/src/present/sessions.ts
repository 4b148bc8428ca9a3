import type { SessionSummary } from '@hoop/contracts'
import { cellText, escapeBlock, escapeLine } from './escape.ts'
import { approvers, type OperationView, result, standing } from './operations.ts'
import { fields, type Screen, table } from './screen.ts'
import { localTime, span } from './time.ts'

export function sessionTable(screen: Screen, sessions: readonly SessionSummary[]): Promise<string> {
  const rows = sessions.map((session) => [
    session.id,
    session.state,
    session.identity.email ?? session.identity.name,
    session.connection,
    session.via,
    localTime(session.openedAt),
    session.closedAt ? span(Date.parse(session.closedAt) - Date.parse(session.openedAt)) : '',
    String(session.operations),
  ])
  const head = ['ID', 'STATE', 'WHO', 'CONNECTION', 'VIA', 'OPENED', 'LASTED', 'OPERATIONS']
  const { colour } = screen
  return table(screen, head, rows, (cell, column) =>
    column === 0 ? colour.bold(cell) : cell === 'open' ? colour.green(cell) : cell,
  )
}

export async function sessionDetails(
  screen: Screen,
  session: SessionSummary,
  operations: readonly OperationView[],
): Promise<string> {
  const asked = operations.filter(({ operation }) => operation.by === 'caller')
  const own = operations.length - asked.length
  const head = fields(screen, [
    ['session', session.id],
    ['who', `${session.identity.email ?? session.identity.name} (${session.identity.kind})`],
    ['connection', session.connection],
    ['via', session.via],
    ['why', session.reason ?? 'no reason given'],
    ['opened', localTime(session.openedAt)],
    ['closed', session.closedAt ? `${localTime(session.closedAt)}: ${session.words ?? ''}` : 'still open'],
    ...(own > 0 ? [['by hoop', `${own} reads of the catalogue, which --json shows`] as const] : []),
  ])
  if (asked.length === 0) return `${head}\n\nno operations`
  const overview = `${head}\n\n${await operationTable(screen, asked)}`
  // elsewhere the cells have all of it
  const long = screen.terminal ? asked.filter(({ operation }) => operation.text.trim().includes('\n')) : []
  return [overview, ...long.map((view) => wholeText(screen, view))].join('\n\n')
}

/** A statement of several lines, or a request with its body, of which the table has the first line. */
function wholeText({ colour }: Screen, { operation }: OperationView): string {
  const lines = escapeBlock(operation.text.trim()).split('\n')
  const head = `${localTime(operation.time).slice(11)}  ${escapeLine(operation.id)}`
  return [colour.dim(head), ...lines.map((line) => `  ${line}`)].join('\n')
}

function operationTable(screen: Screen, operations: readonly OperationView[]): Promise<string> {
  const { colour } = screen
  const width = Math.max(40, screen.width - 80)
  const rows = operations.map((view) => [
    localTime(view.operation.time).slice(11),
    standing(view),
    view.outcome ? result(view.outcome) : '',
    cellText(view.operation.text, screen, width),
    because(view),
  ])
  return table(screen, ['TIME', 'STANDING', 'RESULT', 'WHAT', 'BECAUSE'], rows, (cell, column) => {
    if (column !== 1) return cell
    if (/^(refused|denied|timed-out|void|error)/.test(cell)) return colour.red(cell)
    return /^(held|withdrawn)/.test(cell) ? colour.yellow(cell) : cell
  })
}

function because({ operation, held, decided, outcome }: OperationView): string {
  if (operation.refusal) return `${operation.refusal.rule}: ${operation.refusal.message}`
  if (outcome?.error) return outcome.error.message
  if (decided)
    return `${held ? `${held.rule}; ` : ''}${decided.by ? `${decided.by.email ?? decided.by.name}` : decided.decision}${decided.reason ? `: ${decided.reason}` : ''}`
  return held ? `${held.rule}; waits for ${approvers(held.approvers)}` : ''
}
