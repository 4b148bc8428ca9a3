import type { NotifiedEvent } from '@hoop/contracts'
import { and, desc, eq, isNotNull, isNull, lt, lte, notInArray, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { type Database, notify } from './database.ts'
import { notifications } from './schema.ts'

export type StoredNotification = typeof notifications.$inferSelect

/** Something to be told. */
export interface NewNotification {
  readonly id: string
  readonly notifier: string
  readonly event: NotifiedEvent
  readonly subject: string
  readonly notice: unknown
}

/** Adds them to a transaction, which goes on as if nothing had been tried where that fails. @throws what the store says */
export async function addNotifications(db: Database, added: readonly NewNotification[]): Promise<void> {
  const now = new Date()
  await db.execute(sql`savepoint notifications`)
  try {
    await db.insert(notifications).values(added.map((each) => ({ ...each, createdAt: now, dueAt: now })))
    await notify(db, 'notifications', '')
    await db.execute(sql`release savepoint notifications`)
  } catch (error) {
    await db.execute(sql`rollback to savepoint notifications`)
    throw error
  }
}

/**
 * Takes the due ones that no other gateway takes, and nobody else is given them before `until`; none of the Notifiers in `not`. Of those with one notifier and one subject
 * only the first: what comes later waits for it.
 */
export async function takeNotifications(
  db: Database,
  { until, limit, not }: { readonly until: Date; readonly limit: number; readonly not: readonly string[] },
): Promise<StoredNotification[]> {
  const now = new Date()
  const earlier = alias(notifications, 'earlier')
  const due = await db
    .select({ order: notifications.order })
    .from(notifications)
    .where(
      and(
        isNull(notifications.settledAt),
        lte(notifications.dueAt, now),
        not.length === 0 ? undefined : notInArray(notifications.notifier, [...not]),
        sql`not exists (${db
          .select({ one: sql`1` })
          .from(earlier)
          .where(
            and(
              eq(earlier.notifier, notifications.notifier),
              eq(earlier.subject, notifications.subject),
              isNull(earlier.settledAt),
              lt(earlier.order, notifications.order),
            ),
          )})`,
      ),
    )
    .orderBy(notifications.dueAt)
    .limit(limit)
    .for('update', { of: notifications, skipLocked: true })
  if (due.length === 0) return []
  return await db
    .update(notifications)
    .set({ dueAt: until, attempts: sql`${notifications.attempts} + 1` })
    .where(sql`${notifications.order} in ${due.map(({ order }) => order)}`)
    .returning()
}

/** It is delivered (`receipt`: what the other side calls it), or given up. */
export async function settleNotification(db: Database, order: number, receipt: unknown): Promise<void> {
  await db.update(notifications).set({ settledAt: new Date(), receipt }).where(eq(notifications.order, order))
  // What waited for it is due.
  await notify(db, 'notifications', '')
}

export async function postponeNotification(db: Database, order: number, until: Date): Promise<void> {
  await db.update(notifications).set({ dueAt: until }).where(eq(notifications.order, order))
}

/** What the other side calls the last that was delivered of this subject; null: nothing was. */
export async function readReceipt(db: Database, notifier: string, subject: string): Promise<unknown> {
  const [row] = await db
    .select({ receipt: notifications.receipt })
    .from(notifications)
    .where(and(eq(notifications.notifier, notifier), eq(notifications.subject, subject), isNotNull(notifications.receipt)))
    .orderBy(desc(notifications.order))
    .limit(1)
  return row?.receipt ?? null
}

export async function forgetNotificationsBefore(db: Database, moment: Date): Promise<void> {
  await db.delete(notifications).where(and(isNotNull(notifications.settledAt), lt(notifications.settledAt, moment)))
}
