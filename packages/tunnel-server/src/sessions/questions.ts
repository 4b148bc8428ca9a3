import { type AdmitOptions, HoopError, type Identity, type MaskPlan, type Operation } from '@hoop/contracts'
import type { RequiredApproval } from '@hoop/policy'
import type { Entry } from '@hoop/recording'
import type { Logger } from 'pino'
import { boundTo } from './bound.ts'
import type { Append } from './permit.ts'
import { holdFailed, notHoldable, nounOf, type Words } from './refusals.ts'
import type { Asked, HoldRequest, Holds } from './types.ts'

export interface QuestionsParts {
  readonly sessionId: string
  readonly identity: Identity
  readonly connectionName: string
  readonly reason: string | null
  readonly holds: Holds
  readonly append: Append
  /** Of the rules last known to be in force. */
  readonly policyVersion: () => string
  /** The account by which sessions log in to the database. */
  readonly loginRole: () => string
  readonly log: Logger
}

/** An operation that is held: as it came, and as others may see it. */
export interface HeldOperation {
  readonly operation: Operation
  readonly options: AdmitOptions
  /** What of it approvers see: as on the record, and with no exception from a mask that its caller may have. */
  readonly shown: Pick<Extract<Entry, { type: 'operation' }>, 'text' | 'runs' | 'parameters' | 'effects' | 'objects'>
  readonly masks: MaskPlan
  /** Texts of the session's operations before it, in the same form. */
  readonly before: readonly string[]
  readonly signal: AbortSignal
}

/** Too large, or one too many. */
const unaskable: ReadonlySet<HoopError['code']> = new Set(['invalid_request', 'too_many_requests'])

/** What approvers of one session are asked: each question, its answer, and that an answer does not count, stand on the record. */
export class Questions {
  readonly #parts: QuestionsParts

  constructor(parts: QuestionsParts) {
    this.#parts = parts
  }

  /** An approval that does not count after all: said to approvers and on the record. A batch is not this operation's alone, and stays. */
  async void(operation: string, { approval, decision }: Asked, words: string): Promise<void> {
    const { append } = this.#parts
    const policyVersion = this.#parts.policyVersion()
    try {
      await append({ type: 'decided', operation, approval, decision: 'void', by: decision.by, reason: words, policyVersion })
    } finally {
      if (decision.through !== 'batch') await this.#voidInStore(approval, words)
    }
  }

  async #voidInStore(approval: string, words: string): Promise<void> {
    const { holds, log } = this.#parts
    await holds
      .void(approval, words)
      .catch((error: unknown) => log.error({ err: error, approval }, 'an approval could not be marked as void'))
  }

  /** The operation fails for now; what was approved of it waits for its ticket. */
  async keep(granted: readonly Asked[]): Promise<void> {
    const { holds, log } = this.#parts
    for (const { approval } of granted) {
      await holds.keep(approval).catch((error: unknown) => log.error({ err: error, approval }, 'an approval could not be kept'))
    }
  }

  /** Counts one use of each; words for a refusal where one does not hold any more, or that cannot be told. */
  async use(noun: ReturnType<typeof nounOf>, granted: readonly Asked[], session: string): Promise<boolean | Words> {
    const { holds, log } = this.#parts
    try {
      return await holds.use(granted.map(({ approval }) => approval))
    } catch (error) {
      log.error({ err: error, session }, 'an approval could not be used')
      return holdFailed(noun)
    }
  }

  /** Asks one rule's question; `anew`: whatever stands. Words for a refusal: it could not be asked, or the answer was lost. */
  async ask(id: string, required: RequiredApproval, held: HeldOperation, anew: boolean): Promise<Asked | Words> {
    const { rule, groups, count, timeout, message } = required
    const { holds, sessionId, append, log } = this.#parts
    // Nobody is left to decide what cannot be recorded, and nothing is left approved of which the record does not know.
    const givenUp = new AbortController()
    let approved: string | null = null
    try {
      const request = this.#request(id, required, held)
      const standing = anew ? null : await holds.standing(request)
      if (standing !== null) {
        if (standing.decision.decision === 'ticket') return standing
        approved = standing.decision.through === 'batch' ? null : standing.approval
        await this.#record(id, standing)
        return standing
      }
      const { id: approval, decision } = await holds.hold(request, AbortSignal.any([held.signal, givenUp.signal]))
      await append({ type: 'held', operation: id, approval, rule, approvers: [...groups], timeout })
      held.options.onHold({ approvalId: approval, operationId: id, rule, message, approvers: groups, count, timeout })
      this.#tellLocks(approval, held.options)
      const asked = { approval, decision: await decision }
      if (asked.decision.decision === 'ticket') return asked
      if (asked.decision.decision === 'approved') approved = approval
      await this.#record(id, asked)
      return asked
    } catch (error) {
      givenUp.abort()
      if (approved !== null) await this.#voidInStore(approved, 'The decision could not be recorded.')
      if (error instanceof HoopError && unaskable.has(error.code)) return notHoldable(nounOf(held.operation), rule, error)
      log.error({ err: error, session: sessionId, operation: id }, 'an operation could not be held')
      return holdFailed(nounOf(held.operation))
    }
  }

  /** Nobody waits for it: a question without them is a question. */
  #tellLocks(approval: string, { locks }: AdmitOptions): void {
    const { holds, log } = this.#parts
    locks?.()
      .then((held) => holds.locked(approval, held))
      .catch((error: unknown) => log.warn({ err: error, approval }, 'the locks of a held operation could not be looked up'))
  }

  #request(id: string, required: RequiredApproval, held: HeldOperation): HoldRequest {
    const { operation, options, shown, masks, before } = held
    const { sessionId, identity, reason, connectionName } = this.#parts
    const { rule, groups, count, timeout, message, reveal } = required
    const { text, runs, parameters, effects, objects } = shown
    const { settings = [] } = options
    const setting = (value: string | null) => value && (masks.detectors?.text(value).text ?? value)
    const database = options.database ?? null
    const place = {
      ...{ requester: identity.id, connection: connectionName, database, role: options.role ?? null },
      settings,
      policyVersion: this.#parts.policyVersion(),
    }
    return {
      session: sessionId,
      operationId: id,
      connection: connectionName,
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
      count,
      // Where nobody can tell whether it is the same again, it cannot come back with a ticket.
      onHold: settings === null ? 'wait' : (required.onHold ?? (identity.kind === 'person' ? 'wait' : 'ticket')),
      database,
      role: options.role ?? this.#parts.loginRole(),
      settings: settings?.map(({ name, value }) => ({ name, value: setting(value) })) ?? null,
      inTransaction: options.inTransaction ?? false,
      before,
      original: reveal ? { text: operation.text, parameters: operation.parameters } : null,
      bound: boundTo(operation, required, place),
    }
  }

  async #record(operation: string, { approval, decision }: Asked): Promise<void> {
    const { by, reason, also, through } = decision
    const policyVersion = this.#parts.policyVersion()
    const said = decision.decision === 'ticket' ? 'withdrawn' : decision.decision
    await this.#parts.append({
      ...{ type: 'decided', operation, approval, decision: said, by, reason, policyVersion },
      ...(also && { also: [...also] }),
      ...(through && { through }),
    })
  }
}
