import { and, eq, isNull, lt, lte, or } from 'drizzle-orm'
import type { Sealed } from '../secrets/cipher.ts'
import type { Database } from './database.ts'
import { providerGrants } from './schema.ts'

export async function addProviderGrant(db: Database, login: string, sealed: Sealed, checkedAt: Date): Promise<void> {
  await db.insert(providerGrants).values({ login, ...sealed, checkedAt })
}

/** When the provider last said that the account of the login stands; null: it gave nothing to ask it by. */
export async function readCheckedAt(db: Database, login: string): Promise<Date | null> {
  const where = eq(providerGrants.login, login)
  const [row] = await db.select({ checkedAt: providerGrants.checkedAt }).from(providerGrants).where(where)
  return row?.checkedAt ?? null
}

/** For one of those who try, until `until`; null for the others, and where the account was checked after `checkedBefore`. */
export async function claimProviderGrant(
  db: Database,
  login: string,
  { now, until, checkedBefore }: { now: Date; until: Date; checkedBefore: Date },
): Promise<Sealed | null> {
  const free = or(isNull(providerGrants.claimedUntil), lt(providerGrants.claimedUntil, now))
  const [row] = await db
    .update(providerGrants)
    .set({ claimedUntil: until })
    .where(and(eq(providerGrants.login, login), lte(providerGrants.checkedAt, checkedBefore), free))
    .returning({ ciphertext: providerGrants.ciphertext, nonce: providerGrants.nonce, keyId: providerGrants.keyId })
  return row ?? null
}

/** Gives it back, with the token to use next. */
export async function releaseProviderGrant(
  db: Database,
  login: string,
  next: Sealed & { readonly checkedAt: Date },
): Promise<void> {
  await db
    .update(providerGrants)
    .set({ ...next, claimedUntil: null })
    .where(eq(providerGrants.login, login))
}

export async function removeProviderGrant(db: Database, login: string): Promise<void> {
  await db.delete(providerGrants).where(eq(providerGrants.login, login))
}
