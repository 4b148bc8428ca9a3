import type { Identity } from '@hoop/contracts'
import { and, arrayOverlaps, desc, eq, gt, or, sql } from 'drizzle-orm'
import { type Database, notify } from './database.ts'
import { approvals } from './schema.ts'

export type StoredApproval = typeof approvals.$inferSelect
export type NewApproval = typeof approvals.$inferInsert

export async function addApproval(db: Database, approval: NewApproval): Promise<void> {
  await db.insert(approvals).values(approval)
  await notify(db, 'approvals', approval.id)
}

export async function readApproval(db: Database, id: string): Promise<StoredApproval | null> {
  const [row] = await db.select().from(approvals).where(eq(approvals.id, id))
  return row ?? null
}

/** Newest first: those that the identity asked for, or somebody for it, and those that its groups decide. */
export async function readApprovalsFor(db: Database, identity: Identity, filter: { held: boolean; limit: number }) {
  const mine = or(eq(approvals.requesterId, identity.id), sql`${approvals.requester} -> 'onBehalfOf' ->> 'id' = ${identity.id}`)
  const decides = identity.groups.length === 0 ? undefined : arrayOverlaps(approvals.approvers, identity.groups)
  return await db
    .select()
    .from(approvals)
    .where(and(or(mine, decides), filter.held ? eq(approvals.state, 'held') : undefined))
    .orderBy(desc(approvals.heldAt))
    .limit(filter.limit)
}

/** Decides a held one whose time has not run out; null when it is not there, decided already, or too late. */
export async function decideApproval(
  db: Database,
  id: string,
  decision: { state: 'approved' | 'denied'; by: Identity; reason: string | null; now: Date },
): Promise<StoredApproval | null> {
  const [row] = await db
    .update(approvals)
    .set({ state: decision.state, decidedBy: decision.by, decidedAt: decision.now, decisionReason: decision.reason })
    .where(and(eq(approvals.id, id), eq(approvals.state, 'held'), gt(approvals.expiresAt, decision.now)))
    .returning()
  if (row === undefined) return null
  await notify(db, 'approvals', id)
  return row
}

/** Ends a held one without a person; null when somebody was faster. */
export async function endApproval(db: Database, id: string, state: 'timed-out' | 'withdrawn'): Promise<StoredApproval | null> {
  const [row] = await db
    .update(approvals)
    .set({ state, decidedAt: new Date() })
    .where(and(eq(approvals.id, id), eq(approvals.state, 'held')))
    .returning()
  if (row === undefined) return null
  await notify(db, 'approvals', id)
  return row
}

export async function voidApproval(db: Database, id: string, because: string): Promise<void> {
  await db
    .update(approvals)
    .set({ state: 'void', voidedBecause: because })
    .where(and(eq(approvals.id, id), eq(approvals.state, 'approved')))
  await notify(db, 'approvals', id)
}

/** What a killed gateway left held waits for nobody any more. */
export async function withdrawApprovalsOf(db: Database, gateway: string): Promise<number> {
  const left = await db
    .update(approvals)
    .set({ state: 'withdrawn', decidedAt: new Date() })
    .where(and(eq(approvals.gateway, gateway), eq(approvals.state, 'held')))
    .returning({ id: approvals.id })
  for (const { id } of left) await notify(db, 'approvals', id)
  return left.length
}
