import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'vitest'

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return folder !== ''
    } catch {
      return false
    }
  })
}

/**
 * Skips a test whose programs this machine lacks, saying which: `beforeEach((context) => requires(context, 'psql'))`.
 * @throws in place of skipping where HOOP_TEST_REQUIRE=all says that this machine must have them.
 */
export function requires(context: TestContext, ...programs: readonly string[]): void {
  const missing = programs.filter((program) => !isInstalled(program))
  if (missing.length === 0) return
  const words = `needs ${missing.join(', ')}`
  if (process.env.HOOP_TEST_REQUIRE === 'all') throw new Error(`this test ${words}, and HOOP_TEST_REQUIRE=all`)
  context.skip(words)
}
