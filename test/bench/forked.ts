import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Stoppable } from '../support/index.ts'

/** A program of the bench that runs as a process of its own. */
export interface Forked extends Stoppable {
  readonly pid: number
  /** Where it listens: its first message. */
  readonly port: number
  readonly child: ChildProcess
}

/** Starts `test/bench/FILE` and waits until it says its port. */
export async function startForked(file: string, args: readonly string[]): Promise<Forked> {
  const child = fork(join(import.meta.dirname, file), args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  })
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-2000)
  })
  const exited = once(child, 'exit')
  const [port] = await Promise.race([
    once(child, 'message'),
    exited.then(() => Promise.reject(new Error(`${file} ${args.join(' ')} does not start: ${words}`))),
  ])
  return {
    pid: child.pid ?? 0,
    port: Number(port),
    child,
    async stop() {
      child.kill()
      await exited
    },
  }
}
