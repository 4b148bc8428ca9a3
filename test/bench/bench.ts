/**
 * What hoop costs, as ratios in one run:  npm run bench -- [--only NAME] [--rounds N] [--seconds N] [--json FILE] [--markdown FILE]
 *
 *   client → candidate → the sample's PostgreSQL, or a service that speaks HTTP
 *
 * `--only` takes measures and candidates, and may be given again: `--only statements --only hoop`. The report goes to standard output as
 * tables of Markdown; `--markdown` puts it into a page. docs/performance.md says what is measured and how.
 */

import { writeFile } from 'node:fs/promises'
import { startSamplePostgres, temporaryFolder } from '../support/index.ts'
import { noWay } from './candidates/candidate.ts'
import { startCandidates, stopCandidates } from './candidates/index.ts'
import { Figures } from './figures.ts'
import { measureBulk } from './measures/bulk.ts'
import { measureConnect } from './measures/connect.ts'
import { measureCopy } from './measures/copy.ts'
import { measureDetectors } from './measures/detectors.ts'
import { measureHttp } from './measures/http.ts'
import { idleStreams, measureMemory } from './measures/memory.ts'
import { measurePolicies } from './measures/policies.ts'
import { measureStart } from './measures/start.ts'
import { customers, measureStatements } from './measures/statements.ts'
import { type MeasureName, readOptions } from './options.ts'
import { requirePrograms } from './programs.ts'
import { judgeBounds } from './report/bounds.ts'
import { putIntoPage } from './report/page.ts'
import { report } from './report/report.ts'
import type { Stage } from './stage.ts'

const measures = {
  memory: measureMemory,
  connect: measureConnect,
  statements: measureStatements,
  policies: measurePolicies,
  copy: measureCopy,
  bulk: measureBulk,
} satisfies Record<Exclude<MeasureName, 'start' | 'http' | 'detectors'>, (stage: Stage) => Promise<void>>

const options = readOptions(process.argv.slice(2))
const { rounds, seconds } = options
const figures = new Figures()
const began = performance.now()
const say = (words: string) =>
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${words}\n`)

// Whoever interrupts it takes along what it started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

if (options.measures.includes('start')) {
  say('start')
  await measureStart({ figures, rounds })
}
const chosen = options.measures.filter((name) => name !== 'start' && name !== 'http' && name !== 'detectors')
if (chosen.length > 0) await measureCandidates()
if (options.measures.includes('http')) {
  say('http')
  await measureHttp({ figures, rounds, seconds, names: options.candidates })
}
if (options.measures.includes('detectors')) {
  say('detectors')
  await measureDetectors({ figures, rounds })
}
say('done')

const text = report(figures, options)
process.stdout.write(text)
if (options.json !== null)
  await writeFile(options.json, `${JSON.stringify({ ...options, bounds: judgeBounds(figures), ...figures }, null, 2)}\n`)
if (options.markdown !== null) await putIntoPage(options.markdown, text)
process.exitCode = figures.counts.every(({ sent, recorded }) => sent === recorded) ? 0 : 1

async function measureCandidates(): Promise<void> {
  await requirePrograms('psql', 'pgbench')
  await using parts = new AsyncDisposableStack()
  say('the sample and the candidates begin')
  const sample = await startSamplePostgres({ customers, settings: { max_connections: String(idleStreams + 200) } })
  parts.defer(() => sample.stop())
  const folder = await temporaryFolder('bench')
  parts.defer(async () => {
    await folder.stop()
  })
  const candidates = await startCandidates(sample, options.candidates, noWay)
  parts.defer(() => stopCandidates(candidates))
  for (const name of chosen) {
    say(name)
    await measures[name]({ sample, candidates, figures, rounds, seconds, folder: folder.path })
  }
  say('the records are counted')
  for (const candidate of candidates) {
    await figures.count(candidate, figures.uncounted(candidate.name))
  }
}
