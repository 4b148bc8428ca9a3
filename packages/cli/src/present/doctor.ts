import { type DoctorFinding, type DoctorReport, doctorSections } from '@hoop/contracts'
import { type ExitCode, exitCodes } from '@hoop/contracts/errors'
import { escapeBlock, escapeLine } from './escape.ts'
import type { Screen } from './screen.ts'

/** 127: the gateway cannot log in; 1: something else is wrong; 0: nothing worse than warnings. */
export function exitCodeOf({ available, findings }: DoctorReport): ExitCode {
  if (!available) return exitCodes.connectionUnavailable
  return findings.some(({ status }) => status === 'problem') ? exitCodes.failed : exitCodes.ok
}

/** Section by section, each finding with what to do about it under it; `quiet` leaves out what is well. */
export function doctorReport(screen: Screen, report: DoctorReport, { quiet }: { quiet: boolean }): string {
  const sections = doctorSections.flatMap((section) => {
    const findings = report.findings.filter(({ check, status }) => check.startsWith(`${section}.`) && !(quiet && status === 'ok'))
    if (findings.length === 0) return []
    return [screen.colour.bold(section), ...findings.flatMap((finding) => findingLines(screen, finding)), '']
  })
  return [...sections, summary(screen, report)].join('\n')
}

function findingLines(screen: Screen, finding: DoctorFinding): string[] {
  const { colour } = screen
  const where = finding.database === null ? '' : colour.dim(`${escapeLine(finding.database)}: `)
  const more = (text: string): string => `             ${text}`
  return [
    `  ${marks(screen)[finding.status]}  ${where}${escapeLine(finding.words)}`,
    ...finding.details.map((detail) => more(colour.dim(escapeLine(detail)))),
    ...(finding.advice === null ? [] : [more(`→ ${escapeLine(finding.advice)}`)]),
    ...finding.statements.map((statement) => more(`  ${colour.cyan(escapeBlock(statement))}`)),
  ]
}

function marks({ colour }: Screen): Record<DoctorFinding['status'], string> {
  return {
    ok: colour.green('ok       '),
    warning: colour.yellow('warning  '),
    problem: colour.red('problem  '),
    'not-checked': colour.dim('unchecked'),
  }
}

function summary({ colour }: Screen, { connection, complete, available, findings }: DoctorReport): string {
  const count = (status: DoctorFinding['status']): number => findings.filter((finding) => finding.status === status).length
  const counts = [
    [count('problem'), 'problem'],
    [count('warning'), 'warning'],
  ] as const
  const words = counts.map(([number, noun]) => `${number} ${noun}${number === 1 ? '' : 's'}`).join(', ')
  const unchecked = count('not-checked') === 0 ? '' : `, ${count('not-checked')} not checked`
  const rest = complete ? '' : ' An admin sees more.'
  const works = available ? '' : ' It cannot be used now.'
  return colour.bold(`${escapeLine(connection)}: ${words}${unchecked}.${works}${rest}`)
}
