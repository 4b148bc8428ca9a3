import type { Notice } from './notice.ts'

/**
 * Characters that a screen obeys or that make text look like other text: controls, bidirectional and other format characters, line
 * separators, lone surrogates, and what is drawn as nothing (Unicode: Cc, Cf, Zl, Zp, Cs, Default_Ignorable_Code_Point).
 */
const deceptive = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu

/** Text from elsewhere as people read it: what deceives is written out, line feeds and tabs stay. */
export function block(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(deceptive, (character) => (character === '\n' || character === '\t' ? character : written(character)))
}

/** The same on one line, of so many characters at most. */
export function line(text: string, most = 300): string {
  const escaped = text.replace(deceptive, written)
  return escaped.length <= most ? escaped : `${escaped.slice(0, most - 1).toWellFormed()}…`
}

function written(character: string): string {
  return character === '\n' ? '\\n' : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** What happened, in one line. */
export function title({ event, requester, connection, state, decidedBy, decisionReason }: Notice): string {
  const who = line(requester.name, 100)
  const by = decidedBy === null ? '' : ` by ${line(decidedBy.name, 100)}`
  const why = decisionReason === null ? '' : `: ${line(decisionReason)}`
  switch (event) {
    case 'operation.held':
      return `${who} waits for an approval on ${connection}`
    case 'operation.decided':
      return `${state === 'held' ? 'approved, and others must say yes, too' : state}${by}: the operation of ${who} on ${connection}${why}`
    case 'operation.expired':
      return `time ran out: the operation of ${who} on ${connection}`
    case 'operation.withdrawn':
      return `withdrawn: the operation of ${who} on ${connection}`
    case 'break-glass.used':
      return `${who} broke the glass on ${connection}`
    case 'access.requested':
      return `${who} asks for access to ${connection}`
    case 'access.decided':
      return `${state === 'requested' ? 'approved, and others must say yes, too' : state}${by}: access of ${who} to ${connection}${why}`
    case 'access.ended':
      return `ended${by}: access of ${who} to ${connection}${why}`
  }
}

/** Whether it waits for a decision still, as far as this notice knows. */
export function isOpen({ state }: Notice): boolean {
  return state === 'held' || state === 'requested'
}

/** What there is to know, each with its name; all on one line. */
export function facts(notice: Notice): [string, string][] {
  const { requester, connection, reason, rule, message, approvers, count, approved, operation, lasts, expiresAt, endsAt } = notice
  const behalf = requester.onBehalfOf === null ? '' : ` on behalf of ${requester.onBehalfOf.name}`
  const shown: [string, string | null][] = [
    ['who', `${requester.name} (${requester.kind})${behalf}`],
    ['through', connection],
    ['role', operation === null ? null : operation.role],
    ['set', operation === null ? null : (operation.settings?.join('; ') ?? 'not known: something may have changed any setting')],
    ['why', reason],
    ['rule', message === null ? rule : `${rule}: ${message}`],
    ['effects', operation === null ? null : operation.effects.join(', ')],
    ['objects', operation === null ? null : operation.objects.join(', ')],
    ['beware', operation === null ? null : lookalikes(operation.objects)],
    ['for', lasts === null ? null : duration(lasts)],
    ['approvers', `${approvers.join(', ')}${count > 1 ? ` (${approved} of ${count})` : ''}`],
    ['until', isOpen(notice) ? expiresAt : endsAt],
  ]
  return shown.flatMap(([name, value]) =>
    value === null || value === '' ? [] : [[name, line(value, 1000)] satisfies [string, string]],
  )
}

/** Letters beyond ASCII in names: they may be drawn like those of another table's. */
function lookalikes(objects: readonly string[]): string | null {
  const codes = [...new Set(objects.join('').match(/[^\p{ASCII}]/gu))].map((letter) => letter.codePointAt(0)?.toString(16))
  return codes.length === 0 ? null : `letters in names that may look like others: ${codes.map((code) => `U+${code}`).join(', ')}`
}

/** The statement and its parameters as on the record, each of these on a line of its own; null: it is access that is asked for. */
export function statement({ operation }: Notice): string | null {
  if (operation === null) return null
  // A value of several lines could look like other parameters.
  const parameters = operation.parameters.map(
    ({ value }, index) => `$${index + 1} = ${value?.replace(deceptive, written) ?? 'NULL'}`,
  )
  return [block(operation.text), ...parameters].join('\n')
}

/** How it is decided in a terminal. */
export function commands({ event, subject }: Notice): string[] {
  const what = event.startsWith('access.') ? 'access' : 'approvals'
  return [`hoop ${what} approve ${subject}`, `hoop ${what} deny ${subject} --reason "…"`]
}

function duration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  return [hours > 0 && `${hours} h`, minutes > 0 && `${minutes} min`].filter((part) => part !== false).join(' ') || `${seconds} s`
}
