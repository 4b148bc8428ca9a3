/** Exit codes of the command line: part of its interface, listed by `hoop help exit-codes` and docs/errors.md. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notLoggedIn: 120,
  noAccess: 121,
  denied: 122,
  approvalDenied: 123,
  approvalTimedOut: 124,
  held: 125,
  gatewayUnreachable: 126,
  connectionUnavailable: 127,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Stable codes of the HTTP API: the `code` of every error body, with its HTTP status and the exit code the CLI ends with. */
export const apiErrors = {
  invalid_request: { status: 400, exit: exitCodes.usage },
  invalid_document: { status: 422, exit: exitCodes.usage },
  invalid_token: { status: 401, exit: exitCodes.notLoggedIn },
  invalid_proof: { status: 401, exit: exitCodes.notLoggedIn },
  token_reused: { status: 401, exit: exitCodes.notLoggedIn },
  login_too_old: { status: 403, exit: exitCodes.notLoggedIn },
  no_access: { status: 403, exit: exitCodes.noAccess },
  not_found: { status: 404, exit: exitCodes.failed },
  conflict: { status: 409, exit: exitCodes.failed },
  too_many_requests: { status: 429, exit: exitCodes.failed },
  connection_unavailable: { status: 503, exit: exitCodes.connectionUnavailable },
  unavailable: { status: 503, exit: exitCodes.gatewayUnreachable },
  internal: { status: 500, exit: exitCodes.failed },
} as const
export type ApiErrorCode = keyof typeof apiErrors

/** An error that may be shown to a person: it says what happened and what to do. Anything else is ours and is shown as an id. */
export class HoopError extends Error {
  override readonly name = 'HoopError'
  readonly code: ApiErrorCode
  readonly hint: string | null
  constructor(code: ApiErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.hint = options.hint ?? null
  }
}
