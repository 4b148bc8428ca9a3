import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { HoopError } from '@hoop/contracts/errors'
import { ensureFolder } from './folder.ts'

/** SQLITE_BUSY: https://www.sqlite.org/rescode.html#busy */
const busy = 5
const patience = 30_000

/**
 * Runs `work` while no other hoop process of this user does. The lock is SQLite's on an empty database: the kernel lets go of it
 * when a process dies, so there is no stale lock to judge. Throws `conflict` if it cannot be had within 30 s.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const unlock = await holdLock(path)
  try {
    return await work()
  } finally {
    unlock()
  }
}

/** The same lock for as long as the caller wants it, or this process lives; gives what lets it go. */
export async function holdLock(path: string, patienceMs = patience): Promise<() => void> {
  await ensureFolder(dirname(path))
  const { DatabaseSync } = await import('node:sqlite')
  let database: InstanceType<typeof DatabaseSync>
  try {
    database = new DatabaseSync(path, { timeout: 0 })
  } catch (error) {
    throw unusable(path, error)
  }
  try {
    const deadline = Date.now() + patienceMs
    while (!tryLock(database)) {
      if (Date.now() >= deadline) {
        throw new HoopError('conflict', `another hoop process has held ${path} for ${patienceMs / 1000} s`, {
          hint: 'end it, or wait, and try again',
        })
      }
      await delay(10 + Math.random() * 40)
    }
    return () => database.close()
  } catch (error) {
    database.close()
    throw error instanceof HoopError ? error : unusable(path, error)
  }
}

/** SQLite says in words only that its file cannot be opened or written, or that the disk is full. */
function unusable(path: string, cause: unknown): HoopError {
  return new HoopError('internal', `${path} cannot be locked: ${cause instanceof Error ? cause.message : String(cause)}`, {
    hint: 'look whether there is space left, and whether its folder is yours to write to; HOOP_HOME names another',
    cause,
  })
}

function tryLock(database: { exec(sql: string): void }): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) return false
    throw error
  }
}
