import type { ExplainedColumn, ExplainedMask, ExplainedVerdict, ExplainResponse, Explanation } from '@hoop/contracts'
import type { CaseResult, TestRun } from '../services/policy-questions.ts'
import { escapeLine, firstLine } from './escape.ts'
import { fields, type Screen } from './screen.ts'
import { span } from './time.ts'

const words: Record<ExplainedVerdict, string> = {
  permit: 'permitted',
  approve: 'held for approval',
  refuse: 'refused',
  'no-access': 'no access to the connection',
}

/** Everything about one statement: what comes of it, what it does, each rule, each column. */
export function explanationText(screen: Screen, explanation: Explanation, { policyVersion }: ExplainResponse): string {
  const { colour } = screen
  const { verdict, refusal, approvals } = explanation
  const tint = verdict === 'permit' ? colour.green : verdict === 'approve' ? colour.yellow : colour.red
  const lines = [colour.bold(tint(words[verdict]))]
  if (refusal !== null && verdict !== 'no-access') {
    lines.push(`  ${escapeLine(refusal.message)}`, `  ${escapeLine(refusal.detail)}`, `  → ${escapeLine(refusal.hint)}`)
  }
  for (const { rule, groups, timeout, message } of approvals) {
    lines.push(`  ${rule}: ${groups.join(' or ')} within ${span(timeout * 1000)}: ${escapeLine(message)}`)
  }
  lines.push('', fields(screen, whatItDoes(explanation, policyVersion)))
  lines.push('', colour.bold('rules'), ...ruleLines(screen, [...explanation.access, ...explanation.reasons]))
  const columns = columnLines(screen, explanation)
  if (columns.length > 0) lines.push('', colour.bold('result'), ...columns)
  if (explanation.masks.length > 0) lines.push('', colour.bold('masks'), ...maskLines(screen, explanation.masks))
  return lines.join('\n')
}

function whatItDoes(explanation: Explanation, policyVersion: string): [string, string][] {
  const { effects, objects, functions, verbs, unbounded, destructive } = explanation
  const facts = [...verbs, ...(unbounded ? ['without a predicate'] : []), ...(destructive ? ['destructive'] : [])]
  return [
    ['policy version', policyVersion],
    ['effects', effects.join(', ') || 'none'],
    ['facts', facts.join(', ') || 'none'],
    ['objects', objects.map(({ access, kind, name }) => `${access} ${kind} ${name}`).join('; ') || 'none'],
    ...(functions.length === 0 ? [] : [['functions', functions.join(', ')] as [string, string]]),
  ]
}

function ruleLines({ colour }: Screen, reasons: Explanation['reasons']): string[] {
  if (reasons.length === 0) return ['  none is about it']
  const width = Math.max(...reasons.map(({ rule }) => rule.length))
  return reasons
    .toSorted((a, b) => Number(b.matched) - Number(a.matched))
    .map(({ rule, matched, words: why }) => {
      const line = `  ${matched ? '✓' : '·'} ${escapeLine(rule).padEnd(width)}  ${escapeLine(why)}`
      return matched ? line : colour.dim(line)
    })
}

function columnLines({ colour }: Screen, { results, masks }: Explanation): string[] {
  return results.flatMap(({ verb, columns }) => {
    if (columns === null) return [`  ${verb}: its columns cannot be told; where any column is masked, all of these are`]
    return columns.map(({ name, sources, mask }) => {
      const from = sources === 'opaque' ? 'made from what cannot be told' : sources.join(', ') || 'a constant'
      const shown = `  ${escapeLine(name ?? '?')}  ${colour.dim(escapeLine(from))}`
      return mask === null ? shown : `${shown}  ${colour.yellow(escapeLine(maskedBy(mask, sources, masks)))}`
    })
  })
}

/** The rule, what it does, and by which of several columns. */
function maskedBy(
  { rule, method, columns }: NonNullable<ExplainedColumn['mask']>,
  sources: ExplainedColumn['sources'],
  masks: readonly ExplainedMask[],
): string {
  const asked = masks.find((mask) => mask.rule === rule)?.method ?? method
  const how = asked === method ? method : `${method}: ${asked} is for values as they are stored`
  const by = columns.length === 0 || columns.length === sources.length ? '' : `, which names ${columns.join(', ')}`
  return `masked by ${rule}${by} (${how})`
}

/** Those that hold first, each with what of the operation it is about. */
function maskLines({ colour }: Screen, masks: readonly ExplainedMask[]): string[] {
  const width = Math.max(...masks.map(({ rule }) => rule.length))
  return masks
    .toSorted((a, b) => Number(a.misfit !== null) - Number(b.misfit !== null))
    .map((mask) => {
      const line = (mark: string, words: string) => `  ${mark} ${escapeLine(mask.rule).padEnd(width)}  ${escapeLine(words)}`
      return mask.misfit === null ? line('✓', aboutWhat(mask)) : colour.dim(line('·', mask.misfit))
    })
}

const mayAsk: Readonly<Record<NonNullable<ExplainedMask['filter']>, string>> = {
  never: 'which nothing may be asked about',
  equality: 'asked about by whole values only',
  any: 'which anything may be asked about',
}

function aboutWhat({ method, filter, columns, fields, detects }: ExplainedMask): string {
  const about = [
    ...(columns.length === 0 || filter === null ? [] : [`${columns.join(', ')}, ${mayAsk[filter]}`]),
    ...(fields.length === 0 ? [] : [`fields ${fields.join(', ')}`]),
    ...(detects.length === 0 ? [] : [`wherever it stands ${detects.join(', ')}`]),
  ]
  return about.length === 0 ? 'names nothing of it' : `${method}: ${about.join('; ')}`
}

/** Failed cases with their reasons, then the count. */
export function testReport(screen: Screen, { results, policyVersion }: TestRun): string {
  const { colour } = screen
  const failed = results.filter(({ wrong }) => wrong.length > 0)
  const count = `${results.length - failed.length} of ${results.length} as expected`
  const summary = `${count} (policy version ${policyVersion})`
  return [...failed.flatMap((each) => caseLines(screen, each)), (failed.length === 0 ? colour.green : colour.red)(summary)].join(
    '\n',
  )
}

function caseLines({ colour, width }: Screen, { file, line, name, statement, wrong }: CaseResult): string[] {
  return [
    `${colour.red('✗')} ${escapeLine(file)}:${line}: ${escapeLine(name)}`,
    ...(name === statement ? [] : [colour.dim(`    ${firstLine(statement, width - 4)}`)]),
    ...wrong.map((why) => `    ${escapeLine(why)}`),
  ]
}
