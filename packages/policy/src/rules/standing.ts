import type { ConnectionDocument, Identity, MaskPlan, Operation, Reason } from '@hoop/contracts'
import { ConnectionVariable, IdentityVariable, OperationVariable, SessionVariable } from '../conditions/variables.ts'
import { cannotRun, maskedFlow, unknownEffects } from './built-in.ts'
import type { JudgeInput, Judgement, RuleRefusal } from './judgement.ts'
import { applyRule, type PolicyRule, type RuleOutcome } from './policy-rule.ts'

/** Variables that are not in the key of a cached judgement. */
const outsideTheKey = ['now', 'session', 'operation', 'operation.parameters']

/** What a cached judgement depends on beside its key: compared again, so that a key used for two texts costs time and nothing else. */
type Judged = Pick<Operation, 'protocol' | 'text' | 'effects' | 'objects' | 'functions' | 'facts' | 'flows' | 'refused'>

/** One identity at one connection: the rules that are about both, the masks, and what was judged before. */
export class Standing {
  readonly masks: MaskPlan
  readonly #version: string
  readonly #candidates: readonly PolicyRule[]
  /** Why the other rules are not about this identity and connection. */
  readonly #misfits: readonly Reason[]
  readonly #identity: IdentityVariable
  readonly #connection: ConnectionVariable
  readonly #cacheable: boolean
  readonly #judged = new WeakMap<object, { readonly of: Judged; readonly judgement: Judgement }>()

  constructor(standing: {
    identity: Identity
    connection: ConnectionDocument
    version: string
    masks: MaskPlan
    candidates: readonly PolicyRule[]
    misfits: readonly Reason[]
  }) {
    this.masks = standing.masks
    this.#version = standing.version
    this.#candidates = standing.candidates
    this.#misfits = standing.misfits
    this.#identity = new IdentityVariable(standing.identity)
    this.#connection = new ConnectionVariable(standing.connection)
    this.#cacheable = !standing.candidates.some(({ condition }) => [...condition.reads].some(isOutsideTheKey))
  }

  judge(input: JudgeInput): Judgement {
    const key = input.cacheKey ?? input.operation
    const cached = this.#judged.get(key)
    if (cached !== undefined && isSame(cached.of, input.operation)) return cached.judgement
    const judgement = this.#judgeAnew(input)
    if (this.#cacheable && judgement.decision !== 'approve') {
      const { protocol, text, effects, objects, functions, facts, flows, refused } = input.operation
      this.#judged.set(key, { of: { protocol, text, effects, objects, functions, facts, flows, refused }, judgement })
    }
    return judgement
  }

  #judgeAnew(input: JudgeInput): Judgement {
    const { operation } = input
    const outcomes = this.#apply(input)
    const enforced = input.connection.profile !== 'transparent'
    const impossible = enforced ? cannotRun(operation) : null
    const unknown = enforced ? unknownEffects(operation, outcomes) : null
    const flow = maskedFlow(operation, this.masks)
    const builtIn = [impossible, unknown, flow].filter((outcome) => outcome !== null)
    const reasons = [...builtIn.map(({ reason }) => reason), ...outcomes.map(({ reason }) => reason), ...this.#misfits]
    const version = this.#version
    const refusal = impossible?.refusal ?? refusalOf(outcomes, operation) ?? unknown?.refusal ?? flow?.refusal
    if (refusal) return { decision: 'refuse', reasons, version, refusal }
    const approvals = outcomes.flatMap(({ result, policy }) => (result === 'matched' && policy.approval ? [policy.approval] : []))
    if (approvals.length > 0) return { decision: 'approve', reasons, version, approvals }
    return { decision: 'permit', reasons, version }
  }

  #apply({ operation, session, now }: JudgeInput): RuleOutcome[] {
    if (this.#candidates.length === 0) return []
    const variables = {
      identity: this.#identity,
      connection: this.#connection,
      operation: new OperationVariable(operation),
      session: new SessionVariable(session),
      now,
    }
    return this.#candidates.map((policy) => applyRule(policy, variables))
  }
}

function isOutsideTheKey(read: string): boolean {
  return outsideTheKey.includes(read) || read.startsWith('session.') || read.startsWith('now.')
}

function isSame(a: Judged, b: Judged): boolean {
  return (
    a.effects === b.effects &&
    a.objects === b.objects &&
    a.functions === b.functions &&
    a.facts === b.facts &&
    a.flows === b.flows &&
    a.refused === b.refused &&
    a.protocol === b.protocol &&
    a.text === b.text
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
    hint: `An admin must correct ${rule}; has(…) asks first whether a label is there.`,
  }
}

const shownObjects = 10

function whatItDoes({ effects, objects }: Operation): string {
  const shown = objects.slice(0, shownObjects).map(({ access, kind, name }) => `${access} ${kind} ${name}`)
  if (objects.length > shownObjects) shown.push(`and ${objects.length - shownObjects} more`)
  return `Effects: ${effects.join(', ') || 'none'}.${shown.length > 0 ? ` Objects: ${shown.join('; ')}.` : ''}`
}
