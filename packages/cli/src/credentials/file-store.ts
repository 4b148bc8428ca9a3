import { stat } from 'node:fs/promises'
import { HoopError } from '@hoop/contracts/errors'
import { z } from 'zod'
import { isErrno, readJsonFile, statePaths, writeFileAtomically } from '../state/folder.ts'
import type { CredentialStore } from './store.ts'

const Credentials = z.record(z.string(), z.string())

/** Secrets in a file of mode 0600 in a folder of mode 0700. A file that others may read is refused. */
export function fileStore(home: string): CredentialStore {
  const path = statePaths(home).credentials

  async function read(): Promise<Record<string, string>> {
    await refuseIfShared(path)
    return (await readJsonFile(path, Credentials)) ?? {}
  }
  const write = (all: Record<string, string>) => writeFileAtomically(path, `${JSON.stringify(all, null, 2)}\n`)

  return {
    place: `the file ${path} (mode 0600; no keychain is used)`,
    get: async (account) => (await read())[account] ?? null,
    async set(account, secret) {
      await write({ ...(await read()), [account]: secret })
    },
    async delete(account) {
      const all = await read()
      if (!(account in all)) return
      delete all[account]
      await write(all)
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
