import type { ColumnRef, MaskPlan, Operation, Reason } from '@hoop/contracts'
import type { FilterRules } from '../masks/filters.ts'
import { maskedFieldFlow, maskedWrite, pathWords } from '../masks/literal-fields.ts'
import type { RuleRefusal } from './judgement.ts'
import type { RuleOutcome } from './policy-rule.ts'

/** What a rule built in says: the reason always, the refusal if it matched. */
export interface BuiltInOutcome {
  readonly reason: Reason
  readonly refusal: RuleRefusal | null
}

/** What the protocol itself cannot carry out or read is refused whatever the documents say. */
export function cannotRun({ refused }: Operation): BuiltInOutcome | null {
  if (refused === null) return null
  const { rule, message, detail, hint } = impossible[refused.code]
  return {
    reason: { rule, matched: true, words: `deny: ${refused.words}` },
    refusal: { code: refused.code, rule, message: message(refused.words), detail, hint },
  }
}

interface Impossible {
  readonly rule: string
  message(words: string): string
  readonly detail: string
  readonly hint: string
}
const impossible: Readonly<Record<NonNullable<Operation['refused']>['code'], Impossible>> = {
  unreadable: {
    rule: 'hoop/unreadable',
    // A mistyped statement is the common case: its author wants the parser's own words.
    message: (words) => words,
    detail: 'The parser rejects it, and what cannot be read is not run.',
    hint: 'Correct the operation.',
  },
  not_supported: {
    rule: 'hoop/not-supported',
    message: (words) => `refused: hoop does not support ${words}`,
    detail: 'Nobody may run it, whatever the policies say.',
    hint: 'Write it in another way.',
  },
  unavailable: {
    rule: 'hoop/unavailable',
    message: (words) => `refused: ${words}`,
    detail: 'What its names mean cannot be looked up at the moment, and what cannot be judged is not run.',
    hint: 'Send it again in a moment.',
  },
}

/** An operation whose effects could not be read is refused, unless a rule that matched allows it or asks for approval and names `unknown`. */
export function unknownEffects(operation: Operation, outcomes: readonly RuleOutcome[]): BuiltInOutcome | null {
  if (!operation.effects.includes('unknown')) return null
  const rule = 'hoop/unknown'
  const named = outcomes.find(
    ({ result, policy }) => result === 'matched' && policy.document.then !== 'deny' && policy.condition.namesUnknown,
  )
  if (named)
    return { reason: { rule, matched: false, words: `${named.policy.rule} names unknown effects and matched` }, refusal: null }
  const because = operation.unknownBecause.length > 0 ? operation.unknownBecause.join('; ') : 'its effects could not be read'
  return {
    reason: { rule, matched: true, words: `deny: unknown effects: ${because}` },
    refusal: {
      code: 'unknown_effect',
      rule,
      message: 'refused: hoop cannot tell what this operation does',
      detail: `Why: ${because}.`,
      hint: "Rewrite it so that its effects can be read. Where it must run as it is, an admin can allow it, or ask for approval, with a Policy whose condition names 'unknown' in operation.effects.",
    },
  }
}

/** Data from a masked column must not be stored where no mask covers it. */
export function maskedFlow(operation: Operation, masks: MaskPlan): BuiltInOutcome | null {
  const { flows } = operation
  if (!masks.hasColumns || (flows !== 'opaque' && flows.length === 0)) return null
  const rule = 'hoop/masked-flow'
  const mask = masks.column(flows)
  if (mask === null) return { reason: { rule, matched: false, words: 'no masked column is stored elsewhere' }, refusal: null }
  const detail =
    flows === 'opaque'
      ? 'It stores values whose origin could not be derived, and columns of this connection are masked for you.'
      : `${mask.rule} masks ${maskedAmong(flows, masks)} for you.`
  return {
    reason: { rule, matched: true, words: `deny: ${detail}` },
    refusal: {
      code: 'masked_flow',
      rule,
      message: 'refused: this operation would copy masked data to where no mask covers it',
      detail,
      hint: 'Name the columns to store and leave the masked ones out, or ask somebody whom the mask excepts to run it.',
    },
  }
}

