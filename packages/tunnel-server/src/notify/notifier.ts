import type { Identity } from '@hoop/contracts'
import type { StoredApproval } from '../store/approvals.ts'
import type { Database } from '../store/database.ts'
import type { StoredGrant } from '../store/grants.ts'

/** Somebody passed a rule with a reason and without an approval. */
export interface BreakGlassUse {
  readonly id: string
  readonly connection: string
  readonly session: string
  readonly identity: Identity
  readonly rule: string
  readonly reason: string
  /** As on the record: masked. */
  readonly text: string
  /** Who is asked where nobody breaks the glass. */
  readonly approvers: readonly string[]
}

/** What people are told of, each with the row as its change has left it. */
export type Occasion =
  | {
      readonly event: 'operation.held' | 'operation.decided' | 'operation.expired' | 'operation.withdrawn'
      readonly approval: StoredApproval
    }
  | { readonly event: 'access.requested' | 'access.decided' | 'access.ended'; readonly grant: StoredGrant }
  | { readonly event: 'break-glass.used'; readonly use: BreakGlassUse }

/** Tells people of what happens, outside of hoop. */
export interface Notifier {
  /**
   * Notes what people are to be told, in the transaction of its cause (`Store.transaction`): told if that is committed, and not otherwise.
   * Never fails or spoils the transaction, and waits for nobody but the store.
   */
  tell(db: Database, occasion: Occasion): Promise<void>
}
