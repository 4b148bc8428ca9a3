import type { SessionSummary } from '@hoop/contracts'
import { and, desc, eq, or, sql } from 'drizzle-orm'
import type { SessionIndex } from '../sessions/types.ts'
import type { Store } from './database.ts'
import { sessions } from './schema.ts'

/** The index of sessions in the store; `open` answers with those of this gateway only. */
export function sessionIndex(store: Store, gateway: string): SessionIndex {
  return {
    async insert(session) {
      await store.run((db) => db.insert(sessions).values({ ...session, gateway, identityId: session.identity.id, state: 'open' }))
    },
    async close(id, words, operations) {
      const change = { state: 'closed', closedAt: new Date(), words, operations } as const
      await store.run((db) =>
        db
          .update(sessions)
          .set(change)
          .where(and(eq(sessions.id, id), eq(sessions.state, 'open'))),
      )
    },
    async list(filter) {
      const rows = await store.run((db) =>
        db
          .select()
          .from(sessions)
          .where(
            and(
              filter.identity === null
                ? undefined
                : or(
                    eq(sessions.identityId, filter.identity),
                    sql`${sessions.identity} -> 'onBehalfOf' ->> 'id' = ${filter.identity}`,
                  ),
              filter.connection === null ? undefined : eq(sessions.connection, filter.connection),
              filter.state === null ? undefined : eq(sessions.state, filter.state),
            ),
          )
          .orderBy(desc(sessions.openedAt))
          .limit(filter.limit),
      )
      return rows.map(summary)
    },
    async get(id) {
      const [row] = await store.run((db) => db.select().from(sessions).where(eq(sessions.id, id)))
      return row === undefined ? null : summary(row)
    },
    async open() {
      const mine = and(eq(sessions.gateway, gateway), eq(sessions.state, 'open'))
      return (await store.run((db) => db.select().from(sessions).where(mine))).map(summary)
    },
  }
}

function summary(row: typeof sessions.$inferSelect): SessionSummary {
  const { id, identity, connection, via, reason, state, words, operations } = row
  const closedAt = row.closedAt?.toISOString() ?? null
  return { id, identity, connection, via, reason, state, openedAt: row.openedAt.toISOString(), closedAt, words, operations }
}
