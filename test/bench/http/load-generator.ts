import { once } from 'node:events'
import { z } from 'zod'
import type { Stoppable } from '../../support/index.ts'
import { startForked } from '../forked.ts'
import type { LoadResult, LoadTask } from './load.ts'

/** The one process that puts load on all candidates: what it compiles serves all alike. */
export interface LoadGenerator extends Stoppable {
  /** One task at a time; rejects where an answer is not what was asked for. */
  run(task: LoadTask): Promise<LoadResult>
}

const Failure = z.object({ failure: z.string() })

export async function startLoadGenerator(): Promise<LoadGenerator> {
  const { child, stop } = await startForked('http/load.ts', [])
  return {
    stop,
    async run(task) {
      child.send(task)
      const [answer] = await once(child, 'message')
      const failed = Failure.safeParse(answer)
      if (failed.success) throw new Error(`${task.url}: ${failed.data.failure}`)
      return answer
    },
  }
}
