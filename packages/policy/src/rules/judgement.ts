import type { ConnectionDocument, Identity, Operation, Reason, Refusal } from '@hoop/contracts'

/** A refusal as rules know it: the gate adds the operation's id. */
export type RuleRefusal = Omit<Refusal, 'id'>

/** What must be asked of people before the operation runs; each rule's question by itself. */
export interface RequiredApproval {
  readonly rule: string
  /** Anyone in one of these groups may decide. */
  readonly groups: readonly string[]
  readonly count: number
  /** Seconds until the answer is no. */
  readonly timeout: number
  readonly message: string
  /** Null: as the kind of identity has it. */
  readonly onHold: 'wait' | 'ticket' | null
  /** Approvers may look at the original. */
  readonly reveal: boolean
}

/** What the rules say to one operation: the reasons name every rule, whether it matched, and why not. */
export type Judgement =
  | { readonly decision: 'permit'; readonly reasons: readonly Reason[]; readonly version: string }
  | { readonly decision: 'refuse'; readonly reasons: readonly Reason[]; readonly version: string; readonly refusal: RuleRefusal }
  | {
      readonly decision: 'approve'
      readonly reasons: readonly Reason[]
      readonly version: string
      readonly approvals: readonly RequiredApproval[]
    }

export interface JudgeInput {
  readonly identity: Identity
  readonly connection: ConnectionDocument
  readonly operation: Operation
  readonly session: { readonly id: string; readonly reason: string | null }
  readonly now: Date
  /**
   * An object that lives as long as an analysis, the same for every operation that shares it (same effects, objects, functions, facts and flows:
   * parameters may differ, and constants in the text). Without it the operation itself is the key.
   */
  readonly cacheKey?: object
}
