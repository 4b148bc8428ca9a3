import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** What the suite needs is not to be had here: nothing was tested, and nothing failed. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

/**
 * A folder of this name in the cache, outside of the checkout, that `make` has filled once. What was broken off is never taken for the whole.
 * @param name says all that its content depends on, versions above all.
 */
export async function cached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const place = placeOf(name)
  if (await isThere(place)) return place
  await mkdir(dirname(place), { recursive: true })
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

/** Whether `cached` has no need to make it. */
export function isCached(name: string): Promise<boolean> {
  return isThere(placeOf(name))
}

function placeOf(name: string): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hoop', 'conformance', name)
}

async function isThere(place: string): Promise<boolean> {
  return (await stat(place).catch(() => null)) !== null
}
