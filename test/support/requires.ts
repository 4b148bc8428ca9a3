import { execFileSync } from 'node:child_process'
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

/** The Python that has psycopg 3; HOOP_TEST_PYTHON names that of a venv. */
export function python(): string {
  return process.env.HOOP_TEST_PYTHON ?? 'python3'
}

let psycopg: boolean | undefined
function hasPsycopg(): boolean {
  try {
    execFileSync(python(), ['-c', 'import psycopg; psycopg.Pipeline'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function isThere(program: string): boolean {
  if (program !== 'psycopg') return isInstalled(program)
  psycopg ??= hasPsycopg()
  return psycopg
}

/**
 * Skips a test whose programs (or the Python library `psycopg`) this machine lacks, saying which: `beforeEach((context) => requires(context, 'psql'))`.
 * @throws in place of skipping where HOOP_TEST_REQUIRE=all says that this machine must have them.
 */
export function requires(context: TestContext, ...programs: readonly string[]): void {
  const missing = programs.filter((program) => !isThere(program))
  if (missing.length === 0) return
  const words = `needs ${missing.join(', ')}`
  if (process.env.HOOP_TEST_REQUIRE === 'all') throw new Error(`this test ${words}, and HOOP_TEST_REQUIRE=all`)
  context.skip(words)
}
