import type { StoredApproval } from '../store/approvals.ts'
import type { Database } from '../store/database.ts'
import type { StoredGrant } from '../store/grants.ts'

/** What people are told of, each with the row as its change has left it. */
export type Occasion =
  | {
      /** `break-glass.used`: passed with a reason and without an approval. */
      readonly event: 'operation.held' | 'operation.decided' | 'operation.expired' | 'operation.withdrawn' | 'break-glass.used'
      readonly approval: StoredApproval
    }
  | { readonly event: 'access.requested' | 'access.decided' | 'access.ended'; readonly grant: StoredGrant }

/** Tells people of what happens, outside of hoop. */
export interface Notifier {
  /**
   * Notes what people are to be told, in the transaction of its cause (`Store.transaction`): told if that is committed, and not otherwise.
   * Never fails or spoils the transaction, and waits for nobody but the store.
   */
  tell(db: Database, occasion: Occasion): Promise<void>
}
