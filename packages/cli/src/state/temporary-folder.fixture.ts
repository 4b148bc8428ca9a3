import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A new folder for one test, which goes with it. */
export async function temporaryFolder(purpose: string): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), `hoop-${purpose}-`))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}
