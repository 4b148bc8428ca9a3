import { type AdmitOptions, HoopError, type Identity } from '@hoop/contracts'
import type { RequiredApproval } from '@hoop/policy'
import type { Entry } from '@hoop/recording'
import type { Logger } from 'pino'
import type { Append } from './permit.ts'
import { holdFailed, notHoldable, type Words } from './refusals.ts'
import type { Decision, Holds } from './types.ts'

/** One question and its answer. */
export interface Asked {
  readonly approval: string
  readonly decision: Decision
}

export interface QuestionsParts {
  readonly sessionId: string
  readonly identity: Identity
  readonly connectionName: string
  readonly reason: string | null
  readonly holds: Holds
  readonly append: Append
  /** Of the rules last known to be in force. */
  readonly policyVersion: () => string
  readonly log: Logger
}

/** What approvers of one session are asked: each question, its answer, and that an answer does not count, stand on the record. */
export class Questions {
  readonly #parts: QuestionsParts

  constructor(parts: QuestionsParts) {
    this.#parts = parts
  }

  /** An approval that does not count after all: said to approvers and on the record. */
  async void(operation: string, { approval, decision }: Asked, words: string): Promise<void> {
    const { append } = this.#parts
    const policyVersion = this.#parts.policyVersion()
    try {
      await append({ type: 'decided', operation, approval, decision: 'void', by: decision.by, reason: words, policyVersion })
    } finally {
      await this.#voidInStore(approval, words)
    }
  }

  async #voidInStore(approval: string, words: string): Promise<void> {
    const { holds, log } = this.#parts
    await holds
      .void(approval, words)
      .catch((error: unknown) => log.error({ err: error, approval }, 'an approval could not be marked as void'))
  }

  /** Asks one rule's question. Words for a refusal: it could not be asked, or the answer was lost. */
  async ask(
    id: string,
    { rule, groups, timeout, message }: RequiredApproval,
    options: AdmitOptions,
    { text, runs, parameters, effects, objects }: Extract<Entry, { type: 'operation' }>,
    signal: AbortSignal,
  ): Promise<Asked | Words> {
    const { holds, sessionId, identity, reason, append, log } = this.#parts
    // Nobody is left to decide what cannot be recorded, and nothing is left approved of which the record does not know.
    const givenUp = new AbortController()
    let approved: string | null = null
    try {
      const held = await holds.hold(
        {
          session: sessionId,
          operationId: id,
          connection: this.#parts.connectionName,
          requester: identity,
          reason,
          rule,
          message,
          approverGroups: groups,
          timeout,
          text: [text, ...runs.map((run) => `-- ${run.name}: ${run.text}`)].join('\n'),
          parameters,
          effects,
          objects,
        },
        AbortSignal.any([signal, givenUp.signal]),
      )
      await append({ type: 'held', operation: id, approval: held.id, rule, approvers: [...groups], timeout })
      options.onHold({ approvalId: held.id, operationId: id, rule, message, approvers: groups, timeout })
      const decision = await held.decision
      if (decision.decision === 'approved') approved = held.id
      await append({
        type: 'decided',
        operation: id,
        approval: held.id,
        decision: decision.decision,
        by: decision.by,
        reason: decision.reason,
        policyVersion: this.#parts.policyVersion(),
      })
      return { approval: held.id, decision }
    } catch (error) {
      givenUp.abort()
      if (approved !== null) await this.#voidInStore(approved, 'The decision could not be recorded.')
      if (error instanceof HoopError && error.code === 'invalid_request') return notHoldable(rule, error)
      log.error({ err: error, session: sessionId, operation: id }, 'an operation could not be held')
      return holdFailed
    }
  }
}
