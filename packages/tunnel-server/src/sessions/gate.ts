import {
  type AdmitOptions,
  type ConnectionDocument,
  type Gate,
  HoopError,
  type Identity,
  type MaskPlan,
  type Maybe,
  type Operation,
  type Reason,
  type Refusal,
  type Verdict,
} from '@hoop/contracts'
import type { Judgement, RequiredApproval, RuleSet } from '@hoop/policy'
import { recordedForm } from '@hoop/policy'
import { digest, type Entry } from '@hoop/recording'
import type { Logger } from 'pino'
import { AdmittedPermit, type Append } from './permit.ts'
import { approvalVoid, decisionRefused, holdFailed, judgeFailed, notHoldable } from './refusals.ts'
import type { Decision, Holds } from './types.ts'

export interface GateParts {
  readonly sessionId: string
  readonly identity: Identity
  readonly reason: string | null
  readonly rules: () => RuleSet
  /** The connection as registered now; throws a HoopError when it, or the access to it, is gone. */
  readonly connection: () => ConnectionDocument
  readonly holds: Holds
  readonly digestKey: Buffer
  readonly append: Append
  /** Aborts when the session ends. */
  readonly signal: AbortSignal
  readonly log: Logger
}

type Approve = Extract<Judgement, { decision: 'approve' }>
type OperationEvent = Extract<Entry, { type: 'operation' }>

/** Where every operation of a session passes: recorded, judged, held if need be, and only then permitted. */
export class SessionGate implements Gate {
  readonly #parts: GateParts
  readonly #prefix: string
  /** By the shared analysis of a text: its recorded form and digest under one mask plan. */
  readonly #forms = new WeakMap<object, { plan: MaskPlan; text: string; digest: string }>()
  #count = 0

  constructor(parts: GateParts) {
    this.#parts = parts
    this.#prefix = `op_${parts.sessionId.slice(-8)}`
  }

  get masks(): MaskPlan {
    return this.#parts.rules().masks(this.#parts.identity, this.#parts.connection())
  }

  unsolicited(kind: string, text: string): boolean {
    // ParameterStatus and the like tell of settings: nothing to wait for.
    void this.#parts.append({ type: 'unsolicited', stream: 0, kind, text })
    return true
  }

  admit(operation: Operation, options: AdmitOptions): Maybe<Verdict> {
    const id = `${this.#prefix}_${(this.#count++).toString(36)}`
    const judgement = this.#judge(operation)
    const { masks } = this
    const entry = this.#entry(id, operation, options.stream, judgement, masks)
    const recorded = this.#parts.append(entry)
    if (judgement.decision === 'refuse') {
      const verdict: Verdict = { kind: 'refuse', refusal: { ...judgement.refusal, id } }
      return recorded === undefined ? verdict : recorded.then(() => verdict)
    }
    if (judgement.decision === 'approve') return this.#hold(id, operation, options, judgement, entry)
    const verdict: Verdict = { kind: 'permit', permit: this.#permit(id, masks) }
    return recorded === undefined ? verdict : recorded.then(() => verdict)
  }

  /** Puts a statement of the gateway's own on the record before it runs. */
  own(text: string, stream: number): void {
    void this.#parts.append({
      type: 'operation',
      id: `${this.#prefix}_${(this.#count++).toString(36)}`,
      stream,
      by: 'hoop',
      text,
      digest: digest(this.#parts.digestKey, text),
      parameters: [],
      fingerprint: null,
      effects: ['read'],
      objects: [],
      functions: [],
      verdict: 'permit',
      policyVersion: this.#parts.rules().version,
      reasons: [],
      refusal: null,
    })
  }

  #permit(id: string, masks: MaskPlan): AdmittedPermit {
    return new AdmittedPermit(id, masks, this.#parts.signal, this.#parts.append)
  }

