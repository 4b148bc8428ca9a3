import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { servesCluster, startOf } from './processes.ts'

/** Which process uses a data folder, so that a server is stopped only when nobody is left who started it. */
interface Owner {
  readonly pid: number
  readonly start: string | null
}

/**
 * Takes the data folder for this process; the answer gives it back.
 * @throws when a living process holds it: two gateways on one store are a mistake that must be loud.
 */
export async function claim(dataFolder: string): Promise<() => Promise<void>> {
  const file = join(dataFolder, 'owner.json')
  const former = await readOwner(file)
  if (former !== null && former.start !== null && (await startOf(former.pid)) === former.start) {
    throw new Error(`${dataFolder} is in use by process ${former.pid}: stop it first, or choose another folder`)
  }
  const owner: Owner = { pid: process.pid, start: await startOf(process.pid) }
  await writeFile(file, JSON.stringify(owner), { mode: 0o600 })
  return () => rm(file, { force: true })
}

async function readOwner(file: string): Promise<Owner | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  try {
    const { pid, start } = JSON.parse(text) as Partial<Record<keyof Owner, unknown>>
    return typeof pid === 'number' && typeof start === 'string' ? { pid, start } : null
  } catch {
    // Cut short by a crash while it was written: that process is gone.
    return null
  }
}

/**
 * The port of the server that serves this cluster (an absolute path without links) and takes connections now; null: there is none. Whatever else
 * listens on a port that stands in its lock is never spoken to: it could ask for the password (PostgreSQL's source, "pidfile.h").
 */
export async function portOf(cluster: string): Promise<number | null> {
  const file = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')
  const [pid, , , port, , , , status = ''] = file.split('\n')
  if (!['ready', 'standby'].includes(status.trim()) || !(await servesCluster(Number(pid), cluster))) return null
  return Number(port)
}

/** Stops the server that a killed owner left running on this cluster, if there is one; waits until it is gone. */
export async function stopServerOf(cluster: string): Promise<void> {
  const file = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => null)
  const pid = Number(file?.split('\n', 1)[0])
  // The file outlives a crash, and its number may belong to somebody else by now: then PostgreSQL itself removes it.
  if (!Number.isInteger(pid) || pid <= 1 || !(await servesCluster(pid, cluster))) return
  for (const [signal, limit] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 10_000],
    ['SIGKILL', 5_000],
  ] as const) {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    const end = Date.now() + limit
    while (Date.now() < end) {
      if (!(await servesCluster(pid, cluster))) return
      await delay(20)
    }
  }
  throw new Error(`PostgreSQL (process ${pid}) was left behind on ${cluster} and does not stop`)
}
