import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What the suite needs is not to be had here: nothing was tested, and nothing failed. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

/**
 * A folder of this name in the cache, outside of the checkout, that `make` has filled once. What was broken off is never taken for the whole.
 * @param name says all that its content depends on, versions above all.
 */
export async function cached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hoop', 'conformance')
  const place = join(cache, name)
  if (await isThere(place)) return place
  await mkdir(cache, { recursive: true })
  const partial = await mkdtemp(`${place}.`)
  try {
    await make(partial)
    // Somebody else may have been faster: theirs is the same.
    await rename(partial, place).catch(async (error: unknown) => {
      if (!(await isThere(place))) throw error
    })
    return place
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

async function isThere(place: string): Promise<boolean> {
  return (await stat(place).catch(() => null)) !== null
}
