import type { Operation } from '@hoop/contracts'
import type { RequiredApproval } from '@hoop/policy'
import type { Bound } from './types.ts'

/** Where an operation is asked for, by whom, and under which rules. */
export interface Place {
  readonly requester: string
  readonly connection: string
  readonly database: string | null
  readonly policyVersion: string
}

/**
 * What an approval of this operation holds for: the same identity, connection, rule and approvers, the same effects and objects; a ticket for
 * the same text and parameters, a batch for the same fingerprint while the rules stay as they are.
 */
export function boundTo(operation: Operation, { rule, groups, count }: RequiredApproval, place: Place): Bound {
  const { requester, connection, database, policyVersion } = place
  const { text, parameters, fingerprint, effects, objects, functions, facts, runs } = operation
  const { verbs, unbounded, destructive } = facts
  const common = [
    ...[requester, connection, database, rule, groups, count],
    ...[effects, objects, functions, verbs, unbounded, destructive],
    runs.map((run) => [run.name, run.text]),
  ]
  return {
    exact: [...common, text, parameters.map(({ type, value }) => [type, value])],
    like: fingerprint === null ? null : [...common, fingerprint, policyVersion],
  }
}
