import { randomUUID } from 'node:crypto'
import { type ApiError, apiErrors, HoopError } from '@hoop/contracts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { proofAlgorithms } from '../identity/dpop.ts'

/** Answers with the body of `ApiError`, whatever was thrown; our own faults are told by an id only. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const shown = shownError(error)
  if (shown === null) {
    const id = `err_${randomUUID()}`
    request.log.error(
      { err: error, id, method: request.method, route: request.routeOptions.url },
      'a request failed by our fault',
    )
    const body: ApiError = { code: 'internal', message: 'The gateway failed at this.', hint: `Its log says why, at ${id}.`, id }
    return reply.code(500).send(body)
  }
  if (shown.cause !== undefined) request.log.warn({ err: shown.cause, code: shown.code }, shown.message)
  // RFC 9449, 7.1.
  if (apiErrors[shown.code].status === 401) {
    const error = shown.code === 'invalid_proof' ? 'invalid_dpop_proof' : 'invalid_token'
    reply.header('www-authenticate', `DPoP algs="${proofAlgorithms.join(' ')}", error="${error}"`)
  }
  const body: ApiError = { code: shown.code, message: shown.message, hint: shown.hint, id: null }
  return reply.code(apiErrors[shown.code].status).send(body)
}

/** Null: not for a person's eyes. */
function shownError(error: unknown): HoopError | null {
  if (error instanceof HoopError) return error.code === 'internal' ? null : error
  if (hasZodFastifySchemaValidationErrors(error)) {
    const mistakes = error.validation.map(({ instancePath, message }) => `${instancePath.slice(1) || 'it'}: ${message}`)
    return new HoopError('invalid_request', `The request is not as it should be: ${mistakes.join('; ')}`)
  }
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return null
  // The framework's own: a body that is too large, not JSON, or of another type.
  return error.statusCode >= 400 && error.statusCode < 500 ? new HoopError('invalid_request', error.message) : null
}
