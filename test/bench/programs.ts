import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Ours, and where Debian has programs that a user's PATH may not lead to. */
export const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` }

/** Whether a program is there and says its version. */
export function isInstalled(program: string): Promise<boolean> {
  return run(program, ['--version'], { env: environment }).then(
    () => true,
    () => false,
  )
}

/** @throws with words, before anything is measured. */
export async function requirePrograms(...programs: readonly string[]): Promise<void> {
  for (const program of programs) {
    if (!(await isInstalled(program))) {
      throw new Error(
        `The bench needs ${program}, which is not installed. On Debian psql and pgbench come with: apt-get install postgresql`,
      )
    }
  }
}
