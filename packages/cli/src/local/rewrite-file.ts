import { randomBytes } from 'node:crypto'
import { chmod, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { isErrno } from '../state/folder.ts'
import { withLock } from '../state/lock.ts'

/**
 * Changes a file of the user's that holds passwords; it is for its owner only (0600) from then on. Bytes are given as Latin-1, so that those that are
 * left alone stay the same. A file that is not there is empty, and an empty one is removed. Readers see the old one or the new one.
 */
export async function rewriteFile(
  given: string,
  lock: string,
  change: (text: string) => string | Promise<string>,
): Promise<void> {
  await withLock(lock, async () => {
    // a link to where somebody keeps such files stays one
    const path = await realpath(given).catch(() => given)
    const before = await readFile(path, 'latin1').catch((error: unknown) => {
      if (isErrno(error, 'ENOENT')) return ''
      throw error
    })
    const after = await change(before)
    if (after === '') return await rm(path, { force: true })
    if (after === before) return
    const temporary = `${path}.${randomBytes(4).toString('hex')}`
    try {
      const file = await open(temporary, 'wx', 0o600)
      try {
        await file.writeFile(after, 'latin1')
        await file.sync()
      } finally {
        await file.close()
      }
      await chmod(temporary, 0o600)
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  })
}
