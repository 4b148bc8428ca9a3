import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a helper started. */
export interface Stoppable {
  stop(): Promise<unknown>
}

/**
 * Stops what a test file started after its last test, in reverse order, however its tests end:
 * `const keep = keepUntilEnd(afterAll)`, and in a hook or test `const sample = await keep(startSamplePostgres())`.
 */
export function keepUntilEnd(
  afterAll: (hook: () => Promise<void>, limit?: number) => void,
): <T extends Stoppable>(starting: Promise<T>) => Promise<T> {
  const stack = new AsyncDisposableStack()
  afterAll(() => stack.disposeAsync(), 120_000)
  return async (starting) => {
    const started = await starting
    stack.defer(async () => {
      await started.stop()
    })
    return started
  }
}

/** A new folder that anybody may pass through (a database may run as another user in it) and only we can list. */
export async function temporaryFolder(purpose: string): Promise<Stoppable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), `hoop-${purpose}-`))
  return { path, stop: () => rm(path, { recursive: true, force: true }) }
}
