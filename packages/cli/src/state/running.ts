import { randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readJsonFile, statePaths, writeFileAtomically } from './folder.ts'
import { holdLock } from './lock.ts'
import type { RunningConnect } from './running-connect.ts'

export interface Registration {
  /** Resolves when others can see it. */
  update(change: Partial<Pick<RunningConnect, 'tunnel' | 'endpoints'>>): Promise<void>
  end(): Promise<void>
}

/**
 * Makes this process known to `hoop status` and `hoop disconnect` until `end`. A lock that the kernel takes from a dead process says that the
 * entry is alive: a process id alone may by then be that of another program.
 */
export async function register(home: string, about: RunningConnect): Promise<Registration> {
  const { running } = statePaths(home)
  const name = `${about.pid}-${randomBytes(4).toString('hex')}`
  const path = join(running, `${name}.json`)
  const unlock = await holdLock(join(running, `${name}.lock`))
  let known = about
  let writing = Promise.resolve()
  const write = () => {
    writing = writing.then(() => writeFileAtomically(path, `${JSON.stringify(known)}\n`))
    return writing
  }
  await write()
  return {
    update(change) {
      known = { ...known, ...change }
      return write()
    },
    async end() {
      await writing.catch(() => {})
      await removeEntry(running, name)
      unlock()
    },
  }
}

/** Those that run now, oldest first. What killed ones left is cleared away. */
export async function listRunning(home: string): Promise<RunningConnect[]> {
  const { running } = statePaths(home)
  const files = await readdir(running).catch(() => [])
  const locks = files.filter((each) => each.endsWith('.lock'))
  if (locks.length === 0) return []
  const { RunningConnect: schema } = await import('./running-connect.ts')
  const all: RunningConnect[] = []
  for (const file of locks) {
    const name = file.slice(0, -'.lock'.length)
    // held by whoever it describes: what can be had is left behind
    const unlock = await holdLock(join(running, file), 0).catch(() => null)
    const entry = await readJsonFile(join(running, `${name}.json`), schema)
    if (unlock === null) {
      if (entry !== null) all.push(entry)
      continue
    }
    // one that has just begun has the file, not yet the lock
    if (entry !== null || (await isOld(join(running, file)))) await removeEntry(running, name)
    unlock()
  }
  return all.sort((one, other) => one.since.localeCompare(other.since))
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found !== null && Date.now() - found.mtimeMs > 60_000
}

async function removeEntry(folder: string, name: string): Promise<void> {
  await rm(join(folder, `${name}.json`), { force: true })
  await rm(join(folder, `${name}.lock`), { force: true })
}
