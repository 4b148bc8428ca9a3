import type { Document, DocumentKind } from '@hoop/contracts'
import { and, asc, eq, sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { documents } from './schema.ts'

/** A document as it is kept: `spec` is the document without secrets given in plain. */
export interface StoredDocument {
  readonly kind: DocumentKind
  readonly name: string
  readonly spec: unknown
}

/** Any fixed number: documents are changed by one at a time, because they are judged together. */
const documentsLock = 4_804_208

export async function lockDocuments(db: Database): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${documentsLock})`)
}

export async function readDocuments(db: Database): Promise<StoredDocument[]> {
  return await db
    .select({ kind: documents.kind, name: documents.name, spec: documents.spec })
    .from(documents)
    .orderBy(asc(documents.kind), asc(documents.name))
}

export async function putDocument(db: Database, document: Document, by: string): Promise<void> {
  const { kind, name } = document
  const row = { kind, name, spec: document, version: 1, updatedAt: new Date(), updatedBy: by }
  await db
    .insert(documents)
    .values(row)
    .onConflictDoUpdate({
      target: [documents.kind, documents.name],
      set: { spec: row.spec, version: sql`${documents.version} + 1`, updatedAt: row.updatedAt, updatedBy: by },
    })
}

export async function removeDocument(db: Database, kind: DocumentKind, name: string): Promise<boolean> {
  const removed = await db
    .delete(documents)
    .where(and(eq(documents.kind, kind), eq(documents.name, name)))
    .returning({ name: documents.name })
  return removed.length > 0
}
