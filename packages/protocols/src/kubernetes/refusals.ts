import type { Refusal, RefusalCode } from '@hoop/contracts'
import type { HttpAnswer, HttpFailure } from '../http/dialect.ts'

/** Reasons that clients know. https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#StatusReason */
const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  408: 'Timeout',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** No `Retry-After`: clients would ask again by themselves. */
const statuses = {
  policy_denied: 403,
  approval_denied: 403,
  approval_timed_out: 403,
  approval_void: 403,
  withdrawn: 403,
  held: 403,
  unknown_effect: 403,
  masked_flow: 403,
  masked_filter: 403,
  not_supported: 400,
  unreadable: 400,
  unavailable: 503,
  too_many_requests: 429,
} as const satisfies Record<RefusalCode, number>

/**
 * A refusal as the Status that kubectl prints as `Error from server (Forbidden): …`: what, which rule, why, what to do next, and where it stands in
 * the record. An upgrade that fails shows the same, from a body of at most 1,024 bytes: there the details are left out.
 */
export function refusalStatus(refusal: Refusal, sessionId: string, upgrade: boolean): HttpAnswer {
  const { message, detail, hint, rule, id, code } = refusal
  const where = `Session ${sessionId}, operation ${id}.`
  const sentences = [`${message}${/[.!?]$/.test(message) ? '' : '.'}`, `Rule: ${rule}.`, detail, hint, where]
  const causes = [
    { reason: code, message: rule, field: 'rule' },
    { reason: code, message: id, field: 'operation' },
    { reason: code, message: sessionId, field: 'session' },
  ]
  return status(statuses[code], sentences.filter((sentence) => sentence !== '').join(' '), upgrade ? undefined : { causes })
}

export function failureStatus({ status: code, message, hint }: HttpFailure, sessionId: string): HttpAnswer {
  return status(code, `${message}.${hint === null ? '' : ` ${hint}`} Session ${sessionId}.`, undefined)
}

function status(code: number, message: string, details: object | undefined): HttpAnswer {
  const reason = reasons[code]
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason !== undefined && { reason }),
    ...(details !== undefined && { details }),
    code,
  }
  return { status: code, headers: [['content-type', 'application/json']], body: `${JSON.stringify(body)}\n` }
}
