import type { Identity } from '@hoop/contracts'
import { and, eq, gt, isNotNull, isNull, lt } from 'drizzle-orm'
import { type Database, notify } from './database.ts'
import { logins, refreshTokens } from './schema.ts'

export interface Login {
  readonly id: string
  readonly identity: Identity
  readonly authenticatedAt: Date
  readonly expiresAt: Date
  readonly endedAt: Date | null
  /** Thumbprint of the key of its device; null: bound to none. */
  readonly device: string | null
}

export async function addLogin(db: Database, login: Omit<Login, 'endedAt'>): Promise<void> {
  await db.insert(logins).values({ ...login, identityId: login.identity.id })
}

export async function addRefreshToken(db: Database, login: string, hash: Buffer): Promise<void> {
  await db.insert(refreshTokens).values({ hash, login })
}

/** Marks the token of a login as used, for the first of those who try only; `reused` when somebody was before. */
export async function useRefreshToken(db: Database, hash: Buffer): Promise<'fresh' | 'reused'> {
  const fresh = await db
    .update(refreshTokens)
    .set({ used: true })
    .where(and(eq(refreshTokens.hash, hash), eq(refreshTokens.used, false)))
    .returning({ login: refreshTokens.login })
  return fresh.length > 0 ? 'fresh' : 'reused'
}

/** The login of a refresh token, used or not. */
export async function findLoginOf(db: Database, hash: Buffer): Promise<Login | null> {
  const [row] = await db
    .select({ login: logins })
    .from(refreshTokens)
    .innerJoin(logins, eq(logins.id, refreshTokens.login))
    .where(eq(refreshTokens.hash, hash))
  return row?.login ?? null
}

/** Ends a login for good and tells every gateway; false when it had ended before. */
export async function endLogin(db: Database, id: string, because: string): Promise<boolean> {
  const ended = await db
    .update(logins)
    .set({ endedAt: new Date(), endedBecause: because })
    .where(and(eq(logins.id, id), isNull(logins.endedAt)))
    .returning({ id: logins.id })
  if (ended.length > 0) await notify(db, 'logins', id)
  return ended.length > 0
}

/** Logins that were ended before their time, as long as an access token of theirs may still be around. */
export async function readEndedLogins(db: Database, since: Date): Promise<Login[]> {
  return await db
    .select()
    .from(logins)
    .where(and(isNotNull(logins.endedAt), gt(logins.endedAt, since)))
}

/** Logins of an identity that were not ended and have not run out. */
export async function readRunningLogins(db: Database, identity: string, now: Date): Promise<Login[]> {
  return await db
    .select()
    .from(logins)
    .where(and(eq(logins.identityId, identity), isNull(logins.endedAt), gt(logins.expiresAt, now)))
}

export async function removeLoginsBefore(db: Database, moment: Date): Promise<void> {
  await db.delete(logins).where(lt(logins.expiresAt, moment))
}
