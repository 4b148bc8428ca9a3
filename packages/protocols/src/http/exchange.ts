import type { ClientRequest, IncomingMessage } from 'node:http'
import { Http2ServerRequest } from 'node:http2'
import type { Duplex } from 'node:stream'
import { HoopError, type Operation, type Outcome, type Permit } from '@hoop/contracts'
import type { Header, HttpUpstream, ServeContext } from '../protocol.ts'
import { AnswerRelay, CredentialRefused, leaving } from './answer-relay.ts'
import { budgetOf } from './body-budget.ts'
import { BodyError } from './body-rewriter.ts'
import { type CallerRequest, type CallerResponse, send } from './caller.ts'
import { type CallerTimes, inTime } from './caller-times.ts'
import type { HttpDialect, UpgradeSocket } from './dialect.ts'
import type { Places } from './headers.ts'
import { type ReadBody, readBody } from './read-body.ts'
import { BadRequest, headerOf, readRequest } from './read-request.ts'
import type { HttpRequest, RequestBody } from './request.ts'
import { relayUpgrade } from './upgrade.ts'
import type { UpstreamPool } from './upstream-pool.ts'

/** Answers of status 1xx before the one that counts. */
const mostEarly = 100

export interface ExchangeParts {
  readonly context: ServeContext<HttpUpstream>
  readonly dialect: HttpDialect
  readonly pool: UpstreamPool
  readonly upstream: HttpUpstream
  readonly times: CallerTimes
  /** `http://127.0.0.1:8080`: what the caller calls the service. */
  readonly caller: string
}

/** One request and its answer. */
export class Exchange {
  readonly #parts: ExchangeParts
  readonly #request: CallerRequest
  readonly #response: CallerResponse
  /** As they came. */
  readonly #headers: readonly Header[]
  /** Aborts when the caller is gone. */
  readonly #gone = new AbortController()

  constructor(parts: ExchangeParts, request: CallerRequest, response: CallerResponse, headers: readonly Header[]) {
    this.#parts = parts
    this.#request = request
    this.#response = response
    this.#headers = headers
    response.on('close', () => {
      if (!response.writableEnded) this.#gone.abort()
    })
  }

