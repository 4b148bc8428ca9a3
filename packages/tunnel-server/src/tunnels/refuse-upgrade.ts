import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { type ApiError, type ApiErrorCode, apiErrors, HoopError } from '@hoop/contracts'
import type { Logger } from 'pino'

/** Milliseconds to take a refusal. */
const refusalTime = 2000

/** Answers an upgrade with an ApiError and closes: whoever does not take the answer, or keeps their side open, is cut off. */
export function refuseUpgrade(socket: Duplex, error: unknown, log: Logger): void {
  const shown = shownError(error, log)
  const body = JSON.stringify(shown)
  const { status } = apiErrors[shown.code as ApiErrorCode]
  const cut = setTimeout(() => socket.destroy(), refusalTime).unref()
  socket.once('close', () => clearTimeout(cut))
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

/** What a caller may know of an error; ours is an id, and in the log. */
function shownError(error: unknown, log: Logger): ApiError {
  if (error instanceof HoopError && error.code !== 'internal') {
    return { code: error.code, message: error.message, hint: error.hint, id: null }
  }
  const id = `err_${randomUUID()}`
  log.error({ err: error, id }, 'a tunnel could not be opened by our fault')
  return { code: 'internal', message: 'The tunnel could not be opened.', hint: `The gateway's log says why, at ${id}.`, id }
}
