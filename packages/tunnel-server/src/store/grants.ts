import type { Identity } from '@hoop/contracts'
import { and, arrayOverlaps, count, desc, eq, gt, or, sql } from 'drizzle-orm'
import { type Database, notify } from './database.ts'
import { accessGrants } from './schema.ts'

export type StoredGrant = typeof accessGrants.$inferSelect
export type NewGrant = typeof accessGrants.$inferInsert

export async function addGrant(db: Database, grant: NewGrant): Promise<void> {
  await db.insert(accessGrants).values(grant)
  await notify(db, 'grants', grant.id)
}

export async function readGrant(db: Database, id: string): Promise<StoredGrant | null> {
  const [row] = await db.select().from(accessGrants).where(eq(accessGrants.id, id))
  return row ?? null
}

/** The same, and nobody else changes it until the transaction ends. */
export async function lockGrant(db: Database, id: string): Promise<StoredGrant | null> {
  const [row] = await db.select().from(accessGrants).where(eq(accessGrants.id, id)).for('update')
  return row ?? null
}

export async function updateGrant(db: Database, id: string, change: Partial<NewGrant>): Promise<StoredGrant | null> {
  const [row] = await db.update(accessGrants).set(change).where(eq(accessGrants.id, id)).returning()
  await notify(db, 'grants', id)
  return row ?? null
}

/** Granted, and not at their end yet. */
export async function readActiveGrants(db: Database, now: Date): Promise<StoredGrant[]> {
  return await db
    .select()
    .from(accessGrants)
    .where(and(eq(accessGrants.state, 'granted'), gt(accessGrants.endsAt, now)))
}

/** Of how many requests of the identity nobody knows yet what becomes of them. */
export async function countRequests(db: Database, requesterId: string, now: Date): Promise<number> {
  const waiting = and(
    eq(accessGrants.requesterId, requesterId),
    eq(accessGrants.state, 'requested'),
    gt(accessGrants.expiresAt, now),
  )
  const [row] = await db.select({ count: count() }).from(accessGrants).where(waiting)
  return row?.count ?? 0
}

/** Newest first; `for` null: everybody's. Else those that the identity asked for, or somebody for it, and those that its groups decide. */
export async function readGrants(
  db: Database,
  filter: { for: Identity | null; open: boolean; now: Date; limit: number },
): Promise<StoredGrant[]> {
  const { for: identity, open, now, limit } = filter
  const mine =
    identity === null
      ? undefined
      : or(
          eq(accessGrants.requesterId, identity.id),
          sql`${accessGrants.requester} -> 'onBehalfOf' ->> 'id' = ${identity.id}`,
          identity.groups.length === 0 ? undefined : arrayOverlaps(accessGrants.approvers, identity.groups),
        )
  const standing = or(
    and(eq(accessGrants.state, 'requested'), gt(accessGrants.expiresAt, now)),
    and(eq(accessGrants.state, 'granted'), gt(accessGrants.endsAt, now)),
  )
  return await db
    .select()
    .from(accessGrants)
    .where(and(mine, open ? standing : undefined))
    .orderBy(desc(accessGrants.requestedAt))
    .limit(limit)
}
