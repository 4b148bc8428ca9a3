import { type PolicyDocument, type Reason, seconds } from '@hoop/contracts'
import type { CompileCondition, Condition } from '../conditions/condition.ts'
import { ConditionError } from '../conditions/condition.ts'
import type { Variables } from '../conditions/variables.ts'
import type { RequiredApproval } from './judgement.ts'

/** A Policy document with its condition compiled. */
export interface PolicyRule {
  readonly rule: string
  readonly document: PolicyDocument
  readonly condition: Condition
  /** It has no condition. */
  readonly always: boolean
  /** Null unless it says approve. */
  readonly approval: RequiredApproval | null
}

/** Throws if the document is not one that `parseDocuments` gives: condition that does not compile, approve without approvers. */
export function policyRule(document: PolicyDocument, compileCondition: CompileCondition): PolicyRule {
  const rule = `Policy/${document.name}`
  const condition = compileCondition(document.when)
  const always = condition.source.trim() === 'true'
  if (document.then !== 'approve') return { rule, document, condition, always, approval: null }
  if (document.approvers === undefined) throw new TypeError(`${rule}: approve without approvers`)
  const { groups, count, timeout } = document.approvers
  const message = document.message ?? `${rule} asks for approval by ${groups.join(' or ')}`
  const { onHold = null, reveal = false } = document
  const approval = { rule, groups, count, timeout: seconds(timeout), message, onHold, reveal }
  return { rule, document, condition, always, approval }
}

/** What came of one rule: `failed` is a condition that could not be evaluated. */
export type RuleOutcome = { readonly policy: PolicyRule; readonly reason: Reason } & (
  | { readonly result: 'matched' | 'not-matched' }
  | { readonly result: 'failed'; readonly because: string }
)

export function applyRule(policy: PolicyRule, variables: Variables): RuleOutcome {
  const { rule, condition, always } = policy
  try {
    if (!condition.holds(variables)) {
      return {
        policy,
        result: 'not-matched',
        reason: { rule, matched: false, words: `its condition is false: ${condition.source}` },
      }
    }
    const words = always ? 'it has no condition' : `its condition is true: ${condition.source}`
    return { policy, result: 'matched', reason: { rule, matched: true, words: `${policy.document.then}: ${words}` } }
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error
    const words = `deny: its condition could not be evaluated (${error.message}): ${condition.source}`
    return { policy, result: 'failed', because: error.message, reason: { rule, matched: true, words } }
  }
}
