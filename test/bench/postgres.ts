/**
 * What a statement costs through hoop, as ratios against a direct connection in the same run:  npm run bench [-- --rounds N --seconds N --json FILE]
 *
 *   pgbench → hoop connect (own process) → gateway (own process) → the sample's PostgreSQL        record on, masks and policies of the demo
 *
 * Needs pgbench. Processor time is that of the command line and the gateway together. Every figure stands beside two counts that must be
 * equal: statements that pgbench sent, operations that the record has.
 */

import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { readLines } from '@hoop/recording'
import { startConnect, startSystem, temporaryFolder } from '../support/index.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    json: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const run = promisify(execFile)
const customers = 50_000
const copyRows = 600_000

interface Candidate {
  readonly name: string
  readonly url: string
  /** Processes of ours whose time counts. */
  readonly pids: readonly number[]
}

/** Microseconds of processor time that the processes have used. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function processorTime(pids: readonly number[]): Promise<number> {
  const ticks = await Promise.all(
    pids.map(async (pid) => {
      const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
      return Number(fields[11]) + Number(fields[12])
    }),
  )
  return ticks.reduce((sum, each) => sum + each, 0) * 10_000
}

interface Figure {
  tps: number
  microseconds: number
  statements: number
}

async function pgbench({ url, pids }: Candidate, script: string, mode: string, clients: number): Promise<Figure> {
  const before = await processorTime(pids)
  const args = ['-n', '-f', script, '-M', mode, '-c', String(clients), '-j', '1', '-T', String(seconds), url]
  const { stdout } = await run('pgbench', args)
  const used = (await processorTime(pids)) - before
  const statements = Number(/actually processed: (\d+)/.exec(stdout)?.[1])
  return { tps: Number(/tps = ([\d.]+)/.exec(stdout)?.[1]), microseconds: used / statements, statements }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}

async function recorded(records: string, session: string): Promise<number> {
  let count = 0
  for await (const line of readLines(join(records, session), { after: -1, follow: false })) {
    if (line.includes('"type":"operation"') && line.includes('"by":"caller"')) count++
  }
  return count
}

const stack = new AsyncDisposableStack()
try {
  const system = await startSystem({ sample: { customers } })
  stack.defer(async () => {
    await system.stop()
  })
  const folder = await temporaryFolder('bench')
  stack.defer(async () => {
    await folder.stop()
  })
  const script = join(folder.path, 'select.sql')
  await writeFile(script, `\\set id random(1, ${customers})\nSELECT full_name, city FROM customers WHERE id = :id;\n`)
  const connect = await startConnect('sample', { home: await system.home('ada') })
  stack.defer(async () => {
    await connect.stop()
  })
  const { sample } = system
  // TLS is for the way from the gateway to the database; a direct client here does without, as the database allows on loopback.
  const direct = `postgresql://${sample.user}:${encodeURIComponent(sample.password)}@${sample.host}:${sample.port}/${sample.database}?sslmode=disable`
  const candidates: Candidate[] = [
    { name: 'direct', url: direct, pids: [] },
    { name: 'hoop', url: connect.url, pids: [system.gateway.pid, connect.program.pid] },
  ]

  const report: Record<string, Record<string, number>> = {}
  let sent = 0
  for (const mode of ['simple', 'prepared']) {
    for (const clients of [1, 8, 64]) {
      const figures = new Map<string, Figure[]>(candidates.map(({ name }) => [name, []]))
      for (let round = 0; round < rounds; round++) {
        for (const candidate of candidates) {
          const figure = await pgbench(candidate, script, mode, clients)
          figures.get(candidate.name)?.push(figure)
          if (candidate.name === 'hoop') sent += figure.statements
        }
      }
      const of = (name: string, key: keyof Figure) => median((figures.get(name) ?? []).map((figure) => figure[key]))
      const line = {
        ratio: of('hoop', 'tps') / of('direct', 'tps'),
        tps: of('hoop', 'tps'),
        microseconds: of('hoop', 'microseconds'),
      }
      report[`${mode}, ${clients} clients`] = line
      console.log(
        `${`${mode}, ${clients} clients`.padEnd(22)} tps of direct ${line.ratio.toFixed(2)}   ${line.tps.toFixed(0)} tps   ${line.microseconds.toFixed(0)} µs a statement`,
      )
    }
  }

  const copies: Record<string, number[]> = { direct: [], hoop: [], masked: [] }
  const wide = `COPY (SELECT i, repeat('x', 480) FROM generate_series(1, ${copyRows}) i) TO STDOUT`
  const cards = `COPY (SELECT c.id, k.card_number, c.full_name FROM cards k JOIN customers c ON c.id = k.customer_id CROSS JOIN generate_series(1, 20)) TO STDOUT`
  const out = (url: string, statement: string) => run('sh', ['-c', 'psql -X -q -c "$1" "$2" > /dev/null', 'sh', statement, url])
  for (let round = 0; round < rounds; round++) {
    copies.direct?.push(await timed(() => out(direct, wide)))
    copies.hoop?.push(await timed(() => out(connect.url, wide)))
    const plain = await timed(() => out(direct, cards))
    copies.masked?.push((await timed(() => out(connect.url, cards))) / plain)
    sent += 2
  }
  const bulk = median(copies.hoop ?? []) / median(copies.direct ?? [])
  report.copy = { ratio: bulk, masked: median(copies.masked ?? []) }
  console.log(
    `COPY out of ${((copyRows * 488) / 1e6).toFixed(0)} MB       time of direct ${bulk.toFixed(2)}   masked ${median(copies.masked ?? []).toFixed(2)}`,
  )

  const count = await recorded(system.gateway.records, connect.session)
  console.log(`statements sent ${sent}, operations recorded ${count}`)
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ report, sent, recorded: count }, null, 2)}\n`)
  process.exitCode = sent === count ? 0 : 1
} finally {
  await stack.disposeAsync()
}
