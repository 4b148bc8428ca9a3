import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Sample, Stoppable } from '../../support/index.ts'
import { type Candidate, plainUrl, type Way } from './candidate.ts'

/**
 * Two processes of ours with one WebSocket between them, as `hoop connect` and the gateway are, which look at nothing. `bare`: the yardstick, with
 * nothing but what a relay needs. `tunnel`: with the tunnel that hoop has, its credit, fairness and acknowledgements.
 */
export async function startChain(kind: 'bare' | 'tunnel', sample: Sample, way: Way): Promise<Candidate> {
  const far = await startEnd('far', kind, sample.port)
  try {
    const near = await startEnd('near', kind, await way(far.port))
    return {
      name: kind,
      url: plainUrl(sample, near.port),
      programs: { near: near.pid, far: far.pid },
      recorded: null,
      async stop() {
        await near.stop()
        await far.stop()
      },
    }
  } catch (error) {
    await far.stop()
    throw error
  }
}

async function startEnd(end: 'near' | 'far', kind: string, target: number): Promise<Stoppable & { port: number; pid: number }> {
  const child = fork(join(import.meta.dirname, 'chain-end.ts'), [end, kind, String(target)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-2000)
  })
  const exited = once(child, 'exit')
  const [port] = await Promise.race([
    once(child, 'message'),
    exited.then(() => Promise.reject(new Error(`the ${end} end of the ${kind} chain does not start: ${words}`))),
  ])
  return {
    port: Number(port),
    pid: child.pid ?? 0,
    async stop() {
      child.kill()
      await exited
    },
  }
}
