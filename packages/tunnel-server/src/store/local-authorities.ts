import { eq, sql } from 'drizzle-orm'
import type { Sealed } from '../secrets/cipher.ts'
import type { Database } from './database.ts'
import { localAuthorities } from './schema.ts'

/** An identity's authority for localhost, its key encrypted. */
export interface LocalAuthority {
  /** PEM. */
  readonly certificate: string
  readonly key: Sealed
  readonly notAfter: Date
}

/** Waits until no other transaction, of whatever gateway, works on this identity's authority. */
export async function lockLocalAuthority(db: Database, identity: string): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(hashtext('local authority'), hashtext(${identity}))`)
}

export async function readLocalAuthority(db: Database, identity: string): Promise<LocalAuthority | null> {
  const [row] = await db.select().from(localAuthorities).where(eq(localAuthorities.identityId, identity))
  if (row === undefined) return null
  const { certificate, notAfter, ciphertext, nonce, keyId } = row
  return { certificate, notAfter, key: { ciphertext, nonce, keyId } }
}

export async function putLocalAuthority(db: Database, identity: string, authority: LocalAuthority): Promise<void> {
  const { certificate, notAfter, key } = authority
  const row = { certificate, notAfter, ...key }
  await db
    .insert(localAuthorities)
    .values({ identityId: identity, ...row })
    .onConflictDoUpdate({ target: localAuthorities.identityId, set: row })
}
