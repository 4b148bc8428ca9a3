import { open, rm } from 'node:fs/promises'
import { HoopError } from '@hoop/contracts/errors'
import { isErrno } from './folder.ts'
import { systemReason } from './system-reason.ts'

/** Writes lines to a file that was not there, for this user only (0600). Throws HoopError `conflict` if it was there; one that is not whole is removed. */
export async function writeNewFile(path: string, lines: AsyncIterable<string>): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    if (isErrno(cause, 'EEXIST'))
      throw new HoopError('conflict', `${path} is there already`, { hint: 'name another file', cause })
    throw new HoopError('invalid_request', `${path} cannot be written: ${systemReason(cause)}`, {
      hint: 'name another file',
      cause,
    })
  })
  try {
    for await (const line of lines) await file.write(`${line}\n`)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}
