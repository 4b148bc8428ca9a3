import type { ConnectionDocument, Identity, MaskPlan, Operation, Reason } from '@hoop/contracts'
import type { LocalTimes } from '../conditions/local-times.ts'
import { ConnectionVariable, IdentityVariable, OperationVariable, SessionVariable } from '../conditions/variables.ts'
import type { FilterRules } from '../masks/filters.ts'
import { cannotRun, maskedFieldFlows, maskedFilter, maskedFlow, maskedPlaceholder, unknownEffects } from './built-in.ts'
import type { JudgeInput, Judgement, RuleRefusal } from './judgement.ts'
import { placeholderWritten } from './placeholders.ts'
import { applyRule, type PolicyRule, type RuleOutcome } from './policy-rule.ts'

/** How long what came of a rule holds for the same key: always, for the same text, within a session, within a minute, or not at all. */
interface Lasts {
  readonly never: boolean
  readonly text: boolean
  readonly session: boolean
  readonly minute: boolean
}

/**
 * What a cached judgement depends on beside its key: compared again, so that a key used for two operations costs time and nothing else. One key
 * may serve texts that differ in constants: the text counts where a rule reads it.
 */
type Judged = Pick<
  Operation,
  'protocol' | 'text' | 'effects' | 'objects' | 'functions' | 'facts' | 'flows' | 'filters' | 'refused' | 'unknownBecause'
>

interface Kept {
  readonly of: Judged
  /** Of every candidate. */
  readonly outcomes: readonly RuleOutcome[]
  readonly judgement: Judgement
  /** When it was judged, and for which session. */
  readonly minute: number
  readonly session: JudgeInput['session']
}

/** One identity at one connection: the rules that are about both, the masks, and what was judged before. */
export class Standing {
  readonly masks: MaskPlan
  readonly #filters: FilterRules
  readonly #version: string
  readonly #candidates: readonly PolicyRule[]
  /** Why the other rules are not about this identity and connection. */
  readonly #misfits: readonly Reason[]
  readonly #identity: IdentityVariable
  readonly #connection: ConnectionVariable
  /** Of each candidate. */
  readonly #lasts: readonly Lasts[]
  /** Of all of them together. */
  readonly #allLast: Lasts
  readonly #localTimes: LocalTimes
  readonly #judged = new WeakMap<object, Kept>()

  constructor(standing: {
    identity: Identity
    connection: ConnectionDocument
    version: string
    masks: MaskPlan
    filters: FilterRules
    candidates: readonly PolicyRule[]
    misfits: readonly Reason[]
    localTimes: LocalTimes
  }) {
    this.masks = standing.masks
    this.#filters = standing.filters
    this.#version = standing.version
    this.#candidates = standing.candidates
    this.#misfits = standing.misfits
    this.#identity = new IdentityVariable(standing.identity)
    this.#connection = new ConnectionVariable(standing.connection)
    this.#localTimes = standing.localTimes
    this.#lasts = standing.candidates.map(lastsOf)
    const some = (what: keyof Lasts) => this.#lasts.some((lasts) => lasts[what])
    // A masked placeholder stands in the text.
    const text = some('text') || this.masks.hasFields
    this.#allLast = { never: some('never'), text, session: some('session'), minute: some('minute') }
  }

