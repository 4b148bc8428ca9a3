import { stat } from 'node:fs/promises'
import { HoopError } from '@hoop/contracts/errors'
import { z } from 'zod'
import { isErrno, readJsonFile, statePaths, writeFileAtomically } from '../state/folder.ts'
import { withLock } from '../state/lock.ts'
import type { CredentialStore } from './store.ts'

const Credentials = z.record(z.string(), z.string())

/** Secrets in a file of mode 0600 in a folder of mode 0700. A file that others may read is refused. */
export function fileStore(home: string): CredentialStore {
  const { credentials: path, lock } = statePaths(home)

  async function read(): Promise<Record<string, string>> {
    await refuseIfShared(path)
    return (await readJsonFile(path, Credentials)) ?? {}
  }
  const write = (all: Record<string, string>) => writeFileAtomically(path, `${JSON.stringify(all, null, 2)}\n`)
  // Its own: those who hold the lock of a login or of a key write here, each about something else.
  const alone = <T>(work: () => Promise<T>) => withLock(`${lock}-credentials`, work)

  return {
    place: `the file ${path} (mode 0600; no keychain is used)`,
    get: async (account) => (await read())[account] ?? null,
    set: (account, secret) => alone(async () => write({ ...(await read()), [account]: secret })),
    async delete(account) {
      if (!(account in (await read()))) return
      await alone(async () => {
        const all = await read()
        delete all[account]
        await write(all)
      })
    },
  }
}

async function refuseIfShared(path: string): Promise<void> {
  if (process.platform === 'win32') return
  try {
    const { mode } = await stat(path)
    if (mode & 0o077) {
      throw new HoopError('internal', `${path} can be read by other users`, { hint: `chmod 600 ${path}, then log in again` })
    }
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
}
