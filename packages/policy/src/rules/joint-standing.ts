import type { MaskPlan } from '@hoop/contracts'
import type { JudgeInput, Judgement } from './judgement.ts'
import type { Standing } from './standing.ts'

type Approve = Extract<Judgement, { decision: 'approve' }>

/** Several who act as one: what is refused to any of them is refused, and all that is to be asked for any is asked. */
export class JointStanding {
  readonly masks: MaskPlan
  readonly #each: readonly Standing[]
  /** A judgement that is kept is the same object again, and so is what follows from it. */
  readonly #joined = new WeakMap<Judgement, { readonly others: readonly Judgement[]; readonly judgement: Judgement }>()

  /** All with the same masks. */
  constructor(each: readonly Standing[]) {
    const [first] = each
    if (first === undefined) throw new TypeError('nobody acts')
    this.masks = first.masks
    this.#each = each
  }

  judge(input: JudgeInput): Judgement {
    const [first, ...others] = this.#each.map((standing) => standing.judge(input))
    if (first === undefined) throw new TypeError('nobody acts')
    const known = this.#joined.get(first)
    if (known?.others.every((other, index) => other === others[index])) return known.judgement
    const judgement = others.reduce(strictest, first)
    this.#joined.set(first, { others, judgement })
    return judgement
  }
}

function strictest(a: Judgement, b: Judgement): Judgement {
  const reasons = [...a.reasons, ...b.reasons.filter((reason) => !a.reasons.some((other) => isSame(other, reason)))]
  const refused = a.decision === 'refuse' ? a : b.decision === 'refuse' ? b : null
  if (refused !== null) return { ...refused, reasons }
  const asking = [a, b].filter((judgement): judgement is Approve => judgement.decision === 'approve')
  if (asking.length === 0) return { decision: 'permit', reasons, version: a.version }
  const approvals = new Map(asking.flatMap((judgement) => judgement.approvals.map((approval) => [approval.rule, approval])))
  return { decision: 'approve', reasons, version: a.version, approvals: [...approvals.values()] }
}

function isSame(a: Judgement['reasons'][number], b: Judgement['reasons'][number]): boolean {
  return a.rule === b.rule && a.matched === b.matched && a.words === b.words
}
