import { and, asc, eq, gt, inArray, isNull, lt } from 'drizzle-orm'
import { type Database, notify } from './database.ts'
import { agentJoinTokens, agents } from './schema.ts'

export type StoredAgent = typeof agents.$inferSelect
export type StoredJoinToken = typeof agentJoinTokens.$inferSelect

export async function addJoinToken(db: Database, token: Omit<StoredJoinToken, 'usedAt'>): Promise<void> {
  await db.insert(agentJoinTokens).values(token)
}

/** Uses up a token that is still good for this name: for the first of those who try only. Null for any other. */
export async function useJoinToken(db: Database, hash: Buffer, name: string, now: Date): Promise<StoredJoinToken | null> {
  const good = and(
    eq(agentJoinTokens.hash, hash),
    eq(agentJoinTokens.name, name),
    isNull(agentJoinTokens.usedAt),
    gt(agentJoinTokens.expiresAt, now),
  )
  const [used] = await db.update(agentJoinTokens).set({ usedAt: now }).where(good).returning()
  return used ?? null
}

export async function findJoinToken(db: Database, hash: Buffer): Promise<StoredJoinToken | null> {
  const [found] = await db.select().from(agentJoinTokens).where(eq(agentJoinTokens.hash, hash))
  return found ?? null
}

/** Takes back the tokens of a name that were not used; answers how many there were. */
export async function removeJoinTokens(db: Database, name: string): Promise<number> {
  const unused = and(eq(agentJoinTokens.name, name), isNull(agentJoinTokens.usedAt))
  return (await db.delete(agentJoinTokens).where(unused).returning({ name: agentJoinTokens.name })).length
}

/** Adds an agent; one whose key is known already, and was not revoked, joins again. Null: it was revoked. */
export async function putAgent(db: Database, agent: StoredAgent): Promise<StoredAgent | null> {
  const { id: _, keyThumbprint: __, ...again } = agent
  const [row] = await db
    .insert(agents)
    .values(agent)
    .onConflictDoUpdate({ target: agents.keyThumbprint, set: again, setWhere: isNull(agents.revokedAt) })
    .returning()
  return row ?? null
}

/** Tells what the agent of this key says of itself, and until when its new credential is good. Null: there is none, or it was revoked. */
export async function renewAgent(
  db: Database,
  keyThumbprint: string,
  now: Pick<StoredAgent, 'version' | 'host' | 'address' | 'credentialUntil' | 'seenAt'>,
): Promise<StoredAgent | null> {
  const known = and(eq(agents.keyThumbprint, keyThumbprint), isNull(agents.revokedAt))
  const [row] = await db.update(agents).set(now).where(known).returning()
  return row ?? null
}

export async function findAgentByKey(db: Database, keyThumbprint: string): Promise<StoredAgent | null> {
  const [row] = await db.select().from(agents).where(eq(agents.keyThumbprint, keyThumbprint))
  return row ?? null
}

/** In the order of their names, the oldest first. */
export async function readAgents(db: Database): Promise<StoredAgent[]> {
  return await db.select().from(agents).orderBy(asc(agents.name), asc(agents.joinedAt))
}

export async function readAgentsById(db: Database, ids: readonly string[]): Promise<StoredAgent[]> {
  if (ids.length === 0) return []
  return await db
    .select()
    .from(agents)
    .where(inArray(agents.id, [...ids]))
}

/** Notes which agents have their tunnel at this gateway now. */
export async function touchAgents(db: Database, ids: readonly string[], gateway: string, now: Date): Promise<void> {
  if (ids.length === 0) return
  await db
    .update(agents)
    .set({ seenAt: now, gateway })
    .where(inArray(agents.id, [...ids]))
}

/** Its tunnel is at this gateway from now on: tells every gateway. */
export async function arriveAtGateway(db: Database, id: string, gateway: string, now: Date): Promise<void> {
  await touchAgents(db, [id], gateway, now)
  await notify(db, 'agents', id)
}

/** Its tunnel at this gateway is gone, and every gateway is told, unless another one has it meanwhile. */
export async function leaveGateway(db: Database, id: string, gateway: string, now: Date): Promise<void> {
  const left = await db
    .update(agents)
    .set({ seenAt: now, gateway: null })
    .where(and(eq(agents.id, id), eq(agents.gateway, gateway)))
    .returning({ id: agents.id })
  if (left.length > 0) await notify(db, 'agents', id)
}

/** Revokes the agents of a name, or one of them, and tells every gateway. */
export async function revokeAgents(db: Database, name: string, id: string | null, now: Date): Promise<string[]> {
  const these = and(eq(agents.name, name), isNull(agents.revokedAt), id === null ? undefined : eq(agents.id, id))
  const revoked = await db.update(agents).set({ revokedAt: now }).where(these).returning({ id: agents.id })
  for (const each of revoked) await notify(db, 'agents', each.id)
  return revoked.map((each) => each.id)
}

/** Who was not seen since then must join again; tokens that ended before it are forgotten. */
export async function forgetAgents(db: Database, since: Date): Promise<void> {
  await db.delete(agents).where(lt(agents.seenAt, since))
  await db.delete(agentJoinTokens).where(lt(agentJoinTokens.expiresAt, since))
}
