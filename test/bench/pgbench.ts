import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Sample, temporaryFolder } from '../support/index.ts'
import { backends } from './backends.ts'
import { quantile } from './figures.ts'
import { ProcessorWatch } from './processor-time.ts'

const run = promisify(execFile)

/** Seconds that logging in may take; more than `backends` waits. */
const loginLimit = 90

export interface Load {
  readonly sample: Sample
  readonly url: string
  /** A script of one statement. */
  readonly script: string
  readonly mode: 'simple' | 'prepared'
  readonly clients: number
  /** Once all are logged in. */
  readonly seconds: number
  readonly application: string
  /** Processes whose time counts. */
  readonly pids: readonly number[]
}

export interface LoadResult {
  readonly statements: number
  /** Without the time that logging in takes. */
  readonly tps: number
  /** Microseconds of a statement, as the client saw it. */
  readonly p50: number
  readonly p99: number
  /** Microseconds of processor time a statement, of the processes together, from the first statement to the last: no login is in it. */
  readonly processor: number
}

/** Puts load on a database, from one thread. */
export async function pgbench(load: Load): Promise<LoadResult> {
  // What the turn before left behind, or pooled, is none of this one's.
  await backends(load.sample, (count) => count === 0)
  const folder = await temporaryFolder('pgbench')
  const watch = new ProcessorWatch(load.pids)
  try {
    const { sample, mode, clients, seconds, script, url, application } = load
    const log = ['--log', `--log-prefix=${join(folder.path, 'log')}`]
    const args = [
      '-n',
      '-f',
      script,
      '-M',
      mode,
      '-c',
      String(clients),
      '-j',
      '1',
      '-T',
      String(loginLimit + seconds),
      ...log,
      url,
    ]
    const running = run('pgbench', args, { env: { ...process.env, PGAPPNAME: application } })
    // Its own clock runs while it logs in, one client after the other; at this signal the time is over.
    await Promise.race([running, backends(sample, (count) => count >= clients).then(() => delay(seconds * 1000))])
    running.child.kill('SIGALRM')
    const { stdout, stderr } = await running
    watch.stop()
    const statements = Number(/actually processed: (\d+)/.exec(stdout)?.[1])
    const tps = Number(/tps = ([\d.]+)/.exec(stdout)?.[1])
    const { ends, latencies } = await readLog(folder.path)
    if (statements !== ends.length || statements === 0) {
      throw new Error(`pgbench counted ${statements} statements and logged ${ends.length}: ${stdout}${stderr}`)
    }
    return {
      statements,
      tps,
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      processor: watch.forEach(ends),
    }
  } finally {
    watch.stop()
    await folder.stop()
  }
}

/** Ends in microseconds since 1970, and latencies in microseconds; each sorted. https://www.postgresql.org/docs/current/pgbench.html */
async function readLog(folder: string): Promise<{ ends: Float64Array; latencies: Float64Array }> {
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
  const lines = files.flatMap((text) => text.split('\n')).filter((line) => line !== '')
  const ends = new Float64Array(lines.length)
  const latencies = new Float64Array(lines.length)
  for (const [n, line] of lines.entries()) {
    const [, , latency, , seconds, microseconds] = line.split(' ')
    ends[n] = Number(seconds) * 1e6 + Number(microseconds)
    latencies[n] = Number(latency)
  }
  return { ends: ends.sort(), latencies: latencies.sort() }
}
