import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { holdLock } from './lock.ts'

/**
 * A folder below `parent` for as long as this process needs it: gives what removes it. What killed processes left there goes first: a lock that
 * the kernel takes from a dead process says which these are. It is not made here.
 */
export async function holdFolder(parent: string, name: string): Promise<() => Promise<void>> {
  await removeLeft(parent)
  const unlock = await holdLock(join(parent, `${name}.lock`))
  return async () => {
    await removeHeld(parent, name)
    unlock()
  }
}

async function removeLeft(parent: string): Promise<void> {
  const files = await readdir(parent).catch((): string[] => [])
  for (const file of files.filter((each) => each.endsWith('.lock'))) {
    const unlock = await holdLock(join(parent, file), 0).catch(() => null)
    if (unlock === null) continue
    const name = file.slice(0, -'.lock'.length)
    // one that has just begun has the file, not yet the lock
    if (files.includes(name) || (await isOld(join(parent, file)))) await removeHeld(parent, name)
    unlock()
  }
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found !== null && Date.now() - found.mtimeMs > 60_000
}

async function removeHeld(parent: string, name: string): Promise<void> {
  await rm(join(parent, name), { recursive: true, force: true })
  await rm(join(parent, `${name}.lock`), { force: true })
}
