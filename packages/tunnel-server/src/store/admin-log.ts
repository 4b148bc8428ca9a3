import type { Identity } from '@hoop/contracts'
import type { Database } from './database.ts'
import { adminLog } from './schema.ts'

/** What is put on the record of the product itself, beside the records of sessions. */
export type AdminAction =
  | 'admin-token.use'
  | 'agent.join'
  | 'agent.revoke'
  | 'agent.token'
  | 'access.approve'
  | 'access.deny'
  | 'access.request'
  | 'access.withdraw'
  | 'approval.approve'
  | 'approval.break-glass'
  | 'approval.deny'
  | 'approval.reveal'
  | 'approval.revoke'
  | 'chat.link'
  | 'chat.unlink'
  | 'connection.check'
  | 'delegation.create'
  | 'document.apply'
  | 'document.delete'
  | 'document.read'
  | 'login.end'
  | 'policy.explain'
  | 'policy.replay'
  | 'machine.login'
  | 'service-account.key'
  | 'service-account.revoke'
  | 'session.read'
  | 'session.kill'

/** Adds a row; within the transaction of what it tells about, so that neither is there without the other. */
export async function writeAdminLog(
  db: Database,
  entry: { by: Identity; action: AdminAction; target: string; detail?: string },
): Promise<void> {
  await db.insert(adminLog).values({ at: new Date(), ...entry, detail: entry.detail ?? null })
}
