import { and, eq, gt, isNotNull, isNull, lt, ne } from 'drizzle-orm'
import type { Database } from './database.ts'
import { agents, gateways } from './schema.ts'

export type StoredGateway = typeof gateways.$inferSelect

/** An agent whose tunnel another gateway has, and how that is reached. */
export interface AgentElsewhere {
  readonly id: string
  readonly name: string
  readonly gateway: string
}

/** Notes that a gateway runs, where it is reached and by which key it is known. */
export async function putGateway(db: Database, gateway: StoredGateway): Promise<void> {
  await db.insert(gateways).values(gateway).onConflictDoUpdate({ target: gateways.id, set: gateway })
}

/** One that was seen since then. */
export async function findGateway(db: Database, id: string, since: Date): Promise<StoredGateway | null> {
  const [row] = await db
    .select()
    .from(gateways)
    .where(and(eq(gateways.id, id), gt(gateways.seenAt, since)))
  return row ?? null
}

/** Forgets a gateway that stops, unless it runs again already, with another key. */
export async function removeGateway(db: Database, { id, publicKey }: Pick<StoredGateway, 'id' | 'publicKey'>): Promise<void> {
  await db.delete(gateways).where(and(eq(gateways.id, id), eq(gateways.publicKey, publicKey)))
}

export async function forgetGateways(db: Database, since: Date): Promise<void> {
  await db.delete(gateways).where(lt(gateways.seenAt, since))
}

/** Agents at gateways that can be reached, this one left out; both were seen since then. */
export async function readAgentsElsewhere(db: Database, gateway: string, since: Date): Promise<AgentElsewhere[]> {
  const rows = await db
    .select({ id: agents.id, name: agents.name, gateway: gateways.id })
    .from(agents)
    .innerJoin(gateways, eq(gateways.id, agents.gateway))
    .where(
      and(
        ne(gateways.id, gateway),
        isNull(agents.revokedAt),
        isNotNull(gateways.url),
        gt(agents.seenAt, since),
        gt(gateways.seenAt, since),
      ),
    )
  return rows
}
