import { and, eq } from 'drizzle-orm'
import type { Sealed } from '../secrets/cipher.ts'
import type { Database } from './database.ts'
import { secrets } from './schema.ts'

export async function readSecret(db: Database, connection: string, field: string): Promise<Sealed | null> {
  const [row] = await db
    .select({ ciphertext: secrets.ciphertext, nonce: secrets.nonce, keyId: secrets.keyId })
    .from(secrets)
    .where(and(eq(secrets.connection, connection), eq(secrets.field, field)))
  return row ?? null
}

export async function putSecret(db: Database, connection: string, field: string, sealed: Sealed): Promise<void> {
  await db
    .insert(secrets)
    .values({ connection, field, ...sealed })
    .onConflictDoUpdate({ target: [secrets.connection, secrets.field], set: sealed })
}

export async function removeSecret(db: Database, connection: string, field: string): Promise<void> {
  await db.delete(secrets).where(and(eq(secrets.connection, connection), eq(secrets.field, field)))
}

export async function removeSecrets(db: Database, connection: string): Promise<void> {
  await db.delete(secrets).where(eq(secrets.connection, connection))
}
