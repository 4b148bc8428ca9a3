import { type Literal, looksLikeValue, type MaskPlan, type ObjectAccess, type Operation } from '@hoop/contracts'
import { fieldMask, reachesMask } from './literal-fields.ts'
import { redacted } from './methods.ts'

/** An operation as the record and the approvers see it. */
export interface RecordedForm {
  readonly text: string
  readonly parameters: readonly { readonly type: string | null; readonly value: string | null }[]
  /** What it runs by name. */
  readonly runs: readonly { readonly name: string; readonly text: string }[]
  /** Whether anything differs from the original. */
  readonly masked: boolean
}

/**
 * Masks secrets in any case, and the literals and parameters that go to or are compared with a masked column (or may be, where that is not known), or
 * stand at a masked field of a document, then what the detectors find in the rest. NULL stays NULL. Of a text that could not be read nothing
 * is shown where columns or fields are masked: its literals are not known. Throws RangeError for a literal that lies outside of the text.
 */
export function recordedForm(operation: Operation, plan: MaskPlan): RecordedForm {
  const literals = [operation, ...operation.runs].flatMap((part) => part.literals)
  if (plan.empty && !isUnread(operation) && !literals.some(({ secret }) => secret))
    return {
      text: operation.text,
      parameters: recordedParameters(operation, plan),
      runs: operation.runs.map(({ name, text }) => ({ name, text })),
      masked: false,
    }
  const text = recordedText(operation, plan)
  const parameters = recordedParameters(operation, plan)
  const runs = operation.runs.map((run) => ({ name: run.name, text: maskedText(run, plan) }))
  const masked =
    text !== operation.text ||
    runs.some((run, index) => run.text !== operation.runs[index]?.text) ||
    parameters.some(({ value }, index) => value !== operation.parameters[index]?.value)
  return { text, parameters, runs, masked }
}

/** The parameters alone: of an operation whose text is known in its recorded form already. */
export function recordedParameters({ parameters }: Operation, plan: MaskPlan): RecordedForm['parameters'] {
  return parameters.map(({ type, value, sources }) => {
    if (value === null || plan.empty) return { type, value }
    const hidden = plan.column(sources) !== null || holdsValue(type, value, plan)
    return { type, value: hidden ? redacted : withDetectors(value, plan) }
  })
}

/** Nothing is known of where values stand in it. */
function isUnread({ refused }: Operation): boolean {
  return refused !== null && refused.code !== 'not_supported'
}

function recordedText(operation: Operation, plan: MaskPlan): string {
  if (isUnread(operation) && (masksByName(plan) || aboutSecrets.test(operation.text))) return redacted
  return maskedText(operation, plan)
}

function maskedText({ text, literals }: Pick<Operation, 'text' | 'literals'>, plan: MaskPlan): string {
  const hidden = literals.filter(
    (literal) => literal.secret || plan.column(literal.sources) !== null || isMaskedField(text, literal, plan),
  )
  return withDetectors(withoutLiterals(text, hidden), plan)
}

/** JSON's null is shown, as it is in results. What stands at an unknown place of a document may stand at a masked one. */
function isMaskedField(text: string, { start, end, field, sources }: Literal, plan: MaskPlan): boolean {
  if (!plan.hasFields) return false
  if (sources === 'opaque') return field === undefined || reachesMask(field, plan)
  if (field === undefined) return false
  return fieldMask(field, plan) !== null && text.slice(start, end) !== 'null'
}

function masksByName({ hasColumns, hasFields }: MaskPlan): boolean {
  return hasColumns || hasFields
}

/** The operation's objects, without names that look like data. Those of Kubernetes are names of things, in which digits are many. */
export function recordedObjects({ objects, facts }: Operation, plan: MaskPlan): readonly ObjectAccess[] {
  if (!masksByName(plan) || facts.kubernetes !== undefined || !objects.some(({ name }) => looksLikeValue(name))) return objects
  return objects.map((object) => (looksLikeValue(object.name) ? { ...object, name: redacted } : object))
}

/** Of a text that cannot be read, words that stand near secrets in the languages of databases. */
const aboutSecrets = /password|passwd|secret|identified\s+by|user\s+mapping|connection\b|credential|token/i

/** Bytes that are written in hexadecimal: of an unknown type, or with a finding in them. */
function holdsValue(type: string | null, value: string, plan: MaskPlan): boolean {
  if (plan.empty || !/^\\x(?:[0-9a-f]{2})*$/i.test(value)) return false
  if (type === null) return true
  const bytes = Buffer.from(value.slice(2), 'hex')
  return plan.detectors !== null && plan.detectors.find(bytes, 0, bytes.length).length > 0
}

function withDetectors(text: string, plan: MaskPlan): string {
  return plan.detectors === null ? text : plan.detectors.text(text).text
}

function withoutLiterals(text: string, literals: readonly Literal[]): string {
  let masked = ''
  let copied = 0
  for (const { start, end, field } of literals.toSorted((a, b) => a.start - b.start)) {
    if (start < 0 || end < start || end > text.length)
      throw new RangeError(`literal [${start}, ${end}) lies outside of the operation's text`)
    if (start >= copied)
      masked += text.slice(copied, start) + (field === undefined ? maskedLiteral(text.slice(start, end)) : `"${redacted}"`)
    copied = Math.max(copied, end)
  }
  return masked + text.slice(copied)
}

/** A literal, or a comment, of the same kind: quoted as it was (never with its own dollar tag, which is the caller's text), else `***`. */
function maskedLiteral(literal: string): string {
  if (literal.startsWith('--')) return `-- ${redacted}`
  if (literal.startsWith('/*')) return `/* ${redacted} */`
  if (literal.startsWith('$')) return `$$${redacted}$$`
  const quoted = /^(?:[a-z]|u&)?(['"`])/i.exec(literal)
  return quoted === null ? '***' : `${quoted[0]}${redacted}${quoted[1]}`
}
