import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'

export interface PsqlRun {
  readonly url: string
  readonly statement: string
  readonly application: string
  /** Files for its input and output; absent: nothing, and nowhere. */
  readonly input?: string
  readonly output?: string
}

/** Runs one statement by a psql of its own and answers how many milliseconds that took, from its start to its end. */
export async function psql({ url, statement, application, input = '/dev/null', output = '/dev/null' }: PsqlRun): Promise<number> {
  await using from = await open(input, 'r')
  await using into = await open(output, 'w')
  const began = performance.now()
  const child = spawn('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', statement, url], {
    env: { ...process.env, PGAPPNAME: application },
    stdio: [from.fd, into.fd, 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`psql ended with ${code} at: ${statement}`)
  return performance.now() - began
}
