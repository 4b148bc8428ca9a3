import { and, eq, gt, isNotNull } from 'drizzle-orm'
import type { Database } from './database.ts'
import { chatAccounts } from './schema.ts'

export type StoredChatAccount = typeof chatAccounts.$inferSelect
/** Which account, of whoever holds the secret that it was signed with. */
export type ChatAccountKey = Pick<StoredChatAccount, 'notifier' | 'signedBy' | 'team' | 'account'>

/** Keeps the code by which the account can be linked; the one before it is worth nothing any more. */
export async function putLinkCode(
  db: Database,
  account: ChatAccountKey & { readonly name: string },
  { codeHash, codeUntil }: { readonly codeHash: Buffer; readonly codeUntil: Date },
): Promise<void> {
  const { notifier, signedBy, team, account: id } = chatAccounts
  await db
    .insert(chatAccounts)
    .values({ ...account, codeHash, codeUntil })
    .onConflictDoUpdate({ target: [notifier, signedBy, team, id], set: { name: account.name, codeHash, codeUntil } })
}

/** As whom the account acts; null: nobody. */
export async function readLinkedIdentity(db: Database, key: ChatAccountKey): Promise<string | null> {
  const [row] = await db
    .select({ identityId: chatAccounts.identityId })
    .from(chatAccounts)
    .where(
      and(
        eq(chatAccounts.notifier, key.notifier),
        eq(chatAccounts.signedBy, key.signedBy),
        eq(chatAccounts.team, key.team),
        eq(chatAccounts.account, key.account),
      ),
    )
  return row?.identityId ?? null
}

/** The account that was told this code, as long as that holds. */
export async function lockByLinkCode(db: Database, codeHash: Buffer, now: Date): Promise<StoredChatAccount | null> {
  const [row] = await db
    .select()
    .from(chatAccounts)
    .where(and(eq(chatAccounts.codeHash, codeHash), gt(chatAccounts.codeUntil, now)))
    .for('update')
  return row ?? null
}

/** The code is used up by it. */
export async function linkByCode(db: Database, codeHash: Buffer, identityId: string, now: Date): Promise<void> {
  await db
    .update(chatAccounts)
    .set({ identityId, linkedAt: now, codeHash: null, codeUntil: null })
    .where(eq(chatAccounts.codeHash, codeHash))
}

export async function unlinkAccounts(db: Database, identityId: string): Promise<number> {
  const unlinked = await db
    .delete(chatAccounts)
    .where(and(eq(chatAccounts.identityId, identityId), isNotNull(chatAccounts.linkedAt)))
    .returning({ account: chatAccounts.account })
  return unlinked.length
}
