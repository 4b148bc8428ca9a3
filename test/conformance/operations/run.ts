/**
 * What statements are read to do, against the locks that they take:  npm run conformance:operations [-- --tests a,b] [-- --report FILE]
 *
 * Ends with 1 if one was read wrong, too many were not understood, or too few were run, and with 77 if PostgreSQL's source cannot be had
 * here. docs/conformance.md says what its last line means.
 */

import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { loadParser } from '../../../packages/protocols/src/postgres/operations.ts'
import { SourceUnavailable } from '../postgres/source.ts'
import { runCases } from './cases.ts'
import { applyExceptions, readExceptions } from './exceptions.ts'
import type { Finding } from './script.ts'
import { runSuite } from './suite.ts'

const sourceUnavailable = 77
const leastStatements = 5_000
const mostUnknown = 0.03

async function run(only: readonly string[] | null, report: string | null): Promise<boolean> {
  await loadParser()
  const everything = [...(only === null ? await runCases(say) : []), ...(await runSuite(only, say))]
  const exceptions = await readExceptions()
  const { findings, stale } = applyExceptions(everything, exceptions)
  const of = (kind: Finding['verdict']['kind']) => findings.filter(({ verdict }) => verdict.kind === kind)
  const count = (kind: Finding['verdict']['kind']) => of(kind).length
  const [unknown, wrong, rejected, excepted] = [count('unknown'), count('wrong'), count('rejected'), count('excepted')] as const
  const equal = count('equal') + excepted
  const statements = equal + unknown + wrong
  for (const finding of of('wrong')) say(shown(finding))
  // With some of the files only, an exception may have nothing to match.
  if (only === null) for (const each of stale) say(`exceptions.yaml: nothing matches ${each.statement}: take it off`)
  if (report !== null) await writeFile(report, JSON.stringify(findings.map(reported), null, 1))
  const share = statements === 0 ? 1 : unknown / statements
  say(
    `operations: statements ${statements}, equal ${equal} (${excepted} of them excepted), unknown ${unknown} (${(100 * share).toFixed(1)} %), wrong ${wrong}, rejected ${rejected}`,
  )
  if (only !== null) return wrong === 0
  return wrong === 0 && stale.length === 0 && share <= mostUnknown && statements >= leastStatements
}

function shown({ file, line, text, verdict }: Finding): string {
  if (verdict.kind !== 'wrong') return ''
  const ours = verdict.objects.map(({ kind, name, access }) => `${access} ${kind} ${name}`).join(', ')
  const theirs = verdict.disagreements.map(({ what, access, relation }) => `${what} ${access} ${relation}`).join(', ')
  return `${file}:${line}: ${text.replaceAll(/\s+/g, ' ').slice(0, 200)}\n  read as: ${ours || 'nothing'}\n  differs: ${theirs}`
}

function reported({ verdict, ...where }: Finding): object {
  return { ...where, ...verdict }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

// What was started ends with us: that is done as this process exits, and not where a signal kills it.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(code))
}

const { values } = parseArgs({ options: { tests: { type: 'string' }, report: { type: 'string' } } })
try {
  process.exitCode = (await run(values.tests?.split(',') ?? null, values.report ?? null)) ? 0 : 1
} catch (error) {
  if (!(error instanceof SourceUnavailable)) throw error
  say(`not run: ${error.message}`)
  process.exitCode = sourceUnavailable
}