  judge(input: JudgeInput): Judgement {
    const placeholder = placeholderWritten(input.operation, this.masks)
    if (placeholder !== null)
      return { decision: 'refuse', reasons: [placeholder.reason], version: this.#version, refusal: placeholder.refusal }
    const key = input.cacheKey ?? input.operation
    const known = this.#judged.get(key)
    const kept = known !== undefined && isSame(known.of, input.operation) ? known : null
    if (kept !== null && holdsFor(this.#allLast, kept, input)) return kept.judgement
    const outcomes = this.#apply(input, kept)
    const judgement = this.#judgementOf(input, outcomes)
    if (judgement.decision !== 'approve' && (kept === null || !holdsFor({ ...this.#allLast, never: false }, kept, input))) {
      const { protocol, text, effects, objects, functions, facts, flows, filters, refused, unknownBecause } = input.operation
      const of = { protocol, text, effects, objects, functions, facts, flows, filters, refused, unknownBecause }
      this.#judged.set(key, { of, outcomes, judgement, minute: minuteOf(input.now), session: input.session })
    }
    return judgement
  }

  #judgementOf({ operation, connection }: JudgeInput, outcomes: readonly RuleOutcome[]): Judgement {
    const enforced = connection.profile !== 'transparent'
    const impossible = enforced ? cannotRun(operation) : null
    const unknown = enforced ? unknownEffects(operation, outcomes) : null
    const flow = maskedFlow(operation, this.masks) ?? maskedFieldFlows(operation, this.masks)
    const filter = maskedFilter(operation, this.#filters)
    const placeholder = maskedPlaceholder(operation, this.masks)
    const builtIn = [impossible, unknown, flow, filter, placeholder].filter((outcome) => outcome !== null)
    const reasons = [...builtIn.map(({ reason }) => reason), ...outcomes.map(({ reason }) => reason), ...this.#misfits]
    const version = this.#version
    const refusal =
      impossible?.refusal ??
      refusalOf(outcomes, operation) ??
      unknown?.refusal ??
      flow?.refusal ??
      filter?.refusal ??
      placeholder?.refusal
    if (refusal) return { decision: 'refuse', reasons, version, refusal }
    const approvals = outcomes.flatMap(({ result, policy }) => (result === 'matched' && policy.approval ? [policy.approval] : []))
    if (approvals.length > 0) return { decision: 'approve', reasons, version, approvals }
    return { decision: 'permit', reasons, version }
  }

  /** `kept`: of the same operation at another moment; what lasts until now is not asked again. */
  #apply(input: JudgeInput, kept: Kept | null): RuleOutcome[] {
    if (this.#candidates.length === 0) return []
    const { operation, session, now } = input
    const variables = {
      identity: this.#identity,
      connection: this.#connection,
      operation: new OperationVariable(operation),
      session: new SessionVariable(session),
      now: this.#localTimes.of(now),
    }
    return this.#candidates.map((policy, i) => {
      const lasts = this.#lasts[i]
      const known = kept !== null && lasts !== undefined && holdsFor(lasts, kept, input) ? kept.outcomes[i] : undefined
      return known ?? applyRule(policy, variables)
    })
  }
}

function lastsOf({ condition }: PolicyRule): Lasts {
  const reads = (name: string) => [...condition.reads].some((read) => read === name || read.startsWith(`${name}.`))
  const parameters = condition.reads.has('operation') || condition.reads.has('operation.parameters')
  const now = reads('now')
  return {
    never: parameters || (now && !condition.steadyForMinutes),
    text: reads('operation.text'),
    session: reads('session'),
    minute: now && condition.steadyForMinutes,
  }
}

/** Whether what was judged then is so now. */
function holdsFor(lasts: Lasts, kept: Kept, { operation, session: { id, reason }, now }: JudgeInput): boolean {
  const { never, text, session, minute } = lasts
  if (never) return false
  if (text && kept.of.text !== operation.text) return false
  if (session && (kept.session.id !== id || kept.session.reason !== reason)) return false
  return !minute || kept.minute === minuteOf(now)
}

/** No time zone is off by parts of a minute. */
function minuteOf(now: Date): number {
  return Math.floor(now.getTime() / 60_000)
}

function isSame(a: Judged, b: Judged): boolean {
  return (
    a.effects === b.effects &&
    a.objects === b.objects &&
    a.functions === b.functions &&
    a.facts === b.facts &&
    a.flows === b.flows &&
    a.filters === b.filters &&
    a.refused === b.refused &&
    a.unknownBecause === b.unknownBecause &&
    a.protocol === b.protocol
  )
}

/** The first deny; a rule that denies comes before one that could not be evaluated, for its words were written for this. */
function refusalOf(outcomes: readonly RuleOutcome[], operation: Operation): RuleRefusal | null {
  const denied = outcomes.find(({ result, policy }) => result === 'matched' && policy.document.then === 'deny')
  if (denied) {
    const { rule, document } = denied.policy
    return {
      code: 'policy_denied',
      rule,
      message: document.message ?? `refused by ${rule}`,
      detail: whatItDoes(operation),
      hint: `Change the operation so that the rule does not match, or ask an admin about ${rule}.`,
    }
  }
  const failed = outcomes.find((outcome) => outcome.result === 'failed')
  if (!failed) return null
  const { rule, condition } = failed.policy
  return {
    code: 'policy_denied',
    rule,
    message: `refused: the condition of ${rule} could not be evaluated`,
    detail: `${failed.because}, in ${condition.source}.`,
    hint: `An admin must correct ${rule}; has(…) asks first whether a label or a member is there.`,
  }
}

const shownObjects = 10

function whatItDoes({ effects, objects }: Operation): string {
  const shown = objects.slice(0, shownObjects).map(({ access, kind, name }) => `${access} ${kind} ${name}`)
  if (objects.length > shownObjects) shown.push(`and ${objects.length - shownObjects} more`)
  return `Effects: ${effects.join(', ') || 'none'}.${shown.length > 0 ? ` Objects: ${shown.join('; ')}.` : ''}`
}
