/**
 * PostgreSQL's own regression suite, directly and through `hoop connect`:  npm run conformance:postgres [-- --strict] [-- --tests a,b]
 *
 * Each run has a fresh cluster of one build. Afterwards every statement in the log of the second one's server must be on hoop's record,
 * and the other way round. Ends with 1 if something differs, and with 77 if PostgreSQL's source cannot be had here. docs/conformance.md
 * says what its last lines mean.
 */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { temporaryFolder } from '../../support/index.ts'
import { buildPostgres } from './build.ts'
import { judgeDifferences, readDifferences } from './differences.ts'
import { logFileOf, startServer } from './server.ts'
import { SourceUnavailable, version } from './source.ts'
import { type Comparison, compareStatements } from './statements.ts'
import { readSchedule, runSuite, type Suite, type SuiteResult } from './suite.ts'
import { type Profile, startThroughHoop } from './through-hoop.ts'

const sourceUnavailable = 77
const shownAtMost = 20

async function runDirectly(suite: Suite, folder: string): Promise<SuiteResult> {
  await mkdir(folder)
  const server = await startServer(suite.build, folder)
  try {
    return await runSuite(suite, server, folder)
  } finally {
    await server.stop()
  }
}

async function runThroughHoop(suite: Suite, profile: Profile, folder: string) {
  await mkdir(folder)
  const server = await startServer(suite.build, folder)
  try {
    const hoop = await startThroughHoop(server, profile, folder)
    try {
      const result = await runSuite(suite, hoop.address, folder)
      await hoop.closeSession()
      await server.stop()
      const { record, gatewayFolder } = hoop
      return { result, comparison: await compareStatements({ log: logFileOf(server), record, gatewayFolder }) }
    } finally {
      await writeFile(join(folder, 'gateway.log'), hoop.logs())
      await hoop.stop()
    }
  } finally {
    await server.stop()
  }
}

/** Tells what the record lacks or has too much, all of it in a file. */
async function reportComparison(found: Comparison, folder: string): Promise<void> {
  for (const kind of ['missing', 'surplus', 'flaws'] as const) {
    if (found[kind].length === 0) continue
    const file = join(folder, `${kind}.txt`)
    await writeFile(file, `${found[kind].join('\n')}\n`)
    say(`${kind}, all of them in ${file}:`)
    for (const each of found[kind].slice(0, shownAtMost)) say(`  ${each.replaceAll(/\s+/g, ' ').slice(0, 150)}`)
  }
  const { server, record, missing, surplus } = found
  say(`statements: server log ${server}, record ${record}, missing ${missing.length}, surplus ${surplus.length}`)
}

async function run(profile: Profile, only: readonly string[] | null): Promise<boolean> {
  const build = await buildPostgres(say)
  const schedule = await readSchedule(build, only)
  const total = schedule.flat().length
  // Under the strict profile a statement is refused where somebody else redefined meanwhile what it names: one after the other, it is
  // always the same tests that differ.
  const suite: Suite = { build, schedule, connections: profile === 'strict' ? 1 : 20 }
  const { path: folder, stop: remove } = await temporaryFolder('regress')
  say(`PostgreSQL ${version}, ${total} tests, directly`)
  const direct = await runDirectly(suite, join(folder, 'direct'))
  for (const [test, { file }] of direct.failed) say(`  ${test} fails without hoop, too: ${file}`)
  say(`the same through hoop connect, profile ${profile}`)
  const { result, comparison } = await runThroughHoop(suite, profile, join(folder, 'hoop'))
  const differences = await judge(profile, result, direct)
  for (const each of differences) say(`  ${each}`)
  await reportComparison(comparison, folder)
  const { missing, surplus, flaws } = comparison
  const good = [differences, missing, surplus, flaws].every((list) => list.length === 0)
  if (good) await remove()
  else say(`what differs is in ${folder}`)
  say(`regress: direct ${direct.passed.size}/${total}, through hoop ${result.passed.size}/${total}`)
  return good
}

/** What differs is what passes directly and not through hoop. */
async function judge(profile: Profile, result: SuiteResult, direct: SuiteResult): Promise<string[]> {
  const failed = new Map([...result.failed].filter(([test]) => direct.passed.has(test)))
  if (profile === 'strict') return judgeDifferences({ passed: result.passed, failed }, await readDifferences())
  return [...failed].map(([test, { first, file }]) => `${test} differs: ${first} (${file})`)
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

const { values } = parseArgs({ options: { strict: { type: 'boolean', default: false }, tests: { type: 'string' } } })
try {
  process.exitCode = (await run(values.strict ? 'strict' : 'transparent', values.tests?.split(',') ?? null)) ? 0 : 1
} catch (error) {
  if (!(error instanceof SourceUnavailable)) throw error
  say(`not run: ${error.message}`)
  process.exitCode = sourceUnavailable
}
