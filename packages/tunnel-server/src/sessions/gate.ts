import type { KeyObject } from 'node:crypto'
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
  type Verdict,
} from '@hoop/contracts'
import type { Judgement, RequiredApproval, RuleSet } from '@hoop/policy'
import { recordedForm, recordedObjects, recordedParameters } from '@hoop/policy'
import { digest, type Entry } from '@hoop/recording'
import type { Logger } from 'pino'
import type { Limits } from './limits.ts'
import { AdmittedPermit, type Append } from './permit.ts'
import { type HeldOperation, Questions } from './questions.ts'
import {
  approvalVoid,
  decisionRefused,
  definitionsUnknown,
  judgeFailed,
  nounOf,
  redefined,
  rulesUnknown,
  ticketed,
  usedUp,
  type Words,
} from './refusals.ts'
import type { Asked, Decision, Holds } from './types.ts'

export interface GateParts {
  readonly sessionId: string
  readonly identity: Identity
  readonly connectionName: string
  readonly reason: string | null
  /** Throws a HoopError `unavailable` when it is not known which are in force. */
  readonly rules: () => RuleSet
  /** The connection as registered now; throws a HoopError when it, or the access to it, is gone. */
  readonly connection: () => ConnectionDocument
  readonly holds: Holds
  readonly limits: Limits
  readonly digestKey: KeyObject
  readonly append: Append
  /** Aborts when the session ends. */
  readonly signal: AbortSignal
  readonly log: Logger
}

/** What an operation is judged, recorded and masked by. */
interface InForce {
  readonly rules: RuleSet
  readonly connection: ConnectionDocument
  readonly version: string
  readonly masks: MaskPlan
  /** What others see of it by: no exception counts. */
  readonly forOthers: MaskPlan
}

/** How a text, and what it does, stand in the record. */
interface Form extends Pick<OperationEvent, 'text' | 'digest' | 'effects' | 'objects' | 'functions' | 'runs'> {
  readonly plan: MaskPlan
  readonly of: string
}

/** Operations before a held one that approvers see, and how much of each: UTF-16 units. */
const rememberedBefore = 5
const shownBefore = 200

type EndStream = (reason: HoopError) => void
type Approve = Extract<Judgement, { decision: 'approve' }>
type OperationEvent = Extract<Entry, { type: 'operation' }>

/** Where every operation of a session passes: recorded, judged, held if need be, and only then permitted. */
export class SessionGate implements Omit<Gate, 'admit'> {
  readonly #parts: GateParts
  readonly #questions: Questions
  readonly #prefix: string
  /** By the literals of a text, which all its executions share: its recorded form and digest under one mask plan. */
  readonly #forms = new WeakMap<object, Form>()
  /** The same as others may see it, where that is another. */
  readonly #formsForOthers = new WeakMap<object, Form>()
  readonly #holding = new Set<Promise<Verdict>>()
  /** Texts of the last operations, as others may see them. */
  readonly #before: string[] = []
  #count = 0
  /** What was in force when that was last known: to refuse, to record and to mask by while it is not, never to permit by. */
  #known: InForce

