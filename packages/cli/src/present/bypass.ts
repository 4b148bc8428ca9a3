import type { BypassFinding } from '../services/bypass.ts'
import { escapeLine } from './escape.ts'
import type { Screen } from './screen.ts'

/** A line for each way that was looked for, and under it what to do. */
export function bypassReport(
  { colour }: Screen,
  findings: readonly BypassFinding[],
  { quiet }: { readonly quiet: boolean },
): string {
  const marks = { ok: colour.green('ok       '), problem: colour.red('problem  '), 'not-checked': colour.dim('unchecked') }
  const lines = findings
    .filter(({ status }) => !(quiet && status === 'ok'))
    .flatMap(({ status, words, advice }) => [
      `${marks[status]}  ${escapeLine(words)}`,
      ...(advice === null ? [] : [`           → ${escapeLine(advice)}`]),
    ])
  const problems = findings.filter(({ status }) => status === 'problem').length
  const sum = problems === 0 ? 'No way around the gateway was found here.' : `Ways around the gateway: ${problems}.`
  return [...lines, colour.bold(sum)].join('\n')
}
