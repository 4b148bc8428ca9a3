import { type ClientHttp2Stream, constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { HoopError, type Operation, type Permit } from '@hoop/contracts'
import type { Header } from '../protocol.ts'
import { leaving } from './answer-relay.ts'
import { send, whenWritable } from './caller.ts'
import { type ExchangeParts, failed, unreachable } from './exchange.ts'
import { GrpcRelay } from './grpc-relay.ts'
import { BadRequest, headerOf, readRequest } from './read-request.ts'
import type { HttpRequest } from './request.ts'

/** One call of gRPC, judged by its method: messages go both ways for as long as it lasts. */
export class GrpcExchange {
  readonly #parts: ExchangeParts
  readonly #request: Http2ServerRequest
  readonly #response: Http2ServerResponse
  /** As they came. */
  readonly #headers: readonly Header[]
  /** Aborts when the caller is gone. */
  readonly #gone = new AbortController()

  constructor(parts: ExchangeParts, request: Http2ServerRequest, response: Http2ServerResponse, headers: readonly Header[]) {
    this.#parts = parts
    this.#request = request
    this.#response = response
    this.#headers = headers
    response.on('close', () => this.#gone.abort())
  }

  /** Rejects with a BadRequest or a HoopError where there is no answer yet. */
  async run(): Promise<void> {
    const { context, dialect } = this.#parts
    const { method, url, rawHeaders } = this.#request
    const request = readRequest({ method, url, rawHeaders })
    if (request.method !== 'POST') throw new BadRequest('calls of gRPC are made by POST', 405)
    if ((headerOf(this.#headers, 'grpc-encoding') ?? 'identity') !== 'identity')
      throw new BadRequest('compressed messages cannot be read: send them as they are', 415)
    const operation = dialect.operation(request, {
      kind: 'streamed',
      type: headerOf(this.#headers, 'content-type'),
      length: null,
    })
    const verdict = await context.gate.admit(operation, {
      stream: context.stream,
      signal: this.#gone.signal,
      onHold: () => undefined,
      // Its messages are still to come: no earlier approval can be of the same ones.
      settings: null,
    })
    if (verdict.kind === 'permit') return await this.#forward(request, operation, verdict.permit)
    if (!this.#gone.signal.aborted)
      send(this.#request, this.#response, dialect.refusal(verdict.refusal, request, context.sessionId))
  }

  async #forward(request: HttpRequest, operation: Operation, permit: Permit): Promise<void> {
    const { context, pool } = this.#parts
    const signal = AbortSignal.any([this.#gone.signal, permit.signal])
    let sent: ClientHttp2Stream
    try {
      this.#checkMasks(request, operation, permit)
      sent = await pool.stream({ ...this.#sending(request, permit), method: 'POST' }, signal)
      permit.consume()
    } catch (error) {
      await permit.end(failed(error))
      throw error
    }
    const places = { caller: this.#parts.caller, backend: { origins: [], basePath: '' } }
    const relay = new GrpcRelay({ context, permit, request: this.#request, response: this.#response, places })
    const uploaded = this.#upload(sent, permit).catch(
      (error: unknown) => void sent.destroy(error instanceof Error ? error : undefined),
    )
    try {
      await relay.run(sent)
      // Whoever has its answer need not hear the rest.
      if (!sent.writableEnded) sent.close(constants.NGHTTP2_NO_ERROR)
      await uploaded
    } catch (error) {
      sent.close(constants.NGHTTP2_CANCEL)
      const gone = this.#gone.signal.aborted
      const told = unreachable(error, permit.signal)
      const message = told instanceof Error ? told.message : 'The call broke off.'
      const outcome = gone && !permit.signal.aborted ? 'cancelled' : 'error'
      await relay.fail(
        { kind: outcome, error: { code: 'broken', message: gone ? 'the caller ended the call' : message } },
        message,
      )
      if (!gone && !this.#response.headersSent) throw told
    }
  }

  /** Values to be masked cannot be found in messages whose form nobody knows: then nothing is asked of the backend. */
  #checkMasks(request: HttpRequest, operation: Operation, { masks }: Permit): void {
    const shown = this.#parts.dialect.results(request, operation, { status: 200, contentType: 'application/grpc' }, masks)
    if (shown === 'identity') return
    const why = 'refuse' in shown ? shown.refuse : 'it is binary'
    throw new HoopError('no_access', `The answer could not be shown: ${why}, and values are masked for you here.`)
  }

  #sending(request: HttpRequest, { id }: Permit): { target: string; headers: Header[] } {
    const { dialect, context } = this.#parts
    const { target, headers } = dialect.forward(request, context.identity, id)
    const own = headers.filter(([name]) => name !== 'grpc-accept-encoding' && name !== 'accept-encoding')
    return { target, headers: [...own, ['grpc-accept-encoding', 'identity'], ['te', 'trailers']] }
  }

  async #upload(sent: ClientHttp2Stream, permit: Permit): Promise<void> {
    const { context } = this.#parts
    for await (const piece of this.#request.iterator({ destroyOnReturn: false })) {
      await permit.record('up', [piece])
      await leaving(context, () => (!sent.writable || sent.write(piece) ? undefined : whenWritable(sent)))
      if (!sent.writable) return
    }
    await leaving(context, () => void sent.end())
  }
}
