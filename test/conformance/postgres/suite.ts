import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { serverAccount } from '@hoop/postgres-server'
import type { Build } from './build.ts'

/** Where pg_regress connects to, as a superuser. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

/** What came of one run. */
export interface SuiteResult {
  readonly passed: ReadonlySet<string>
  /** Tests that gave something else than expected, or no end. */
  readonly failed: ReadonlyMap<string, Difference>
}

export interface Difference {
  readonly file: string
  /** Its first refusal, or else its first line that was not expected. */
  readonly first: string
}

/** What is run. */
export interface Suite {
  readonly build: Build
  readonly schedule: Schedule
  /** How many tests run at the same time. */
  readonly connections: number
}

/** The suite's own order: one line a group of tests that run at the same time. */
export type Schedule = readonly (readonly string[])[]

/** Half a minute directly, and some with the strict profile, which reads the catalogue after each definition: more means that something hangs. */
const limit = 45 * 60_000

/** The suite's schedule, or these tests and all groups before the last of them, for later ones build upon earlier ones. */
export async function readSchedule(build: Build, only: readonly string[] | null): Promise<Schedule> {
  const lines = (await readFile(join(build.regress, 'parallel_schedule'), 'utf8')).split('\n')
  const groups = lines.filter((line) => line.startsWith('test: ')).map((line) => line.slice('test: '.length).trim().split(/\s+/))
  if (only === null) return groups
  const strange = only.filter((name) => !groups.flat().includes(name))
  if (strange.length > 0) throw new Error(`the suite has no test ${strange.join(', ')}`)
  const last = groups.findLastIndex((group) => group.some((name) => only.includes(name)))
  return [...groups.slice(0, last), ...groups.slice(last, last + 1).map((group) => group.filter((name) => only.includes(name)))]
}

/** Runs pg_regress and its psql, as the account that runs the server, with results and differences in `folder`. */
export async function runSuite({ build, schedule, connections }: Suite, address: Address, folder: string): Promise<SuiteResult> {
  const account = serverAccount()
  const output = join(folder, 'output')
  await mkdir(output, { recursive: true })
  // The server writes there too, for COPY TO a file.
  if (account !== undefined) await chown(output, account.uid, account.gid)
  const scheduleFile = join(folder, 'schedule')
  await writeFile(scheduleFile, schedule.map((group) => `test: ${group.join(' ')}\n`).join(''))
  const args = {
    host: address.host,
    port: address.port,
    user: address.user,
    bindir: build.bin,
    dlpath: build.regress,
    inputdir: build.regress,
    outputdir: output,
    schedule: scheduleFile,
    'max-connections': connections,
  }
  const flags = Object.entries(args).map(([name, value]) => `--${name}=${value}`)
  const child = spawn(join(build.regress, 'pg_regress'), flags, {
    cwd: output,
    env: { PATH: process.env.PATH, PGPASSWORD: address.password },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that the psqls of a suite that hangs end with it.
    detached: true,
    ...account,
  })
  const end = (signal: NodeJS.Signals) => child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, signal)
  const timer = setTimeout(() => end('SIGKILL'), limit)
  const atExit = () => end('SIGKILL')
  process.once('exit', atExit)
  try {
    const [said, complaints] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    await writeFile(join(folder, 'pg_regress.log'), said + complaints)
    if (verdicts(said).size === 0) throw new Error(`pg_regress ran no test: ${said}${complaints}`)
    return await resultOf(said, schedule.flat(), folder)
  } finally {
    clearTimeout(timer)
    process.removeListener('exit', atExit)
  }
}

/** `test NAME ... ok`, or indented in a group. */
function verdicts(said: string): Map<string, string> {
  return new Map(
    Array.from(said.matchAll(/^(?:test| {4}) (\S+) +\.\.\. (ok|FAILED)\b/gm), ([, name = '', word = '']) => [name, word]),
  )
}

async function resultOf(said: string, tests: readonly string[], folder: string): Promise<SuiteResult> {
  const words = verdicts(said)
  const passed = new Set(tests.filter((test) => words.get(test) === 'ok'))
  const differences = await readDifferences(join(folder, 'output', 'regression.diffs'))
  const failed = new Map<string, Difference>()
  for (const test of tests.filter((each) => !passed.has(each))) {
    const file = join(folder, `${test}.diff`)
    const difference = differences.get(test) ?? (words.has(test) ? '+psql ended with an error\n' : '+it did not end\n')
    await writeFile(file, difference)
    failed.set(test, { file, first: firstLineOf(difference) })
  }
  return { passed, failed }
}

function firstLineOf(difference: string): string {
  const added = Array.from(difference.matchAll(/^\+(?!\+\+)(.*)$/gm), ([, line = '']) => line)
  return (added.find((line) => line.includes('refused: ')) ?? added[0] ?? 'lines are missing').trim()
}

/** Parts the one file of differences by its tests. */
async function readDifferences(file: string): Promise<Map<string, string>> {
  const all = await readFile(file, 'utf8').catch(() => '')
  const parts = all.split(/^(?=diff )/m)
  return new Map(parts.flatMap((part) => [[/results\/(\w+)\.out/.exec(part)?.[1] ?? '', part] as const]))
}
