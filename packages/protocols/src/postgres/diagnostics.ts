import type { MaskPlan } from '@hoop/contracts'
import type { DiagnosticFields } from './messages.ts'

/** Error classes whose words are made of identifiers and settings, never of stored values. All others may quote data. */
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
const classesOfNotices = new Set(['00', '01', '25', '42'])

/** Fields that never hold stored values. https://www.postgresql.org/docs/current/protocol-error-fields.html */
const structural = new Set(['S', 'V', 'C', 's', 't', 'c', 'd', 'n', 'P', 'F', 'L', 'R'])

/**
 * What of an ErrorResponse or NoticeResponse may reach a caller for whom columns are masked: values stand in DETAIL
 * ("Key (email)=(…) already exists") and in messages of the data-bearing classes ("invalid input syntax … "…"").
 * Words of RAISE are data whatever SQLSTATE they claim.
 */
export function maskDiagnostics(fields: DiagnosticFields, masks: MaskPlan, kind: 'error' | 'notice'): DiagnosticFields {
  if (masks.empty) return fields
  const code = fields.get('C') ?? ''
  const safe =
    (kind === 'error' ? classesWithoutData : classesOfNotices).has(code.slice(0, 2)) && fields.get('R') !== 'exec_stmt_raise'
  const shown = new Map<string, string>()
  for (const [letter, text] of fields) {
    if (structural.has(letter)) shown.set(letter, text)
    else if (masks.hasColumns && !safe) {
      if (letter === 'M') shown.set('M', `${kind} ${code}; the words may quote masked values and are not shown`)
    } else if (masks.hasColumns && letter !== 'M' && letter !== 'H') {
      // DETAIL, WHERE and internal queries quote rows and bodies even in classes whose message does not.
    } else shown.set(letter, masks.detectors?.text(text).text ?? text)
  }
  return shown
}
