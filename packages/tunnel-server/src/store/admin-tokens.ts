import { and, eq, gt, lt } from 'drizzle-orm'
import type { Database } from './database.ts'
import { adminTokens } from './schema.ts'

export async function addAdminToken(db: Database, token: typeof adminTokens.$inferInsert): Promise<void> {
  await db.delete(adminTokens).where(lt(adminTokens.expiresAt, token.createdAt))
  await db.insert(adminTokens).values(token)
}

export async function isAdminToken(db: Database, hash: Buffer, now: Date): Promise<boolean> {
  const found = await db
    .select({ hash: adminTokens.hash })
    .from(adminTokens)
    .where(and(eq(adminTokens.hash, hash), gt(adminTokens.expiresAt, now)))
  return found.length > 0
}

/** Whatever gateway made them. */
export async function removeAdminTokens(db: Database): Promise<void> {
  await db.delete(adminTokens)
}
