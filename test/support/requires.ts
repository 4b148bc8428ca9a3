import { spawnSync } from 'node:child_process'
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

/** The Python that has the drivers; HOOP_TEST_PYTHON names that of a venv. */
export function python(): string {
  return process.env.HOOP_TEST_PYTHON ?? 'python3'
}

const libraries = new Map<string, boolean>()
function hasLibrary(name: string): boolean {
  const known = libraries.get(name)
  if (known !== undefined) return known
  const found = spawnSync(python(), ['-c', `import ${name}`], { stdio: 'ignore' }).status === 0
  libraries.set(name, found)
  return found
}

function isThere(program: string): boolean {
  return program.startsWith('python:') ? hasLibrary(program.slice('python:'.length)) : isInstalled(program)
}

/**
 * Skips a test whose programs (or Python libraries, as in `python:psycopg`) this machine lacks, saying which: `beforeEach((context) => requires(context, 'psql'))`.
 * @throws in place of skipping where HOOP_TEST_REQUIRE=all says that this machine must have them.
 */
export function requires(context: TestContext, ...programs: readonly string[]): void {
  const missing = programs.filter((program) => !isThere(program))
  if (missing.length === 0) return
  const words = `needs ${missing.join(', ')}`
  if (process.env.HOOP_TEST_REQUIRE === 'all') throw new Error(`this test ${words}, and HOOP_TEST_REQUIRE=all`)
  context.skip(words)
}
