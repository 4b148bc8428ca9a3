import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { ScramVerifier } from '@hoop/contracts'
import { withLock } from '../state/lock.ts'
import { accounts, type CredentialStore } from './store.ts'

const iterations = 4096

export interface LocalSecretRequest {
  readonly store: CredentialStore
  readonly lock: string
  readonly gateway: string
  readonly connection: string
  readonly rotate: boolean
}

/** The password of a connection's local port: 24 random bytes as base64url, made once per device, gateway and connection. */
export async function localSecret({ store, lock, gateway, connection, rotate }: LocalSecretRequest): Promise<string> {
  const account = accounts.localSecret(gateway, connection)
  return withLock(lock, async () => {
    const kept = rotate ? null : await store.get(account)
    if (kept !== null) return kept
    const secret = randomBytes(24).toString('base64url')
    await store.set(account, secret)
    return secret
  })
}

/** What the gateway needs to check the password without knowing it: RFC 5802 section 3 with SHA-256 (RFC 7677). */
export async function scramVerifier(secret: string, salt = randomBytes(16)): Promise<ScramVerifier> {
  // base64url is its own SASLprep form
  const salted = await promisify(pbkdf2)(secret, salt, iterations, 32, 'sha256')
  const hmac = (words: string) => createHmac('sha256', salted).update(words).digest()
  return {
    salt: salt.toString('base64'),
    iterations,
    storedKey: createHash('sha256').update(hmac('Client Key')).digest('base64'),
    serverKey: hmac('Server Key').toString('base64'),
  }
}
