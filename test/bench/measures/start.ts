import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hoopBin, hoopEnvironment } from '@hoop/demo'
import { temporaryFolder } from '../../support/index.ts'
import type { Stage } from '../stage.ts'

export const startPoint = 'first output'
export const bareNode = 'node -e 0'
export const startLines = [
  '--version',
  '--help',
  'connect --help',
  'exec --help',
  'exit-codes',
  'completion bash',
  'ls',
  'connect sample',
  'exec sample -- true',
].map((line) => `hoop ${line}`)
const turns = 5

/** The command line where nobody is logged in, against Node that does nothing. */
export async function measureStart({ figures, rounds }: Pick<Stage, 'figures' | 'rounds'>): Promise<void> {
  const home = await temporaryFolder('start')
  try {
    const env = hoopEnvironment(home.path, process.env)
    // One of each in turn, so that what else the machine does meets all alike. The first round fills the cache of compiled code.
    for (let turn = -1; turn < rounds * turns; turn++) {
      for (const line of [bareNode, ...startLines]) {
        const args = line === bareNode ? ['-e', 'process.stdout.write("0")'] : [hoopBin, ...line.split(' ').slice(1)]
        const ms = await firstOutput(args, env)
        if (turn >= 0) figures.add({ point: startPoint, candidate: line, figures: { ms }, statements: 0 })
      }
    }
  } finally {
    await home.stop()
  }
}

/** Milliseconds from the start of a program to the first byte that it says, on either output, or to its end if it says nothing. */
async function firstOutput(args: readonly string[], env: Record<string, string>): Promise<number> {
  const began = performance.now()
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), ended])
  const took = performance.now() - began
  await ended
  return took
}
