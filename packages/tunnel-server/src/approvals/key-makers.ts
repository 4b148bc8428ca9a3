import type { StoredApproval } from '../store/approvals.ts'
import type { Database } from '../store/database.ts'
import { readKeys } from '../store/machines.ts'

/** What is asked, and who holds a key of the service account that asks it for itself: who made it has seen it. */
export type Question = StoredApproval & { readonly keyMakers: readonly string[] }

const account = /^hoop#ServiceAccount\/(.+)$/

export async function withKeyMakers(db: Database, rows: readonly StoredApproval[]): Promise<Question[]> {
  const asked = rows.map((row) => ({
    row,
    name: row.requester.onBehalfOf === undefined ? account.exec(row.requesterId)?.[1] : undefined,
  }))
  const keys = asked.some(({ name }) => name !== undefined) ? await readKeys(db) : []
  return asked.map(({ row, name }) => {
    const good = keys.filter((key) => key.account === name && key.revokedAt === null)
    return { ...row, keyMakers: good.map(({ createdBy }) => createdBy.id) }
  })
}
