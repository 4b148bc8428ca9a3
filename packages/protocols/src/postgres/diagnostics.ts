import { type MaskPlan, type Operation, withoutValues } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import type { DiagnosticFields } from './messages.ts'

/** Error classes whose words are made of identifiers and settings. All others may quote data. */
const classesWithoutData = new Set([
  '08',
  '0A',
  '0B',
  '25',
  '26',
  '28',
  '2D',
  '34',
  '3B',
  '3D',
  '3F',
  '40',
  '42',
  '53',
  '54',
  '55',
  '57',
])
/** Of these, the ones that stay so when a statement makes names out of values (`email::regclass`). */
const classesWithoutNames = new Set(['08', '0B', '25', '2D', '40', '53', '57'])
const classesOfNotices = new Set(['00', '01', '25', '42'])

/** Fields that never hold stored values. https://www.postgresql.org/docs/current/protocol-error-fields.html */
const structural = new Set(['S', 'V', 'C', 'P', 'F', 'L', 'R'])
/** Names of what an error is about: RAISE and the procedural languages put there what they are given. */
const names = new Set(['s', 't', 'c', 'd', 'n'])
const givenNames = /^(exec_stmt_raise|PLy_\w*|plperl_\w*|pltcl_\w*)$/

/** Those of a form: what has another may be anything. */
const forms: ReadonlyMap<string, RegExp> = new Map([
  ['V', /^[A-Z]{1,12}$/],
  ['C', /^[0-9A-Z]{5}$/],
  ['P', /^\d{1,10}$/],
  ['L', /^\d{1,10}$/],
])

/** Whether a hidden value may be at hand where this operation runs. */
export function readsHidden({ facts, effects }: Pick<Operation, 'facts' | 'effects'>, masks: MaskPlan): boolean {
  if (!masks.hasColumns) return false
  if (effects.includes('unknown')) return true
  return facts.columns.some((name) => {
    const [schema, table, column, ...more] = name.split('.')
    if (schema === undefined || table === undefined || column === undefined || more.length > 0) return true
    return masks.column([{ schema, table, column }]) !== null
  })
}

/**
 * What of an ErrorResponse or NoticeResponse may reach a caller for whom columns are masked: values stand in DETAIL
 * ("Key (email)=(…) already exists"), in messages of the data-bearing classes ("invalid input syntax … "…"") and, where
 * a statement `reads` hidden columns, as names in any other. A position in the text is given by the parser only, before
 * any value is read. Words of RAISE are data whatever SQLSTATE they claim. Throws ProtocolViolation for an SQLSTATE, a severity or a number that
 * is none.
 */
export function maskDiagnostics(
  fields: DiagnosticFields,
  masks: MaskPlan,
  kind: 'error' | 'notice',
  reads: boolean,
): DiagnosticFields {
  if (masks.empty) return fields
  const code = fields.get('C') ?? ''
  const safeClass = (kind === 'error' ? classesWithoutData : classesOfNotices).has(code.slice(0, 2))
  const ofValues = reads && !fields.has('P') && !classesWithoutNames.has(code.slice(0, 2))
  const safe = safeClass && !ofValues && fields.get('R') !== 'exec_stmt_raise'
  const shown = new Map<string, string>()
  for (const [letter, text] of fields) {
    if (forms.get(letter)?.test(text) === false) throw new ProtocolViolation(`a field ${letter} of a report that cannot be`)
    if (structural.has(letter)) shown.set(letter, text)
    else if (names.has(letter) && masks.hasColumns && !givenNames.test(fields.get('R') ?? '')) shown.set(letter, text)
    else if (masks.hasColumns && !safe) {
      if (letter === 'M') shown.set('M', `${kind} ${code}; the words may quote masked values and are not shown`)
    } else if (masks.hasColumns && letter !== 'M' && letter !== 'H') {
      // DETAIL, WHERE and internal queries quote rows and bodies even in classes whose message does not.
    } else {
      const words = masks.hasColumns ? withoutValues(text) : text
      shown.set(letter, masks.detectors?.text(words).text ?? words)
    }
  }
  return shown
}
