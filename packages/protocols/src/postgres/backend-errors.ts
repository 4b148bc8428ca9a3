import { HoopError } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import { ScramError } from '../scram.ts'

/** The backend answered the login with an error of its own. */
export class BackendRefused extends Error {
  override readonly name = 'BackendRefused'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** This host cannot serve, and another may: why is `cause`, fit to be shown. `unsuited`: it serves, but is not of the kind asked for. */
export class HostUnavailable extends Error {
  override readonly name = 'HostUnavailable'
  override readonly cause: HoopError | BackendRefused
  readonly unsuited: boolean
  constructor(cause: HoopError | BackendRefused, unsuited = false) {
    super(cause.message)
    this.cause = cause
    this.unsuited = unsuited
  }
}

/** Words of the database's ErrorResponse to a login: another host is asked only if this one says that it is not up. */
export function refused(fields: ReadonlyMap<string, string>): Error {
  const code = fields.get('C') ?? 'XX000'
  const words = fields.get('M') ?? 'the database refused the login'
  // Words of class 28 name the account and how it is checked: they are for the gateway's log, not for callers.
  if (code.startsWith('28')) {
    return new HoopError('connection_unavailable', "the database refused the gateway's own credential", {
      hint: 'An admin must correct login of this connection.',
      cause: new BackendRefused(code, words),
    })
  }
  const error = new BackendRefused(code, words)
  return code.startsWith('57P') ? new HostUnavailable(error) : error
}

/** Whatever else went wrong with one host, as something that a caller can be told. `limit`: milliseconds that it had. */
export function unavailable(error: unknown, limit: number): Error {
  if (error instanceof HostUnavailable || error instanceof BackendRefused) return error
  if (error instanceof HoopError) return error
  if (error instanceof ScramError) {
    return new HoopError('connection_unavailable', `the database's SCRAM exchange failed: ${error.message}`, {
      hint: 'If nothing else explains it, somebody may stand between the gateway and the database.',
      cause: error,
    })
  }
  return new HostUnavailable(new HoopError('connection_unavailable', words(error, limit), { cause: error }))
}

function words(error: unknown, limit: number): string {
  if (error instanceof ProtocolViolation) return `what answers there does not speak PostgreSQL's protocol: ${error.message}`
  if (error instanceof Error && error.name === 'TimeoutError')
    return `the database did not finish the login within ${limit / 1000} s`
  // With TLS 1.3 a server says only after the handshake that it does not take a certificate.
  const code = error instanceof Error && 'code' in error ? String(error.code) : null
  if (code?.startsWith('ERR_SSL_') === true)
    return `the database ended TLS (${code}): it may not accept the gateway's certificate`
  return `the database closed the connection during the login${code === null ? '' : ` (${code})`}`
}
