import { readFile } from 'node:fs/promises'
import { statePaths, writeFileAtomically } from './folder.ts'

/** What a shell may offer without asking anybody: a name that no shell would take for more than a name. */
const offered = /^[a-z0-9][a-z0-9._-]*$/i

/** Keeps the names of the connections that the gateway listed last, one a line, where completion finds them. */
export async function keepNames(home: string, names: readonly string[]): Promise<void> {
  const path = statePaths(home).names
  const text = names
    .filter((name) => offered.test(name))
    .map((name) => `${name}\n`)
    .join('')
  if ((await readFile(path, 'utf8').catch(() => null)) !== text) await writeFileAtomically(path, text)
}