  #judge(operation: Operation): Judgement {
    const { identity, sessionId, reason, log } = this.#parts
    const rules = this.#parts.rules()
    const connection = this.#parts.connection()
    try {
      // Facts are one object for all executions of a text, so they stand for its analysis.
      const cacheKey = operation.facts
      return rules.judge({ identity, connection, operation, session: { id: sessionId, reason }, now: new Date(), cacheKey })
    } catch (error) {
      log.error({ err: error, session: sessionId }, 'an operation could not be judged')
      return { decision: 'refuse', reasons: [], version: rules.version, refusal: judgeFailed }
    }
  }

  /** Everything that the record says of an operation before it runs. */
  #entry(id: string, operation: Operation, stream: number, judgement: Judgement, plan: MaskPlan): OperationEvent {
    const { digestKey } = this.#parts
    const form = this.#form(operation, plan)
    const refusal = judgement.decision === 'refuse' ? judgement.refusal : null
    return {
      type: 'operation',
      id,
      stream,
      by: 'caller',
      text: form.text,
      digest: form.digest,
      parameters:
        operation.parameters.length === 0
          ? []
          : recordedForm(operation, plan).parameters.map(({ type, value }, i) => {
              const original = operation.parameters[i]?.value ?? null
              return { type, value, digest: original === null || original === value ? null : digest(digestKey, original) }
            }),
      fingerprint: operation.fingerprint,
      effects: [...operation.effects],
      objects: [...operation.objects],
      functions: [...operation.functions],
      verdict: judgement.decision === 'approve' ? 'hold' : judgement.decision,
      policyVersion: judgement.version,
      reasons: matched(judgement.reasons),
      refusal: refusal === null ? null : { code: refusal.code, message: refusal.message, rule: refusal.rule },
    }
  }

  #form(operation: Operation, plan: MaskPlan): { text: string; digest: string } {
    const known = this.#forms.get(operation.facts)
    if (known?.plan === plan) return known
    const { text } = recordedForm({ ...operation, parameters: [] }, plan)
    const form = { plan, text, digest: digest(this.#parts.digestKey, operation.text) }
    this.#forms.set(operation.facts, form)
    return form
  }

  /** Every rule's question is asked by itself, and one person answers one only; then the operation is judged again. */
  async #hold(
    id: string,
    operation: Operation,
    options: AdmitOptions,
    judgement: Approve,
    entry: OperationEvent,
  ): Promise<Verdict> {
    const refuse = (words: Omit<Refusal, 'id'>): Verdict => ({ kind: 'refuse', refusal: { ...words, id } })
    const signal = AbortSignal.any([options.signal, this.#parts.signal])
    const deciders = new Set<string>()
    let last: Asked | null = null
    for (const approval of judgement.approvals) {
      for (;;) {
        const asked = await this.#ask(id, approval, options, entry, signal)
        if (!('decision' in asked)) return refuse(asked)
        last = asked
        const { decision } = asked
        if (decision.decision !== 'approved' || decision.by === null) return refuse(decisionRefused(approval.rule, decision))
        if (!deciders.has(decision.by.id)) {
          deciders.add(decision.by.id)
          break
        }
        await this.#void(id, last, 'One person answers for one rule only; somebody else must decide.')
      }
    }
    const again = this.#judge(operation)
    const { masks } = this
    if (!stillApproved(judgement, again)) {
      if (last !== null) await this.#void(id, last, 'The rules changed while it was held.')
      return refuse(approvalVoid(judgement.approvals[0]?.rule ?? 'hoop/approvals'))
    }
    if (signal.aborted) return refuse(decisionRefused('hoop/approvals', withdrawn))
    return { kind: 'permit', permit: this.#permit(id, masks) }
  }

  /** An approval that does not count after all: said to approvers and on the record. */
  async #void(operation: string, { approval, decision }: Asked, words: string): Promise<void> {
    const { holds, append, rules, log } = this.#parts
    await append({
      type: 'decided',
      operation,
      approval,
      decision: 'void',
      by: decision.by,
      reason: words,
      policyVersion: rules().version,
    })
    await holds
      .void(approval, words)
      .catch((error: unknown) => log.error({ err: error, approval }, 'an approval could not be marked as void'))
  }

  /** Asks one rule's question. Words for a refusal: it could not be asked, or the answer was lost. */
  async #ask(
    id: string,
    { rule, groups, timeout, message }: RequiredApproval,
    options: AdmitOptions,
    { text, parameters, effects, objects }: OperationEvent,
    signal: AbortSignal,
  ): Promise<Asked | Omit<Refusal, 'id'>> {
    const { holds, sessionId, identity, reason, append, log } = this.#parts
    try {
      const held = await holds.hold(
        {
          session: sessionId,
          operationId: id,
          connection: this.#parts.connection().name,
          requester: identity,
          reason,
          rule,
          message,
          approverGroups: groups,
          timeout,
          text,
          parameters,
          effects,
          objects,
        },
        signal,
      )
      await append({ type: 'held', operation: id, approval: held.id, rule, approvers: [...groups], timeout })
      options.onHold({ approvalId: held.id, operationId: id, rule, message, approvers: groups, timeout })
      const decision = await held.decision
      await append({
        type: 'decided',
        operation: id,
        approval: held.id,
        decision: decision.decision,
        by: decision.by,
        reason: decision.reason,
        policyVersion: this.#parts.rules().version,
      })
      return { approval: held.id, decision }
    } catch (error) {
      if (error instanceof HoopError && error.code === 'invalid_request') return notHoldable(rule, error)
      log.error({ err: error, session: sessionId, operation: id }, 'an operation could not be held')
      return holdFailed
    }
  }
}

/** One question and its answer. */
interface Asked {
  readonly approval: string
  readonly decision: Decision
}

const withdrawn: Decision = { decision: 'withdrawn', by: null, reason: null }

const nothingMatched: { rule: string; matched: boolean; words: string }[] = []
/** The record keeps what spoke; what did not follows from the policy version. */
function matched(reasons: readonly Reason[]): { rule: string; matched: boolean; words: string }[] {
  return reasons.length === 0 ? nothingMatched : reasons.filter((reason) => reason.matched)
}

/** What was approved is still what would be asked: permitted by now, or held by the same rules for the same people. */
function stillApproved(before: Approve, again: Judgement): boolean {
  if (again.decision === 'permit') return true
  if (again.decision === 'refuse') return false
  const asked = new Set(before.approvals.map(question))
  return again.approvals.every((approval) => asked.has(question(approval)))
}
function question({ rule, groups }: RequiredApproval): string {
  return JSON.stringify([rule, groups])
}
