import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hoopBin, hoopEnvironment } from '@hoop/demo'

/** What is bearable: so long, or so many times what Node takes to do nothing. */
const boundMs = 150
const boundRatio = 2
const rounds = 15

/** The time from the start of a program to the first byte that it says, on either output, or to its end if it says nothing. */
async function firstOutput(args: readonly string[], env: Record<string, string>): Promise<number> {
  const began = performance.now()
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), ended])
  const took = performance.now() - began
  await ended
  return took
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0
}

const home = await mkdtemp(join(tmpdir(), 'hoop-start-'))
try {
  const env = hoopEnvironment(home, process.env)
  const bare = ['-e', 'process.stdout.write("0")']
  const lines = [
    '--version',
    '--help',
    'connect --help',
    'exit-codes',
    'completion bash',
    'ls',
    'status',
    'connect sample',
    'exec sample -- true',
  ]
  const times = new Map<string, number[]>()
  // One of each in turn, so that what else the machine does meets all alike. The first round fills the cache of compiled code.
  for (let round = -1; round < rounds; round++) {
    for (const line of ['', ...lines]) {
      const args = line === '' ? bare : [hoopBin, ...line.split(' ')]
      const took = await firstOutput(args, env)
      if (round >= 0) times.set(line, [...(times.get(line) ?? []), took])
    }
  }
  const base = median(times.get('') ?? [])
  process.stdout.write(`node, nothing else   ${base.toFixed(0).padStart(4)} ms\n`)
  const slow: string[] = []
  for (const line of lines) {
    const took = median(times.get(line) ?? [])
    const within = took <= Math.max(boundMs, boundRatio * base)
    if (!within) slow.push(line)
    process.stdout.write(
      `hoop ${line.padEnd(20)} ${took.toFixed(0).padStart(4)} ms  ${(took / base).toFixed(1)}×${within ? '' : '  too slow'}\n`,
    )
  }
  if (slow.length > 0) process.exitCode = 1
} finally {
  await rm(home, { recursive: true, force: true })
}