  /** @throws HoopError when it is not known what is in force, or the connection may not be used. */
  constructor(parts: GateParts) {
    this.#parts = parts
    this.#prefix = `op_${parts.sessionId.slice(-8)}`
    this.#known = inForce(parts, null)
    this.#questions = new Questions({
      ...parts,
      policyVersion: () => this.#known.version,
      loginRole: () => loginRole(this.#known.connection),
    })
  }

  get masks(): MaskPlan {
    return (this.#inForceIfKnown() ?? this.#known).masks
  }

  /** Null: it is not known what is in force. Throws when the session is over. */
  #inForceIfKnown(): InForce | null {
    try {
      this.#known = inForce(this.#parts, this.#known)
      return this.#known
    } catch (error) {
      if (error instanceof HoopError && error.code === 'unavailable') return null
      throw error
    }
  }

  /** Puts on the record what nothing waits for. A disk that fails later ends the session all the same. */
  #note(entry: Entry): void {
    const durable = this.#parts.append(entry)
    if (durable !== undefined) durable.catch(() => {})
  }

  unsolicited(kind: string, text: string): boolean {
    // ParameterStatus and the like tell of settings: nothing to wait for.
    this.#note({ type: 'unsolicited', stream: 0, kind, text })
    return true
  }

  /** `end` ends the stream, with words for its caller. */
  admit(operation: Operation, options: AdmitOptions, end: EndStream): Maybe<Verdict> {
    const id = `${this.#prefix}_${(this.#count++).toString(36)}`
    const now = this.#inForceIfKnown()
    const judgement = now === null ? this.#unjudged(rulesUnknown) : (this.#limited(now) ?? this.#judge(operation, now))
    const { masks, forOthers } = now ?? this.#known
    const entry = this.#entry(id, operation, options.stream, judgement, masks)
    const shown = forOthers === masks ? entry : this.#shown(operation, forOthers)
    const recorded = this.#parts.append(entry)
    if (judgement.decision === 'approve') {
      const before = [...this.#before]
      const held = { operation, options, shown, masks: forOthers, before }
      const hold = () => this.#tracked(this.#hold(id, held, judgement, end))
      this.#remember(shown.text)
      return recorded === undefined ? hold() : recorded.then(hold)
    }
    this.#remember(shown.text)
    const verdict: Verdict =
      judgement.decision === 'refuse'
        ? { kind: 'refuse', refusal: { ...judgement.refusal, id } }
        : { kind: 'permit', permit: this.#permit(id, now ?? this.#known, end) }
    return recorded === undefined ? verdict : recorded.then(() => verdict)
  }

  /** Resolves when what was held has its end on the record: those who asked may be gone before. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#holding)
  }

  #tracked(held: Promise<Verdict>): Promise<Verdict> {
    const tracked = held.finally(() => this.#holding.delete(tracked))
    this.#holding.add(tracked)
    return tracked
  }

  rejected(operation: Operation, stream: number, error: { readonly code: string; readonly message: string }): void {
    const id = `${this.#prefix}_${(this.#count++).toString(36)}`
    const { masks, version } = this.#inForceIfKnown() ?? this.#known
    const entry = this.#entry(id, operation, stream, { decision: 'permit', reasons: [atParse], version }, masks)
    this.#note(entry)
    this.#note({ type: 'outcome', operation: id, kind: 'error', tag: null, error, rows: 0, masked: {}, duration: 0 })
  }

  /** Puts a statement of the gateway's own on the record before it runs. */
  own(text: string, stream: number): void {
    this.#note({
      type: 'operation',
      id: `${this.#prefix}_${(this.#count++).toString(36)}`,
      stream,
      by: 'hoop',
      text,
      digest: null,
      parameters: [],
      fingerprint: null,
      effects: ['read'],
      objects: [],
      functions: [],
      runs: [],
      verdict: 'permit',
      policyVersion: (this.#inForceIfKnown() ?? this.#known).version,
      reasons: [],
      refusal: null,
    })
  }

  #permit(id: string, { rules, connection, masks }: InForce, end: EndStream): AdmittedPermit {
    const { identity, limits, signal, append } = this.#parts
    const meter = limits.meter(rules.limits(identity, connection))
    return new AdmittedPermit(id, masks, signal, append, meter && { meter, end })
  }

  /** Null: no limit is reached. */
  #limited({ rules, connection, version }: InForce): Judgement | null {
    const { identity, limits } = this.#parts
    const refusal = limits.refusal(rules.limits(identity, connection))
    if (refusal === null) return null
    return { decision: 'refuse', reasons: [{ rule: refusal.rule, matched: true, words: refusal.message }], version, refusal }
  }

  #judge(operation: Operation, { rules, connection }: InForce): Judgement {
    const { identity, sessionId, reason, log } = this.#parts
    try {
      // Facts are one object for all executions of a text, so they stand for its analysis.
      const cacheKey = operation.facts
      return rules.judge({ identity, connection, operation, session: { id: sessionId, reason }, now: new Date(), cacheKey })
    } catch (error) {
      log.error({ err: error, session: sessionId }, 'an operation could not be judged')
      return this.#unjudged(judgeFailed(nounOf(operation)))
    }
  }

  #unjudged(refusal: Words): Extract<Judgement, { decision: 'refuse' }> {
    return { decision: 'refuse', reasons: [], version: this.#known.version, refusal }
  }

  /** Everything that the record says of an operation before it runs. */
  #entry(id: string, operation: Operation, stream: number, judgement: Judgement, plan: MaskPlan): OperationEvent {
    const form = this.#form(operation, plan)
    const refusal = judgement.decision === 'refuse' ? judgement.refusal : null
    return {
      type: 'operation',
      id,
      stream,
      by: 'caller',
      text: form.text,
      digest: form.digest,
      parameters: this.#parameters(operation, plan),
      fingerprint: operation.fingerprint,
      effects: form.effects,
      objects: form.objects,
      functions: form.functions,
      runs: form.runs,
      verdict: judgement.decision === 'approve' ? 'hold' : judgement.decision,
      policyVersion: judgement.version,
      reasons: matched(judgement.reasons),
      refusal: refusal === null ? null : { code: refusal.code, message: refusal.message, rule: refusal.rule },
    }
  }

  #parameters(operation: Operation, plan: MaskPlan): OperationEvent['parameters'] {
    if (operation.parameters.length === 0) return []
    return recordedParameters(operation, plan).map(({ type, value }, i) => {
      const original = operation.parameters[i]?.value ?? null
      const changed = original !== null && original !== value
      return { type, value, digest: changed ? digest(this.#parts.digestKey, original) : null }
    })
  }

  #form(operation: Operation, plan: MaskPlan, forms = this.#forms): Form {
    const known = forms.get(operation.literals)
    if (known?.plan === plan && known.of === operation.text) return known
    const { text, runs } = recordedForm({ ...operation, parameters: [] }, plan)
    const form: Form = {
      plan,
      of: operation.text,
      text,
      digest: text === operation.text ? null : digest(this.#parts.digestKey, operation.text),
      effects: [...operation.effects],
      objects: [...recordedObjects(operation, plan)],
      functions: [...operation.functions],
      runs: [...runs],
    }
    forms.set(operation.literals, form)
    return form
  }

  /** Every rule's question is asked by itself, and one person answers one only; then the operation is read and judged again. */
  async #hold(id: string, asHeld: Omit<HeldOperation, 'signal'>, judgement: Approve, end: EndStream): Promise<Verdict> {
    const signal = AbortSignal.any([asHeld.options.signal, this.#parts.signal])
    const held: HeldOperation = { ...asHeld, signal }
    const granted: Asked[] = []
    const refuse = async (words: Words, why: string): Promise<Verdict> => {
      for (const asked of granted) await this.#questions.void(id, asked, why)
      return { kind: 'refuse', refusal: { ...words, id } }
    }
    for (const approval of judgement.approvals) {
      for (let anew = false; ; anew = true) {
        const asked = await this.#questions.ask(id, approval, held, anew)
        if (!('decision' in asked)) {
          await this.#parts.append(notRun(id, asked))
          return await refuse(asked, 'The other approvals that it needs could not be asked for.')
        }
        const { decision } = asked
        if (decision.decision === 'ticket') {
          const words = ticketed(approval, asked.approval)
          await this.#parts.append(notRun(id, words))
          await this.#questions.keep(granted)
          return { kind: 'refuse', refusal: { ...words, id } }
        }
        if (decision.decision !== 'approved' || decision.by === null) {
          return await refuse(
            decisionRefused(nounOf(held.operation), approval.rule, decision),
            `Another approval that it needs was ${decision.decision}.`,
          )
        }
        if (decision.through === 'break-glass' || !granted.some((other) => shareApprover(asked, other))) {
          granted.push(asked)
          break
        }
        await this.#questions.void(id, asked, 'One person answers for one rule only; somebody else must decide.')
      }
    }
    return await this.#release(id, judgement, held, granted, refuse, end)
  }

  /** What was approved is what runs: it is read and judged again, by what is in force now, and each approval is used once. */
  async #release(
    id: string,
    judgement: Approve,
    { operation, options, signal }: HeldOperation,
    granted: readonly Asked[],
    refuse: (words: Words, why: string) => Promise<Verdict>,
    end: EndStream,
  ): Promise<Verdict> {
    const rule = judgement.approvals[0]?.rule ?? 'hoop/approvals'
    const noun = nounOf(operation)
    const unknown = async (words: Words, why: string) => {
      await this.#parts.append(notRun(id, words))
      return await refuse(words, why)
    }
    const used = await this.#questions.use(noun, granted, this.#parts.sessionId)
    if (typeof used === 'object') return await unknown(used, 'It could not be told whether the approval was used already.')
    if (!used) return await unknown(usedUp(rule), 'It was used, or its time ran out, before this operation could run.')
    const again = await this.#readAgain(operation, options, granted)
    if (signal.aborted)
      return await refuse(decisionRefused(noun, 'hoop/approvals', withdrawn), 'It was withdrawn as it was approved.')
    const now = this.#inForceIfKnown()
    if (now === null) return await unknown(rulesUnknown, 'It is not known which rules are in force.')
    if (again === 'unavailable') return await unknown(definitionsUnknown(noun), 'What its names mean now could not be looked up.')
    if (again === null || !doesTheSame(operation, again)) {
      return await refuse(redefined(noun, rule), 'What it names was redefined while it was held.')
    }
    if (!stillApproved(judgement, this.#judge(again, now))) {
      return await refuse(approvalVoid(noun, rule), 'The rules changed while it was held.')
    }
    return { kind: 'permit', permit: this.#permit(id, now, end) }
  }

  /** An operation that was not held for long was read just now. */
  async #readAgain(
    operation: Operation,
    { again }: AdmitOptions,
    granted: readonly Asked[],
  ): Promise<Operation | null | 'unavailable'> {
    if (again === undefined || granted.every(({ decision }) => decision.through === 'batch')) return operation
    try {
      return await again()
    } catch (error) {
      const { log, sessionId } = this.#parts
      log.error({ err: error, session: sessionId }, 'an approved operation could not be read again')
      return 'unavailable'
    }
  }

  /** What of an operation may leave to others. */
  #shown(operation: Operation, plan: MaskPlan): HeldOperation['shown'] {
    return { ...this.#form(operation, plan, this.#formsForOthers), parameters: this.#parameters(operation, plan) }
  }

  #remember(text: string): void {
    this.#before.push(text.length > shownBefore ? `${text.slice(0, shownBefore)}…` : text)
    if (this.#before.length > rememberedBefore) this.#before.shift()
  }
}

/**
 * The same as before, where nothing changed.
 * @throws HoopError `unavailable` when it is not known; any other when the session is over.
 */
function inForce(parts: GateParts, before: InForce | null): InForce {
  const rules = parts.rules()
  const connection = parts.connection()
  if (before?.rules === rules && before.connection === connection) return before
  const masks = rules.masks(parts.identity, connection)
  return { rules, connection, version: rules.version, masks, forOthers: rules.masksForOthers(parts.identity, connection) }
}

/** As whom the backend runs what chooses nobody else; empty: the protocol has no roles that one could choose. */
function loginRole(connection: ConnectionDocument): string {
  return connection.protocol === 'postgres' ? connection.login.user : ''
}

/** The end of an operation that was held and that nobody could decide. */
function notRun(operation: string, { code, message }: Words): Entry {
  return { type: 'outcome', operation, kind: 'not-run', tag: null, error: { code, message }, rows: 0, masked: {}, duration: 0 }
}

const atParse: Reason = {
  rule: 'hoop/parse',
  matched: true,
  words: 'the backend rejected it as it read it: it was to be judged when it runs',
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
function question({ rule, groups, count }: RequiredApproval): string {
  return JSON.stringify([rule, groups, count])
}

/** Read again, it has the effects that were approved, on the objects that were. */
function doesTheSame(one: Operation, other: Operation): boolean {
  if (one === other) return true
  const does = ({ effects, objects, functions, facts, flows, refused }: Operation) =>
    JSON.stringify([effects, objects, functions, facts, flows, refused])
  return does(one) === does(other)
}

function shareApprover(one: Asked, other: Asked): boolean {
  const of = ({ decision: { by, also = [] } }: Asked) => [by, ...also].map((each) => each?.id)
  return of(one).some((id) => of(other).includes(id))
}
