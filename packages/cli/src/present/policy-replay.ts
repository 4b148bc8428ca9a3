import type { ReplayedVerdict, ReplayResponse } from '@hoop/contracts'
import { escapeLine, firstLine } from './escape.ts'
import type { Screen } from './screen.ts'
import { localTime } from './time.ts'

const words: Record<ReplayedVerdict, string> = {
  permit: 'permitted',
  hold: 'held',
  refuse: 'refused',
  'no-access': 'no access',
}

/** What would differ, with examples; what could not be judged anew; the sum. */
export function replayReport(screen: Screen, answer: ReplayResponse): string {
  const { colour } = screen
  const { operations, sessions, unchanged, changes, notJudged, more, policyVersion } = answer
  const lines = changes.flatMap((change) => changeLines(screen, answer, change))
  for (const { words: why, count } of notJudged) lines.push(`${count} not judged anew: ${escapeLine(why)}`)
  const changed = changes.reduce((sum, { count }) => sum + count, 0)
  const sum = `${operations} operations of ${sessions} sessions: ${changed} would differ, ${unchanged} not`
  lines.push(colour.bold(`${sum} (policy version ${policyVersion})`))
  if (more) lines.push('There are more than are looked at in one go: name one session, or a shorter time.')
  return lines.join('\n')
}

function changeLines(
  { colour, width }: Screen,
  { examples }: ReplayResponse,
  { before, after, count }: ReplayResponse['changes'][number],
): string[] {
  const shown = examples.filter((example) => example.before === before && example.after === after)
  return [
    `${colour.bold(String(count))} ${words[before]} → ${colour.bold(words[after])}`,
    ...shown.map(({ time, session, connection, identity, text, rules }) => {
      const by = rules.length === 0 ? '' : ` by ${rules.join(' and ')}`
      const where = `${localTime(time)}  ${session}  ${connection}  ${identity.name}`
      return `  ${colour.dim(escapeLine(where))}${escapeLine(by)}\n    ${firstLine(text, Math.max(40, width - 4))}`
    }),
    ...(count > shown.length ? [`  and ${count - shown.length} more`] : []),
    '',
  ]
}
