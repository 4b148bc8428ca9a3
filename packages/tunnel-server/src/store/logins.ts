import type { Identity } from '@hoop/contracts'
import { and, desc, eq, gt, isNotNull, isNull, lt, or, sql } from 'drizzle-orm'
import { type Database, notify } from './database.ts'
import { removeProviderGrant } from './provider-grants.ts'
import { logins, refreshTokens } from './schema.ts'

export interface Login {
  readonly id: string
  readonly identity: Identity
  readonly authenticatedAt: Date
  readonly expiresAt: Date
  readonly endedAt: Date | null
  readonly endedBecause: string | null
  /** Thumbprint of the key of its device; null: bound to none. */
  readonly device: string | null
  /** The provider's `sid`. */
  readonly providerSession: string | null
  /** What the device calls itself; null: it did not say. */
  readonly deviceName: string | null
  readonly begunAt: Date
  readonly lastUsedAt: Date
}

/** A login that begins now. `source`: by what a machine came in. */
export async function addLogin(
  db: Database,
  login: Omit<Login, 'begunAt' | 'lastUsedAt' | 'endedAt' | 'endedBecause'> & { readonly source?: string },
): Promise<void> {
  const now = new Date()
  await db.insert(logins).values({ ...login, identityId: login.identity.id, begunAt: now, lastUsedAt: now })
}

/** Its access token is made anew. */
export async function noteUse(db: Database, id: string): Promise<void> {
  await db.update(logins).set({ lastUsedAt: new Date() }).where(eq(logins.id, id))
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
  if (ended.length > 0) {
    await removeProviderGrant(db, id)
    await notify(db, 'logins', id)
  }
  return ended.length > 0
}

export async function readLogin(db: Database, id: string): Promise<Login | null> {
  const [row] = await db.select().from(logins).where(eq(logins.id, id))
  return row ?? null
}

/** What the provider says now of the one who is logged in. */
export async function updateIdentity(db: Database, login: string, identity: Identity): Promise<void> {
  await db.update(logins).set({ identity }).where(eq(logins.id, login))
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

/** Running logins of an identity, or of the one with this e-mail address, and of machines that act for it; the last used first. */
export async function readLoginsOf(db: Database, who: string, now: Date, limit: number | null = null): Promise<Login[]> {
  const { identity } = logins
  const named = sql`${who} in (${logins.identityId}, ${identity}->>'email', ${identity}->'onBehalfOf'->>'id', ${identity}->'onBehalfOf'->>'email')`
  const found = db
    .select()
    .from(logins)
    .where(and(named, isNull(logins.endedAt), gt(logins.expiresAt, now)))
    .orderBy(desc(logins.lastUsedAt))
  return await (limit === null ? found : found.limit(limit))
}

/** Running logins of machines that came in by this. */
export async function readLoginsBySource(db: Database, source: string, now: Date): Promise<Login[]> {
  return await db
    .select()
    .from(logins)
    .where(and(eq(logins.source, source), isNull(logins.endedAt), gt(logins.expiresAt, now)))
}

/**
 * Running logins of an identity, or of a session at the provider, or of both: a login of that identity of which the provider named no
 * session is meant too.
 */
export async function readLoginsToEnd(
  db: Database,
  { identity, providerSession }: { identity: string | null; providerSession: string | null },
): Promise<Login[]> {
  const session = providerSession === null ? undefined : eq(logins.providerSession, providerSession)
  const meant =
    identity === null ? session : and(eq(logins.identityId, identity), session && or(session, isNull(logins.providerSession)))
  if (meant === undefined) return []
  return await db
    .select()
    .from(logins)
    .where(and(meant, isNull(logins.endedAt), gt(logins.expiresAt, new Date())))
}

export async function removeLoginsBefore(db: Database, moment: Date): Promise<void> {
  await db.delete(logins).where(lt(logins.expiresAt, moment))
}