  /** Rejects with a BadRequest or a HoopError where there is no answer yet. */
  async run(upgrade: UpgradeSocket | null): Promise<void> {
    const { context } = this.#parts
    const { method = '', url = '', rawHeaders } = this.#request
    const request = readRequest({ method, url, rawHeaders })
    if (request.upgrade !== null && upgrade === null) throw new HoopError('invalid_request', 'HTTP/2 has no upgrades.')
    const budget = budgetOf(context.localSecret)
    let kept = 0
    const keep = (bytes: number): void => {
      budget.take(bytes)
      kept += bytes
    }
    try {
      const read = upgrade === null ? await this.#read(keep) : nothing
      const body = (await this.#parts.dialect.readable?.(request, read.body)) ?? read.body
      if (body === read.body) return await this.#judged(request, read, upgrade)
      if (body.kind === 'whole') keep(body.bytes.length)
      await this.#judged(retyped(request, body), { ...read, body }, upgrade)
    } finally {
      budget.give(kept)
    }
  }

  async #judged(request: HttpRequest, read: ReadBody, upgrade: UpgradeSocket | null): Promise<void> {
    const { context, dialect } = this.#parts
    const operation = dialect.operation(request, read.body)
    const verdict = await context.gate.admit(operation, {
      stream: context.stream,
      signal: this.#gone.signal,
      // The caller's own protocol has no place for it: the command line and the console say so.
      onHold: () => undefined,
      // What was not read cannot be told from another body: then no earlier approval counts for it.
      settings: read.body.kind === 'streamed' ? null : [],
    })
    if (verdict.kind === 'refuse') {
      if (!this.#gone.signal.aborted)
        send(this.#request, this.#response, dialect.refusal(verdict.refusal, request, context.sessionId))
      return
    }
    await this.#forward(request, operation, verdict.permit, read, upgrade)
  }

  async #read(keep: (bytes: number) => void): Promise<ReadBody> {
    if (!hasBody(this.#request, this.#headers)) return nothing
    const expected = headerOf(this.#headers, 'expect')?.toLowerCase() === '100-continue'
    if (expected) this.#response.writeContinue()
    const { body } = this.#parts.times
    return await inTime(readBody(this.#request, this.#headers, keep), body)
  }

  async #forward(
    request: HttpRequest,
    operation: Operation,
    permit: Permit,
    read: ReadBody,
    upgrade: UpgradeSocket | null,
  ): Promise<void> {
    const { pool } = this.#parts
    const sending = { ...this.#sending(request, read, permit), method: request.method }
    let sent: ClientRequest
    try {
      sent = await pool.request(sending)
      permit.consume()
    } catch (error) {
      await permit.end(failed(error))
      throw error
    }
    const relay = new AnswerRelay({
      ...this.#parts,
      request,
      operation,
      permit,
      response: this.#response,
      places: this.#places(),
    })
    const isGone = (): boolean => this.#gone.signal.aborted || permit.signal.aborted
    for (let again = false; ; again = true) {
      try {
        return await this.#exchange(sent, relay, { request, operation, permit, read, upgrade })
      } catch (error) {
        sent.destroy()
        // What it was known by may have been taken back before its time.
        const renewed = error instanceof CredentialRefused && (await pool.renew(sent)) && read.body.kind === 'none'
        const stale = !relay.begun && isStale(sent, error)
        if (!again && (renewed || stale) && mayRepeat(request, read) && !isGone()) {
          sent = await pool.request(sending)
          continue
        }
        if (!relay.ended) await relay.fail(reasonOf(error, permit.signal), this.#gone.signal.aborted && !permit.signal.aborted)
        if (this.#gone.signal.aborted || this.#response.headersSent) return void this.#response.destroy()
        throw unreachable(error, permit.signal)
      }
    }
  }

  /** Sends the request and brings its answer. Rejects with what it broke by. */
  async #exchange(
    sent: ClientRequest,
    relay: AnswerRelay,
    { request, operation, permit, read, upgrade }: Admitted,
  ): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => {
      // Stays: what fails after the answer has nobody left to tell.
      sent.on('error', reject)
      let early = 0
      sent.on('information', () => {
        if (++early > mostEarly) reject(new HoopError('connection_unavailable', 'The service never comes to its answer (1xx).'))
      })
      sent.once('response', (answer: IncomingMessage) => relay.run(answer).then(resolve, reject))
      sent.once('upgrade', (answer: IncomingMessage, socket: Duplex, head: Buffer) => {
        const backend = { socket, head }
        if (upgrade === null) {
          socket.destroy()
          return reject(new HoopError('connection_unavailable', 'The service changed the protocol, and nobody had asked for it.'))
        }
        relayUpgrade({
          ...this.#parts,
          request,
          operation,
          permit,
          caller: upgrade,
          backend,
          answer,
          places: this.#places(),
        })
          .then((outcome) => relay.close(outcome))
          .then(resolve, reject)
      })
    })
    const stop = (): void => void sent.destroy(new Error('it was given up'))
    const signals = [this.#gone.signal, permit.signal]
    for (const signal of signals) signal.addEventListener('abort', stop)
    try {
      if (signals.some(({ aborted }) => aborted)) stop()
      await Promise.all([answered, this.#sendBody(sent, permit, read)])
    } finally {
      for (const signal of signals) signal.removeEventListener('abort', stop)
    }
  }

  /** The request as it leaves: written anew from what was read. */
  #sending(request: HttpRequest, { body }: ReadBody, { id, masks }: Permit): { target: string; headers: Header[] } {
    const { dialect, context } = this.#parts
    const { target, headers } = dialect.forward(request, context.identity, id)
    const length =
      body.kind === 'whole'
        ? body.bytes.length
        : body.kind === 'streamed'
          ? body.length
          : request.method === 'GET' || request.method === 'HEAD'
            ? null
            : 0
    return {
      target,
      headers: [
        // A part of a masked value cannot be told from any other bytes.
        ...(masks.empty ? headers : headers.filter(([name]) => name !== 'range' && name !== 'if-range')),
        ...(length === null ? [] : [['content-length', String(length)] as const]),
        ...(body.kind === 'streamed' && length === null ? [['transfer-encoding', 'chunked'] as const] : []),
        ...(request.upgrade === null ? [] : [['connection', 'Upgrade'] as const, ['upgrade', request.upgrade] as const]),
      ],
    }
  }

  async #sendBody(sent: ClientRequest, permit: Permit, { body, begun }: ReadBody): Promise<void> {
    const { context } = this.#parts
    if (body.kind !== 'streamed')
      return await leaving(context, () => void sent.end(body.kind === 'whole' ? body.bytes : undefined))
    const stream = this.#request.iterator({ destroyOnReturn: false })
    for (const piece of begun) await this.#sendPiece(sent, permit, piece)
    for (;;) {
      const { done, value } = await inTime(stream.next(), this.#parts.times.pause)
      if (done) break
      await this.#sendPiece(sent, permit, value)
    }
    await leaving(context, () => void sent.end())
  }

  async #sendPiece(sent: ClientRequest, permit: Permit, piece: Buffer): Promise<void> {
    await permit.record('up', [piece])
    await leaving(this.#parts.context, () => (sent.write(piece) || sent.destroyed ? undefined : drained(sent)))
  }

  #places(): Places {
    const { upstream, caller } = this.#parts
    const basePath = 'basePath' in upstream && typeof upstream.basePath === 'string' ? upstream.basePath : ''
    return { caller, backend: { origins: [`https://${upstream.authority}`, `http://${upstream.authority}`], basePath } }
  }
}

/** RFC 9112, section 6.3; RFC 9113, section 8.1. */
function hasBody(request: CallerRequest, headers: readonly Header[]): boolean {
  if (request instanceof Http2ServerRequest) return !request.stream.endAfterHeaders
  return headers.some(([name]) => name === 'content-length' || name === 'transfer-encoding')
}

interface Admitted {
  readonly request: HttpRequest
  readonly operation: Operation
  readonly permit: Permit
  readonly read: ReadBody
  readonly upgrade: UpgradeSocket | null
}

/** The backend closed a connection that was kept open, as the request was on its way to it. */
function isStale(sent: ClientRequest, error: unknown): boolean {
  return sent.reusedSocket && error instanceof Error && 'code' in error && ['ECONNRESET', 'EPIPE'].includes(String(error.code))
}

/** Asking twice is asking once (RFC 9110, section 9.2.2), and its body is still at hand. */
function mayRepeat({ method }: HttpRequest, { body }: ReadBody): boolean {
  return method !== 'POST' && method !== 'PATCH' && body.kind !== 'streamed'
}

/** The request with another body than it came with. */
function retyped(request: HttpRequest, body: RequestBody): HttpRequest {
  const type = body.kind === 'none' ? null : body.type
  const others = request.headers.filter(([name]) => name !== 'content-type')
  return { ...request, headers: type === null ? others : [...others, ['content-type', type]] }
}

const nothing: ReadBody = { body: { kind: 'none' }, begun: [] }

function drained(sent: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      sent.off('drain', done).off('close', done)
      resolve()
    }
    sent.on('drain', done).on('close', done)
  })
}

/** Why nothing more comes: the permit's own reason before what broke by it. */
function reasonOf(error: unknown, signal: AbortSignal): unknown {
  return signal.aborted ? signal.reason : error
}

export function unreachable(error: unknown, signal: AbortSignal): unknown {
  const reason = reasonOf(error, signal)
  if (reason instanceof HoopError || reason instanceof BadRequest) return reason
  if (reason instanceof BodyError)
    return new HoopError('connection_unavailable', `The answer cannot be shown: ${reason.message}.`, { cause: error })
  if (reason instanceof Error && 'code' in reason && String(reason.code).startsWith('HPE_'))
    return new HoopError('connection_unavailable', `The service did not answer in well-formed HTTP: ${reason.message}.`, {
      hint: 'What was asked may have been done: look before you ask again.',
      cause: error,
    })
  const words = reason instanceof Error ? ` (${'code' in reason ? String(reason.code) : reason.message})` : ''
  return new HoopError('connection_unavailable', `The service did not answer${words}.`, {
    hint: 'What was asked may have been done: look before you ask again.',
    cause: error,
  })
}

export function failed(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error)
  return { kind: 'not-run', tag: null, error: { code: 'unavailable', message }, rows: 0, masked: {} }
}
