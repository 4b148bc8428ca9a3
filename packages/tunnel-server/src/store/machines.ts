import { and, asc, eq, gt, isNull, lt, or, sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { type Login, readLogin } from './logins.ts'
import { delegations, serviceAccountKeys, usedTokens } from './schema.ts'

export type StoredKey = typeof serviceAccountKeys.$inferSelect
export type StoredDelegation = typeof delegations.$inferSelect

/**
 * Uses up a token until it ends: true for the first who tries, and for the same key of a device again (null: no key was proven, and it is
 * used once).
 */
export async function useToken(
  db: Database,
  { hash, device, expiresAt }: { hash: Buffer; device: string | null; expiresAt: Date },
): Promise<boolean> {
  const mine = device === null ? sql`false` : eq(usedTokens.device, device)
  const used = await db
    .insert(usedTokens)
    .values({ hash, device, expiresAt })
    .onConflictDoUpdate({ target: usedTokens.hash, set: { expiresAt }, setWhere: mine })
    .returning({ hash: usedTokens.hash })
  return used.length > 0
}

export async function forgetTokensBefore(db: Database, moment: Date): Promise<void> {
  await db.delete(usedTokens).where(lt(usedTokens.expiresAt, moment))
  await db.delete(delegations).where(lt(delegations.expiresAt, moment))
}

export async function addKey(db: Database, key: Omit<StoredKey, 'lastUsedAt' | 'revokedAt'>): Promise<void> {
  await db.insert(serviceAccountKeys).values(key)
}

export async function findKey(db: Database, hash: Buffer): Promise<StoredKey | null> {
  const [row] = await db.select().from(serviceAccountKeys).where(eq(serviceAccountKeys.hash, hash))
  return row ?? null
}

/** Notes the use of a key; false: it was revoked meanwhile. The row stays locked until the transaction ends, before or after a revocation. */
export async function useKey(db: Database, id: string, now: Date): Promise<boolean> {
  const used = await db
    .update(serviceAccountKeys)
    .set({ lastUsedAt: now })
    .where(and(eq(serviceAccountKeys.id, id), isNull(serviceAccountKeys.revokedAt)))
    .returning({ id: serviceAccountKeys.id })
  return used.length > 0
}

/** In the order of their accounts, the oldest first. */
export async function readKeys(db: Database): Promise<StoredKey[]> {
  return await db.select().from(serviceAccountKeys).orderBy(asc(serviceAccountKeys.account), asc(serviceAccountKeys.createdAt))
}

/** Revokes a key of the account, or all (null); answers with the ids of those that were good until now. */
export async function revokeKeys(db: Database, account: string, id: string | null, now: Date): Promise<string[]> {
  const these = and(
    eq(serviceAccountKeys.account, account),
    isNull(serviceAccountKeys.revokedAt),
    id === null ? undefined : eq(serviceAccountKeys.id, id),
  )
  const revoked = await db
    .update(serviceAccountKeys)
    .set({ revokedAt: now })
    .where(these)
    .returning({ id: serviceAccountKeys.id })
  return revoked.map((key) => key.id)
}

export async function addDelegation(db: Database, delegation: Omit<StoredDelegation, 'usedAt'>): Promise<void> {
  await db.insert(delegations).values(delegation)
}

/**
 * Uses the delegation to this machine, which is gone then if it is good for one use. Null: there is none that is good, or the login of the
 * person who gave it is not running any more.
 */
export async function useDelegation(
  db: Database,
  { hash, machine, now }: { hash: Buffer; machine: string; now: Date },
): Promise<{ delegation: StoredDelegation; principal: Login } | null> {
  const good = and(
    eq(delegations.hash, hash),
    eq(delegations.machine, machine),
    gt(delegations.expiresAt, now),
    or(eq(delegations.once, false), isNull(delegations.usedAt)),
  )
  const [delegation] = await db.update(delegations).set({ usedAt: now }).where(good).returning()
  if (delegation === undefined) return null
  const principal = await readLogin(db, delegation.login)
  if (principal === null || principal.endedAt !== null || principal.expiresAt <= now) return null
  return { delegation, principal }
}
