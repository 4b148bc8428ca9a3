import type { Surroundings } from '../surroundings.ts'
import { fileStore } from './file-store.ts'
import { keychainStore } from './keychain-store.ts'

/** Keeps secrets by account. Callers that read and then write hold the lock of state/lock.ts. */
export interface CredentialStore {
  /** For people: "the keychain of this machine", "the file /home/me/.hoop/credentials.json (mode 0600)". */
  readonly place: string
  get(account: string): Promise<string | null>
  set(account: string, secret: string): Promise<void>
  delete(account: string): Promise<void>
}

/** The keychain where this machine has one that works, else a file. What an earlier run kept in the file is still found. */
export async function openCredentialStore(surroundings: Surroundings): Promise<CredentialStore> {
  const file = fileStore(surroundings.home)
  if (surroundings.credentialStore === 'file') return file
  const keychain = await keychainStore(surroundings.isDefaultHome ? 'hoop' : `hoop:${surroundings.home}`)
  if (keychain === null) return file
  return {
    place: keychain.place,
    get: async (account) => (await keychain.get(account)) ?? file.get(account),
    async set(account, secret) {
      await keychain.set(account, secret)
      await file.delete(account)
    },
    async delete(account) {
      await keychain.delete(account)
      await file.delete(account)
    },
  }
}

export const accounts = {
  login: (gateway: string) => `login ${gateway}`,
  deviceKey: (gateway: string) => `device-key ${gateway}`,
  localSecret: (gateway: string, connection: string) => `local-secret ${gateway} ${connection}`,
}
