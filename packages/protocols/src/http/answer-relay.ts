import type { IncomingMessage } from 'node:http'
import { HoopError, type Maybe, type Operation, type Outcome, type Permit } from '@hoop/contracts'
import type { ServeContext } from '../protocol.ts'
import { headMistake } from './answer-head.ts'
import { Arrivals } from './arrivals.ts'
import type { BodyRewriter } from './body-rewriter.ts'
import { type CallerResponse, whenWritable, writeBody, writeHead } from './caller.ts'
import type { HttpDialect } from './dialect.ts'
import { answerHeaders, headBytes, joined, type Places } from './headers.ts'
import type { HttpRequest } from './request.ts'

/** Bytes that are put on the record together: less waits for the end of the answer, or of the turn. */
const recordedTogether = 64 * 1024

export interface AnswerRelayParts {
  readonly context: ServeContext
  readonly dialect: HttpDialect
  readonly request: HttpRequest
  readonly operation: Operation
  readonly permit: Permit
  readonly response: CallerResponse
  readonly places: Places
}

/** The backend answered 401 or 407. */
export class CredentialRefused extends HoopError {
  constructor() {
    super('connection_unavailable', 'The service does not accept the credential of the gateway.', {
      hint: 'An admin corrects login of the connection.',
    })
  }
}

/** Brings one answer to its caller: masked, on the record first, and no faster than it is read. */
export class AnswerRelay {
  readonly #parts: AnswerRelayParts
  #rewriter: BodyRewriter | null = null
  /** Sends the head; null: it has left. Until then there can still be another answer. */
  #head: (() => void) | null = null
  #status = 0
  #pending: Buffer[] = []
  #size = 0
  #ended = false

  constructor(parts: AnswerRelayParts) {
    this.#parts = parts
  }

  /** Whether the operation's end is on the record. */
  get ended(): boolean {
    return this.#ended
  }

  /** Whether an answer has come. */
  get begun(): boolean {
    return this.#status !== 0
  }

  /** Rejects where the answer broke off, or may not be shown. */
  async run(answer: IncomingMessage): Promise<void> {
    const { request, operation, permit, dialect, response, places } = this.#parts
    const status = answer.statusCode ?? 502
    this.#status = status
    const mistake = headMistake(answer)
    if (mistake !== null) {
      answer.destroy()
      throw new HoopError('connection_unavailable', `The answer of the service cannot be read: ${mistake}.`)
    }
    // It was the gateway's credential that was not accepted: the caller has none to mend.
    if (status === 401 || status === 407) {
      answer.destroy()
      throw new CredentialRefused()
    }
    const hasBody = request.method !== 'HEAD' && status !== 204 && status !== 304
    const contentType = answer.headers['content-type']?.toLowerCase() ?? null
    const shown = hasBody ? dialect.results(request, operation, { status, contentType }, permit.masks) : 'identity'
    if (shown !== 'identity') {
      const encoding = answer.headers['content-encoding']?.toLowerCase() ?? 'identity'
      const partial = status === 206 ? 'it is a part of something' : null
      const compressed = encoding === 'identity' ? null : `it is compressed (${encoding})`
      const refused = 'refuse' in shown ? shown.refuse : (compressed ?? partial)
      if (refused !== null || 'refuse' in shown) {
        answer.destroy()
        throw new HoopError(
          'connection_unavailable',
          `The answer cannot be shown: ${refused}, and values are masked for you here.`,
        )
      }
      this.#rewriter = shown
    }
    const headers = answerHeaders(answer.rawHeaders, places, this.#rewriter !== null)
    this.#keep(headBytes(status, headers))
    this.#head = () => writeHead(response, status, joined(headers))
    if (hasBody) await this.#body(answer)
    else answer.resume()
    await this.#end()
  }

  /** Puts on the record why the answer has no end. `gone`: its caller wanted no more of it. */
  async fail(reason: unknown, gone: boolean): Promise<void> {
    if (this.#ended) return
    const message = reason instanceof Error ? reason.message : String(reason)
    const code = reason instanceof HoopError ? reason.code : 'broken'
    await this.close({ ...this.#outcome(), kind: gone ? 'cancelled' : 'error', error: { code, message } })
  }

  /** Puts the end on the record, of what went on behind a 101. */
  async close(outcome: Outcome): Promise<void> {
    this.#ended = true
    await this.#parts.permit.end(outcome)
  }

  async #body(answer: IncomingMessage): Promise<void> {
    const arrivals = new Arrivals(answer)
    while (true) {
      // The last bytes of a short answer come together with its end, and are recorded with that.
      const chunk = arrivals.next() ?? (this.#size === 0 ? await arrivals.wait() : await arrivals.waitInTurn())
      if (chunk === 'end') return
      if (chunk === 'later') await this.#flush()
      else await this.#take(chunk)
    }
  }

  async #take(chunk: Buffer): Promise<void> {
    for (const piece of this.#rewriter === null ? [chunk] : this.#rewriter.write(chunk)) this.#keep(piece)
    if (this.#size >= recordedTogether) await this.#flush()
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return
    this.#pending.push(piece)
    this.#size += piece.length
  }

  async #flush(): Promise<void> {
    const { permit, context, response } = this.#parts
    const pieces = this.#taken()
    await permit.record('down', pieces)
    await leaving(context, () => (this.#leave(pieces) || response.destroyed ? undefined : whenWritable(response)))
    if (response.destroyed) throw new Error('the caller went away')
  }

  async #end(): Promise<void> {
    const { permit, context, response } = this.#parts
    for (const piece of this.#rewriter?.end() ?? []) this.#keep(piece)
    const pieces = this.#taken()
    this.#ended = true
    await permit.end(this.#outcome(), pieces)
    await leaving(context, () => {
      this.#leave(pieces)
      response.end()
    })
  }

  /** The head goes first, and its way: in the record it stands as bytes. */
  #leave(pieces: readonly Buffer[]): boolean {
    const { response } = this.#parts
    const head = this.#head
    this.#head = null
    head?.()
    let room = true
    for (const piece of head === null ? pieces : pieces.slice(1)) room = writeBody(response, piece)
    return room
  }

  #taken(): readonly Buffer[] {
    const pieces = this.#pending
    this.#pending = []
    this.#size = 0
    return pieces
  }

  #outcome(): Outcome {
    const status = this.#status
    return {
      kind: status >= 400 ? 'error' : 'done',
      tag: String(status),
      error: status >= 400 ? { code: String(status), message: 'the service answered so' } : null,
      rows: 0,
      masked: this.#rewriter?.masked ?? {},
    }
  }
}

/**
 * Does what follows from the record, once that is in its files, and waits for it: for room that may be there again before any promise goes on.
 * Rejects where it could not be put there.
 */
export function leaving(context: Pick<ServeContext, 'leave'>, work: () => Maybe<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    context.leave((recorded) => {
      if (!recorded) return reject(new HoopError('unavailable', 'The record of this session cannot be written.'))
      try {
        resolve(work())
      } catch (error) {
        reject(error)
      }
    })
  })
}
