import { randomUUID } from 'node:crypto'
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { HoopError } from '@hoop/contracts'
import { startOf } from '@hoop/postgres-server'
import { z } from 'zod'

/** Milliseconds; replacing a lock takes a few. */
const turnWithin = 5000
const Lock = z.object({ pid: z.int().positive(), start: z.string(), token: z.string() })
type Lock = z.infer<typeof Lock>

/** The folder of one gateway: keys, records and the embedded store. */
export interface DataFolder {
  readonly keys: string
  readonly records: string
  readonly postgres: string
  /** Lets another gateway have it. */
  release(): Promise<void>
}

/**
 * Takes the folder for this process, making it at first use. The lock of a gateway that was killed is taken over: its process is gone, or
 * another one has its number and started at another time.
 * @throws HoopError `conflict` when a living gateway has it
 */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const folders = { keys: join(folder, 'keys'), records: join(folder, 'records'), postgres: join(folder, 'postgres') }
  for (const each of [folder, folders.keys, folders.records]) {
    await mkdir(each, { recursive: true, mode: 0o700 })
    await chmod(each, 0o700)
  }
  const file = join(folder, 'gateway.lock')
  const own: Lock = { pid: process.pid, start: (await startOf(process.pid)) ?? '', token: randomUUID() }
  await take(file, own, folder)
  const release = async () => {
    if ((await readLock(file))?.token === own.token) await rm(file, { force: true })
  }
  return { ...folders, release }
}

async function take(file: string, own: Lock, folder: string): Promise<void> {
  const fresh = `${file}.${own.token}`
  await writeFile(fresh, JSON.stringify(own), { flag: 'wx', mode: 0o600 })
  try {
    // A link is made whole or not at all: nobody ever reads half a lock.
    if (await linked(fresh, file)) return
    await inTurn(`${file}.takeover`, fresh, async () => {
      while (!(await linked(fresh, file))) {
        const held = await readLock(file)
        // Released just now.
        if (held === undefined) continue
        if (held === null || (await startOf(held.pid)) !== held.start) return await rename(fresh, file)
        throw new HoopError('conflict', `The data folder ${folder} belongs to a gateway that runs as process ${held.pid}.`, {
          hint: 'Stop it, or give this one a folder of its own with HOOP_DATA.',
        })
      }
    })
  } finally {
    await rm(fresh, { force: true })
  }
}

/** One gateway at a time judges and replaces a lock: what it judged is what it replaces. */
async function inTurn(turn: string, fresh: string, work: () => Promise<void>): Promise<void> {
  const end = performance.now() + turnWithin
  while (!(await linked(fresh, turn))) {
    if (performance.now() > end) {
      throw new HoopError('conflict', `Another gateway is starting in the same data folder, as ${turn} says.`, {
        hint: 'If none is, it was killed at that very moment: remove that file.',
      })
    }
    await delay(10)
  }
  try {
    await work()
  } finally {
    await rm(turn, { force: true })
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  return await link(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
}

/** Undefined: there is none. Null: it is not one of ours. */
async function readLock(file: string): Promise<Lock | null | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    return Lock.parse(JSON.parse(text))
  } catch {
    return null
  }
}
