import type { HoopError, Operation, Refusal } from '@hoop/contracts'
import type { RequiredApproval } from '@hoop/policy'
import type { Decision } from './types.ts'

/** The gate's own refusals; those of rules come with their judgement. Without the operation's id. */
export type Words = Omit<Refusal, 'id'>

/** What its own people call one operation of a protocol. */
type Noun = 'statement' | 'request'
export function nounOf({ protocol }: Pick<Operation, 'protocol'>): Noun {
  return protocol === 'postgres' ? 'statement' : 'request'
}

export function decisionRefused(noun: Noun, rule: string, { decision, by, reason }: Decision): Words {
  const who = by === null ? 'An approver' : by.name
  if (decision === 'denied') {
    return {
      code: 'approval_denied',
      message: `${who} denied this ${noun}: ${reason ?? 'no reason given'}`,
      rule,
      detail: 'It was held for approval and not run.',
      hint: `Ask ${who} what would be acceptable, or change the ${noun}.`,
    }
  }
  if (decision === 'timed-out') {
    return {
      code: 'approval_timed_out',
      message: `nobody approved this ${noun} in time`,
      rule,
      detail: 'It was held for approval and not run.',
      hint: 'Run it again when an approver is at hand.',
    }
  }
  return {
    code: 'withdrawn',
    message: `canceling ${noun} due to user request`,
    rule,
    detail: 'It was held for approval, withdrawn and not run.',
    hint: 'Run it again to ask again.',
  }
}

/** Nobody waits for it any more; what approves it later is good for the same operation, sent again. */
export const ticketed = ({ rule, groups, message }: RequiredApproval, approval: string): Words => ({
  code: 'held',
  message: `held for approval ${approval}: ${message}`,
  rule,
  detail: `It was not run. Ask somebody of ${groups.join(' or ')}; the question stays open.`,
  hint: `hoop approvals wait ${approval}; once it is approved, send exactly the same again within 15 minutes.`,
})

export const usedUp = (rule: string): Words => ({
  code: 'approval_void',
  message: 'the approval does not hold any more: it was used, revoked, or its time ran out',
  rule,
  detail: 'It was not run.',
  hint: 'Run it again to ask again.',
})

export const redefined = (noun: Noun, rule: string): Words => ({
  code: 'approval_void',
  message: `the approval is void: what the ${noun} names was redefined while it was held`,
  rule,
  detail: 'Read again before its release, it would have done something else than what was approved, or to something else.',
  hint: 'Look at what changed, and run it again to ask again.',
})

export const definitionsUnknown = (noun: Noun): Words => ({
  code: 'unavailable',
  message: `the ${noun} was approved, and it cannot be looked up now what its names mean`,
  rule: 'hoop/definitions',
  detail: 'The database did not answer in time, or somebody is altering it. Nothing was run.',
  hint: 'Run it again to ask again.',
})

export const approvalVoid = (noun: Noun, rule: string): Words => ({
  code: 'approval_void',
  message: `the approval is void: the rules changed while the ${noun} was held`,
  rule,
  detail: 'Judged again before its release, it was not permitted any more, or other approvals were needed.',
  hint: 'Run it again to ask again.',
})

export const holdFailed = (noun: Noun): Words => ({
  code: 'unavailable',
  message: `the ${noun} needs an approval, and the gateway cannot ask for one now`,
  rule: 'hoop/approvals',
  detail: 'The store of approvals does not answer. Nothing was run.',
  hint: 'Try again later.',
})

export const rulesUnknown: Words = {
  code: 'unavailable',
  message: 'the gateway cannot tell at the moment which rules are in force',
  rule: 'hoop/rules',
  detail: 'The store of the rules does not answer. Nothing was run.',
  hint: 'Try again in a moment: the connection stays open.',
}

/** It can be asked of nobody: too large for an approver to read, or one question too many. */
export const notHoldable = (noun: Noun, rule: string, { code, message, hint }: HoopError): Words => ({
  code: code === 'too_many_requests' ? code : 'policy_denied',
  message: `refused: the ${noun} needs an approval, and cannot be put before an approver`,
  rule,
  detail: message,
  hint: hint ?? 'Write it in another way.',
})

export const judgeFailed = (noun: Noun): Words => ({
  code: 'policy_denied',
  message: `the ${noun} could not be judged`,
  rule: 'hoop/judge',
  detail: 'The rules failed to evaluate; what cannot be judged is not run.',
  hint: 'An admin finds the cause in the log of the gateway.',
})
