import type { Identity } from '@hoop/contracts'
import { and, arrayOverlaps, count, desc, eq, gt, isNotNull, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import { type Database, notify } from './database.ts'
import { approvals } from './schema.ts'

export type StoredApproval = typeof approvals.$inferSelect
export type NewApproval = typeof approvals.$inferInsert

export async function addApproval(db: Database, approval: NewApproval): Promise<StoredApproval> {
  const [row] = await db.insert(approvals).values(approval).returning()
  if (row === undefined) throw new Error('An approval was inserted and is not there')
  await notify(db, 'approvals', approval.id)
  return row
}

export async function readApproval(db: Database, id: string): Promise<StoredApproval | null> {
  const [row] = await db.select().from(approvals).where(eq(approvals.id, id))
  return row ?? null
}

/** Others that change it wait until this transaction ends. */
export async function lockApproval(db: Database, id: string): Promise<StoredApproval | null> {
  const [row] = await db.select().from(approvals).where(eq(approvals.id, id)).for('update')
  return row ?? null
}

/** Newest first: those that the identity asked for, or somebody for it, and those that its groups decide. `open`: held, or a batch in use. */
export async function readApprovalsFor(db: Database, identity: Identity, filter: { open: boolean; now: Date; limit: number }) {
  const mine = or(eq(approvals.requesterId, identity.id), sql`${approvals.requester} -> 'onBehalfOf' ->> 'id' = ${identity.id}`)
  const decides = identity.groups.length === 0 ? undefined : arrayOverlaps(approvals.approvers, identity.groups)
  const held = and(eq(approvals.state, 'held'), gt(approvals.expiresAt, filter.now))
  const open = or(held, and(gt(approvals.uses, 1), usable(filter.now)))
  return await db
    .select()
    .from(approvals)
    .where(and(or(mine, decides), filter.open ? open : undefined))
    .orderBy(desc(approvals.heldAt))
    .limit(filter.limit)
}

/** How many of the identity's operations may still be decided. */
export async function countHeld(db: Database, requesterId: string, now: Date): Promise<number> {
  const held = and(eq(approvals.requesterId, requesterId), eq(approvals.state, 'held'), gt(approvals.expiresAt, now))
  const [row] = await db.select({ count: count() }).from(approvals).where(held)
  return row?.count ?? 0
}

/** How many operations of the identity were held since then, whatever became of them. */
export async function countAsked(db: Database, requesterId: string, since: Date): Promise<number> {
  const asked = and(eq(approvals.requesterId, requesterId), gt(approvals.heldAt, since))
  const [row] = await db.select({ count: count() }).from(approvals).where(asked)
  return row?.count ?? 0
}

/** What nobody could decide or use any more by then. */
export async function forgetApprovals(db: Database, before: Date): Promise<void> {
  const { heldAt, expiresAt, decidedAt, usableUntil } = approvals
  const over = [expiresAt, decidedAt, usableUntil].map((at) => or(isNull(at), lt(at, before)))
  await db.delete(approvals).where(and(lt(heldAt, before), ...over))
}

/** Of one that is held still. */
export async function noteLocks(db: Database, id: string, locks: readonly string[]): Promise<void> {
  await changed(db, { locks: [...locks] }, and(eq(approvals.id, id), eq(approvals.state, 'held')))
}

/** Changes one, and tells of it. */
export async function updateApproval(db: Database, id: string, change: Partial<NewApproval>): Promise<StoredApproval> {
  const row = await changed(db, change, eq(approvals.id, id))
  if (row === null) throw new Error(`The approval ${id} is gone`)
  return row
}

/** Ends a held one without a person; null when somebody was faster, or nobody waits for it any more who could withdraw it. */
export async function endApproval(db: Database, id: string, state: 'timed-out' | 'withdrawn'): Promise<StoredApproval | null> {
  const waited = state === 'withdrawn' ? isNull(approvals.ticketedAt) : undefined
  return await changed(db, { state, decidedAt: new Date() }, and(eq(approvals.id, id), eq(approvals.state, 'held'), waited))
}

/** From now on nobody waits for it, and it stays open; null when it is decided. */
export async function ticketApproval(db: Database, id: string): Promise<StoredApproval | null> {
  return await changed(db, { ticketedAt: new Date() }, and(eq(approvals.id, id), eq(approvals.state, 'held')))
}

/** An approved one waits to be used by its ticket. */
export async function keepAsTicket(db: Database, id: string): Promise<void> {
  await changed(db, { ticketedAt: new Date() }, and(eq(approvals.id, id), eq(approvals.state, 'approved')))
}

/** What an operation is known by: its ticket, and the batch that it belongs to. */
export interface Bound {
  readonly requesterId: string
  readonly exactKey: string | null
  readonly likeKey: string | null
}

/** An approval by which the operation passes, or else the ticket by which it is asked for already. */
export async function findStanding(
  db: Database,
  { requesterId, exactKey, likeKey }: Bound,
  now: Date,
): Promise<StoredApproval | null> {
  // One that was approved for others, too, holds for itself as long as for them.
  const single = and(isNotNull(approvals.ticketedAt), eq(approvals.uses, 1))
  const ticket = exactKey === null ? undefined : and(eq(approvals.exactKey, exactKey), single)
  const batch = likeKey === null ? undefined : and(eq(approvals.likeKey, likeKey), gt(approvals.uses, 1))
  if (ticket === undefined && batch === undefined) return null
  const asked = ticket && and(ticket, eq(approvals.state, 'held'), gt(approvals.expiresAt, now))
  const [row] = await db
    .select()
    .from(approvals)
    .where(and(eq(approvals.requesterId, requesterId), or(and(or(ticket, batch), usable(now)), asked)))
    .orderBy(sql`${approvals.state} = 'approved' desc`, desc(approvals.heldAt))
    .limit(1)
  return row ?? null
}

/** Counts one use; null when it is used up, over, or void. */
export async function consumeApproval(db: Database, id: string, now: Date): Promise<StoredApproval | null> {
  return await changed(db, { used: sql`${approvals.used} + 1` }, and(eq(approvals.id, id), usable(now, true)))
}

/** Null when it was not approved, or is void already. */
export async function voidApproval(db: Database, id: string, because: string): Promise<StoredApproval | null> {
  return await changed(db, { state: 'void', voidedBecause: because }, and(eq(approvals.id, id), eq(approvals.state, 'approved')))
}

/** What a killed gateway left held waits for nobody any more; tickets stay open. */
export async function withdrawApprovalsOf(db: Database, gateway: string): Promise<number> {
  const left = await db
    .update(approvals)
    .set({ state: 'withdrawn', decidedAt: new Date() })
    .where(and(eq(approvals.gateway, gateway), eq(approvals.state, 'held'), isNull(approvals.ticketedAt)))
    .returning({ id: approvals.id })
  for (const { id } of left) await notify(db, 'approvals', id)
  return left.length
}

/** Approved and not used up; `waited`: by the operation that waits for it, too, for which no time runs. */
function usable(now: Date, waited = false): SQL | undefined {
  const inTime = gt(approvals.usableUntil, now)
  return and(
    eq(approvals.state, 'approved'),
    lt(approvals.used, approvals.uses),
    waited ? or(inTime, isNull(approvals.usableUntil)) : inTime,
  )
}

type Change = { [Column in keyof NewApproval]?: NewApproval[Column] | SQL }

async function changed(db: Database, change: Change, where: SQL | undefined): Promise<StoredApproval | null> {
  const [row] = await db.update(approvals).set(change).where(where).returning()
  if (row === undefined) return null
  await notify(db, 'approvals', row.id)
  return row
}
