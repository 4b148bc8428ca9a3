import type { Literal, MaskPlan, Operation } from '@hoop/contracts'
import { redacted } from './methods.ts'

/** An operation as the record and the approvers see it. */
export interface RecordedForm {
  readonly text: string
  readonly parameters: readonly { readonly type: string | null; readonly value: string | null }[]
  /** Whether anything differs from the original. */
  readonly masked: boolean
}

/**
 * Masks secrets in any case, and the literals and parameters that go to or are compared with a masked column (or may be, where that is not known), then what the
 * detectors find in the rest. NULL stays NULL. Of a text that could not be read nothing is shown where columns are masked: its literals are
 * not known. Throws RangeError for a literal that lies outside of the text.
 */
export function recordedForm(operation: Operation, plan: MaskPlan): RecordedForm {
  if (plan.empty && !operation.literals.some(({ secret }) => secret))
    return { text: operation.text, parameters: operation.parameters.map(({ type, value }) => ({ type, value })), masked: false }
  const text = recordedText(operation, plan)
  const parameters = operation.parameters.map(({ type, value, sources }) => {
    if (value === null) return { type, value }
    return { type, value: plan.column(sources) === null ? withDetectors(value, plan) : redacted }
  })
  const masked = text !== operation.text || parameters.some(({ value }, index) => value !== operation.parameters[index]?.value)
  return { text, parameters, masked }
}

function recordedText(operation: Operation, plan: MaskPlan): string {
  if (plan.hasColumns && operation.refused?.code === 'unreadable') return redacted
  const literals = operation.literals.filter(({ secret, sources }) => secret || plan.column(sources) !== null)
  return withDetectors(withoutLiterals(operation.text, literals), plan)
}

function withDetectors(text: string, plan: MaskPlan): string {
  return plan.detectors === null ? text : plan.detectors.text(text).text
}

function withoutLiterals(text: string, literals: readonly Literal[]): string {
  let masked = ''
  let copied = 0
  for (const { start, end } of literals.toSorted((a, b) => a.start - b.start)) {
    if (start < 0 || end < start || end > text.length)
      throw new RangeError(`literal [${start}, ${end}) lies outside of the operation's text`)
    if (start >= copied) masked += text.slice(copied, start) + maskedLiteral(text.slice(start, end))
    copied = Math.max(copied, end)
  }
  return masked + text.slice(copied)
}

/** A literal of the same kind: quoted as it was (never with its own dollar tag, which is the caller's text), else `***`. */
function maskedLiteral(literal: string): string {
  if (literal.startsWith('$')) return `$$${redacted}$$`
  const quoted = /^(?:[a-z]|u&)?(['"`])/i.exec(literal)
  return quoted === null ? '***' : `${quoted[0]}${redacted}${quoted[1]}`
}
