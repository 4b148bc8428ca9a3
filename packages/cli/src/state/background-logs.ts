import { copyFileSync, fstatSync, truncateSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureFolder, statePaths } from './folder.ts'

/** What a log may take before it begins anew; one that went before is kept beside it. */
const largest = 4 * 1024 * 1024
/** Those of connects that ended by themselves are kept for so long, and so many: they say why. */
const keptForMs = 7 * 86_400_000
const keptAtMost = 20

/** The log of a connect in the background that begins now. */
export async function newLog(home: string): Promise<string> {
  const { running } = statePaths(home)
  await ensureFolder(running)
  return join(running, `${new Date().toISOString().replaceAll(':', '')}.log`)
}

/** A log that is told each time something was written to it, and keeps itself small. The descriptor must append, as that of a detached connect does. */
export function boundLog(path: string, descriptor: number): () => void {
  return () => {
    if (fstatSync(descriptor).size <= largest) return
    copyFileSync(path, `${path}.1`)
    truncateSync(path)
  }
}

export async function removeLog(path: string): Promise<void> {
  await rm(path, { force: true })
  await rm(`${path}.1`, { force: true })
}

/** Removes logs that are old or many; never those of `inUse`. */
export async function sweepLogs(home: string, inUse: ReadonlySet<string>, now = Date.now()): Promise<void> {
  const { running } = statePaths(home)
  const names = (await readdir(running).catch(() => [])).filter((name) => name.endsWith('.log'))
  const ended = names.map((name) => join(running, name)).filter((path) => !inUse.has(path))
  // their names are the times at which they began
  for (const [index, path] of ended.sort().reverse().entries()) {
    const written = await stat(path).catch(() => null)
    if (index >= keptAtMost || (written !== null && now - written.mtimeMs > keptForMs)) await removeLog(path)
  }
}