/** Rows must not be chosen by a masked column in a way that its mask does not leave open: each answer would tell of the values. */
export function maskedFilter({ filters }: Operation, rules: FilterRules): BuiltInOutcome | null {
  if (rules.none || filters === undefined || (filters.equality.length === 0 && filters.other.length === 0)) return null
  const rule = 'hoop/masked-filter'
  const found = rules.forbidding(filters)
  if (found === null) return { reason: { rule, matched: false, words: 'its masks leave open what it asks' }, refusal: null }
  const columns = found.columns === 'opaque' ? 'values whose origin could not be derived' : shownNames(found.columns)
  const detail = `It chooses, orders, groups or computes by ${columns}; ${found.rule} has filter: ${found.filter}.`
  return {
    reason: { rule, matched: true, words: `deny: ${detail}` },
    refusal: {
      code: 'masked_filter',
      rule,
      message: 'refused: this operation asks about masked values',
      detail,
      hint:
        found.filter === 'never'
          ? 'Choose rows by other columns; masked ones may only be shown. Or ask an admin for a mask with filter: equality.'
          : 'Compare whole values by = or IN with constants, parameters or other columns, or use other columns. Or ask an admin for a mask with filter: any.',
    },
  }
}

/** What a mask shows in a value's place must not be written over the value. */
export function maskedPlaceholder(operation: Operation, masks: MaskPlan): BuiltInOutcome | null {
  const reads = operation.effects.every((effect) => effect === 'read')
  if (!masks.hasFields || reads || !operation.literals.some(({ field }) => field !== undefined)) return null
  const rule = 'hoop/masked-placeholder'
  const found = maskedWrite(operation, masks)
  if (found === null) return { reason: { rule, matched: false, words: 'no masked value is written back' }, refusal: null }
  const place = `${pathWords(found.field.path)} of ${found.field.resource}`
  const detail = `${found.mask.rule} masks ${place} for you, and the value there is what a mask shows.`
  return {
    reason: { rule, matched: true, words: `deny: ${detail}` },
    refusal: {
      code: 'masked_flow',
      rule,
      message: 'refused: a masked placeholder never overwrites the truth',
      detail,
      hint: 'Leave the field out, for example with a patch of what you mean to change, or write the real value.',
    },
  }
}

/** A masked field is neither guessed at nor copied to where its mask does not cover it. */
export function maskedFieldFlows(operation: Operation, masks: MaskPlan): BuiltInOutcome | null {
  if (!masks.hasFields || (operation.fieldFlows ?? []).length === 0) return null
  const rule = 'hoop/masked-flow'
  const found = maskedFieldFlow(operation, masks)
  if (found === null) return { reason: { rule, matched: false, words: 'no masked field is stored elsewhere' }, refusal: null }
  const { from, to } = found
  const place = `${pathWords(from.path) || 'something'} of ${from.resource}`
  const detail =
    to === null
      ? `Fields at or below ${place} are masked for you, and the answer would tell whether a guess at them is right.`
      : `Fields at or below ${place} are masked for you, and ${pathWords(to.path) || 'the place they go to'} is not masked in the same way.`
  return {
    reason: { rule, matched: true, words: `deny: ${detail}` },
    refusal: {
      code: 'masked_flow',
      rule,
      message:
        to === null
          ? 'refused: this operation would tell what a masked value is'
          : 'refused: this operation would copy masked data to where no mask covers it',
      detail,
      hint: 'Leave the masked fields out, or ask somebody whom the mask excepts to run it.',
    },
  }
}

const shownColumns = 10

function maskedAmong(flows: readonly ColumnRef[], masks: MaskPlan): string {
  return shownNames(flows.filter((flow) => masks.column([flow]) !== null))
}

function shownNames(columns: readonly ColumnRef[]): string {
  const shown = columns.slice(0, shownColumns).map(({ schema, table, column }) => `${schema}.${table}.${column}`)
  if (columns.length > shownColumns) shown.push(`and ${columns.length - shownColumns} more`)
  return shown.join(', ')
}
