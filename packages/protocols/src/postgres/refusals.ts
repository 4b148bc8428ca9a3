import type { HoldNotice, Refusal, RefusalCode } from '@hoop/contracts'
import { write } from './codec.ts'
import { backend } from './messages.ts'
import type { Statement } from './operations.ts'

/** SQLSTATE of each refusal. https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const sqlStates = {
  policy_denied: '42501',
  approval_denied: '42501',
  approval_timed_out: '42501',
  approval_void: '42501',
  withdrawn: '57014',
  // Of a class that the SQL standard leaves to implementations (it begins with W), and that PostgreSQL does not use.
  held: 'WH001',
  unknown_effect: '42501',
  masked_flow: '42501',
  masked_filter: '42501',
  not_supported: '0A000',
  unreadable: '42601',
  unavailable: '58000',
  too_many_requests: '53400',
} as const satisfies Record<RefusalCode, string>

/** What a refusal's statement tells beyond the refusal itself. */
export type Told = Pick<Statement, 'missing' | 'rejected'>

/**
 * A refusal as ErrorResponse: what, which rule, why, what to do next, and where it stands in the record. What the statement names and is not
 * there has the server's own SQLSTATE, by which clients know what to do, and a text that the parser rejects the place where it does.
 */
export function refusalMessage(refusal: Refusal, sessionId: string, { missing, rejected }: Told): Buffer {
  // A mistyped statement: its author wants the parser's own words, and where.
  if (refusal.code === 'unreadable' && rejected !== null)
    return errorMessage('ERROR', sqlStates.unreadable, rejected.message, { position: rejected.position })
  const sqlState = refusal.code === 'unknown_effect' ? missing : null
  return errorMessage('ERROR', sqlState ?? sqlStates[refusal.code], refusal.message, {
    detail: `Rule: ${refusal.rule}. ${refusal.detail} Session ${sessionId}, operation ${refusal.id}.`,
    hint: refusal.hint,
  })
}

/** What is sent to the backend in place of a refused operation: it must fail, so that nothing of its unit is committed. */
export const substitutes = {
  /** A syntax error that names the operation in the server's own log. */
  query: (because: string) => write.query(`hoop refused ${because}`),
  /** Ends an upload with an error. */
  copy: (id: string) => write.copyFail(`hoop refused ${id}`),
  /** Binds a statement that cannot exist: fails like a Bind, and leaves the caller's unnamed statement alone. */
  bind: (id: string) =>
    write.bind({ portal: '', statement: `hoop refused ${id}`, parameterFormats: [], parameters: [], resultFormats: [] }),
} as const

/** An ErrorResponse of our own. */
export function errorMessage(
  severity: 'ERROR' | 'FATAL',
  code: string,
  message: string,
  more: { detail?: string; hint?: string; position?: number } = {},
): Buffer {
  const fields = new Map([
    ['S', severity],
    ['V', severity],
    ['C', code],
    ['M', message],
  ])
  if (more.detail) fields.set('D', more.detail)
  if (more.hint) fields.set('H', more.hint)
  if (more.position !== undefined) fields.set('P', String(more.position))
  return write.diagnostics(backend.errorResponse, fields)
}

/** Tells the caller, on its live connection, that its statement waits for a person. */
export function holdNotice(notice: HoldNotice): Buffer {
  return write.diagnostics(
    backend.noticeResponse,
    new Map([
      ['S', 'NOTICE'],
      ['V', 'NOTICE'],
      ['C', '00000'],
      ['M', `held for approval ${notice.approvalId}: ${notice.message}`],
      [
        'D',
        `Rule: ${notice.rule}. ${notice.count === 1 ? 'Anyone' : `${notice.count}`} of ${notice.approvers.join(' or ')} ${notice.count === 1 ? 'may decide' : 'must approve it'} within ${span(notice.timeout)}; after that the answer is no.`,
      ],
      ['H', `An approver runs: hoop approvals show ${notice.approvalId}. Cancelling it (Ctrl-C) withdraws it.`],
    ]),
  )
}

function span(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
