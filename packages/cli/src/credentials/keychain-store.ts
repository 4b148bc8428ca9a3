import type { CredentialStore } from './store.ts'

/**
 * The OS keychain: Keychain, Credential Manager, or on Linux the Secret Service and nothing else. Left to itself the library
 * falls back to the kernel's key ring, which forgets everything at logout. Null where no keychain answers.
 */
export async function keychainStore(service: string): Promise<CredentialStore | null> {
  const keyring = await import('@napi-rs/keyring').catch(() => null)
  if (keyring === null) return null
  const entry = (account: string) => new keyring.AsyncEntry(service, account, { linux: { store: 'secret-service' } })
  const store: CredentialStore = {
    place: 'the keychain of this machine',
    async get(account) {
      const bytes = await entry(account).getSecret()
      return bytes === null ? null : Buffer.from(bytes).toString('utf8')
    },
    async set(account, secret) {
      await entry(account).setSecret(Buffer.from(secret, 'utf8'))
    },
    async delete(account) {
      await entry(account).deleteCredential()
    },
  }
  try {
    await store.get('probe')
    return store
  } catch {
    return null
  }
}
