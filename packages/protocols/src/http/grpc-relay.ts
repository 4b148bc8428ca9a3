import {
  type ClientHttp2Stream,
  constants,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import { HoopError, type Outcome, type Permit } from '@hoop/contracts'
import type { Header, ServeContext } from '../protocol.ts'
import { leaving } from './answer-relay.ts'
import { Arrivals } from './arrivals.ts'
import { send, whenWritable, writeBody, writeHead } from './caller.ts'
import { grpcStatus, grpcTrailers, isGrpc } from './grpc.ts'
import { answerHeaders, headBytes, joined, type Places } from './headers.ts'

/** Bytes that are put on the record together. */
const recordedTogether = 64 * 1024

interface GrpcRelayParts {
  readonly context: Pick<ServeContext, 'leave'>
  readonly permit: Permit
  readonly request: Http2ServerRequest
  readonly response: Http2ServerResponse
  readonly places: Places
}

/** Brings the answer of one call to its caller: on the record first, as it comes, its status in the trailers. */
export class GrpcRelay {
  readonly #parts: GrpcRelayParts
  /** Null: it has left. */
  #head: readonly Header[] | null = null
  #trailers: readonly Header[] | null = null
  #pending: Buffer[] = []
  #size = 0
  #ended = false

  constructor(parts: GrpcRelayParts) {
    this.#parts = parts
  }

  /** Rejects where the answer broke off, or is none of gRPC. */
  async run(sent: ClientHttp2Stream): Promise<void> {
    const { places, request, response } = this.#parts
    sent.once('trailers', (trailers: IncomingHttpHeaders) => {
      this.#trailers = answerHeaders(flat(trailers), places, false)
    })
    const { headers, alone } = await answerOf(sent)
    const status = headers[':status'] ?? 502
    // It was the gateway's credential that was not accepted: the caller has none to mend.
    if (status === 401 || status === 407)
      throw new HoopError('connection_unavailable', 'The service does not accept the credential of the gateway.', {
        hint: 'An admin corrects login of the connection.',
      })
    const head = answerHeaders(flat(headers), places, false)
    if (status !== 200 || !isGrpc(head))
      throw new HoopError('connection_unavailable', `The service answered with HTTP status ${status}, and not by gRPC.`, {
        hint: 'Look whether this is the address at which it takes gRPC.',
      })
    this.#keep(headBytes(status, head))
    if (alone) {
      sent.resume()
      const answer = { status, headers: head, body: '' }
      return await this.#end(head, () => send(request, response, answer))
    }
    this.#head = head
    await this.#body(sent)
    if (this.#trailers === null) throw new HoopError('connection_unavailable', 'The service ended the call without a status.')
    this.#keep(trailerBytes(this.#trailers))
    const trailers = this.#trailers
    await this.#end(trailers, (pieces) => {
      this.#leave(pieces.slice(0, -1))
      this.#finish(trailers)
    })
  }

  /** Puts on the record why the answer has no end; a caller who has its beginning is told by `message`. */
  async fail(outcome: Pick<Outcome, 'kind' | 'error'>, message: string): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    const { permit, response } = this.#parts
    await permit.end({ tag: null, rows: 0, masked: {}, ...outcome })
    if (response.headersSent && !response.stream.destroyed) this.#finish(grpcTrailers('UNAVAILABLE', message))
  }

  async #body(sent: ClientHttp2Stream): Promise<void> {
    const arrivals = new Arrivals(sent)
    while (true) {
      const chunk = arrivals.next() ?? (this.#size === 0 ? await arrivals.wait() : await arrivals.waitInTurn())
      if (chunk === 'end') return
      if (chunk !== 'later') this.#keep(chunk)
      if (chunk === 'later' || this.#size >= recordedTogether) await this.#flush()
    }
  }

  #keep(piece: Buffer): void {
    this.#pending.push(piece)
    this.#size += piece.length
  }

  #taken(): readonly Buffer[] {
    const pieces = this.#pending
    this.#pending = []
    this.#size = 0
    return pieces
  }

  async #flush(): Promise<void> {
    const { permit, context, response } = this.#parts
    const pieces = this.#taken()
    await permit.record('down', pieces)
    await leaving(context, () => (this.#leave(pieces) || response.destroyed ? undefined : whenWritable(response)))
    if (response.destroyed) throw new Error('the caller went away')
  }

  /** The head goes first, and its way: in the record it stands as bytes. */
  #leave(pieces: readonly Buffer[]): boolean {
    const head = this.#head
    this.#head = null
    const { response } = this.#parts
    if (head !== null) writeHead(response, 200, joined(head))
    let room = true
    for (const piece of head === null ? pieces : pieces.slice(1)) room = writeBody(response, piece)
    return room
  }

  #finish(trailers: readonly Header[]): void {
    const { response } = this.#parts
    response.addTrailers(joined(trailers))
    response.end()
  }

  async #end(trailers: readonly Header[], leave: (pieces: readonly Buffer[]) => void): Promise<void> {
    const { permit, context } = this.#parts
    const pieces = this.#taken()
    this.#ended = true
    await permit.end(outcomeOf(trailers), pieces)
    await leaving(context, () => leave(pieces))
  }
}

/** The first headers of the answer; `alone`: nothing follows them (Trailers-Only). Rejects with what the call broke by. */
function answerOf(sent: ClientHttp2Stream): Promise<{ headers: IncomingHttpHeaders & IncomingHttpStatusHeader; alone: boolean }> {
  return new Promise((resolve, reject) => {
    sent.once('response', (headers, flags) => resolve({ headers, alone: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0 }))
    // Stays: what fails after the answer has nobody left to tell.
    sent.on('error', reject)
    sent.once('close', () => reject(new HoopError('connection_unavailable', 'The service closed the call without an answer.')))
  })
}

/** Name, value, name, value; without pseudo-headers. */
function flat(headers: IncomingHttpHeaders): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(':') ? [] : [value ?? []].flat().flatMap((each) => [name, String(each)]),
  )
}

/** As HTTP/1.1 writes them behind the last chunk. */
function trailerBytes(trailers: readonly Header[]): Buffer {
  return Buffer.from(trailers.map(([name, value]) => `${name}: ${value}\r\n`).join(''), 'latin1')
}

function outcomeOf(trailers: readonly Header[]): Outcome {
  const status = grpcStatus(trailers.find(([name]) => name === 'grpc-status')?.[1] ?? '')
  const done = status === 'OK'
  const error = done ? null : { code: status, message: 'the service answered so' }
  return { kind: done ? 'done' : 'error', tag: status, error, rows: 0, masked: {} }
}
