import type { Maybe } from '@hoop/contracts'
import { ByteReader } from '../bytes.ts'
import { read, write } from './codec.ts'
import type { CopyLines } from './copy-format.ts'
import type { Exchange } from './exchange.ts'
import { frontend } from './messages.ts'
import type { ToBackend } from './relay-parts.ts'
import type { Replies } from './replies.ts'

/** Data that came together is put on the record together, up to this many bytes. */
const gatherUpTo = 256 * 1024

/** COPY FROM STDIN: what the caller uploads is on the record, masked there, before it goes to the backend. */
export class Upload {
  readonly #replies: Replies
  readonly #backend: ToBackend
  #exchange: Exchange | null = null
  #masked: Buffer[] = []
  #original: Buffer[] = []
  /** Something in it is masked. */
  #changed = false
  #size = 0

  constructor(replies: Replies, backend: ToBackend) {
    this.#replies = replies
    this.#backend = backend
  }

  /** Whether something was gathered and is not on its way yet. */
  get pending(): boolean {
    return this.#exchange !== null
  }

  /** One CopyData, CopyDone or CopyFail. */
  handle(tag: number, message: Buffer): Maybe<void> {
    const exchange = this.#replies.copyIn
    if (exchange === null) {
      // Outside COPY the backend ignores it; whether COPY begins may still be on its way.
      if (!this.#replies.owed.copyMayBegin) return
      return this.#replies.changed().then(() => this.handle(tag, message))
    }
    const body = new ByteReader(message, 5)
    if (tag === frontend.copyData) {
      if (exchange.copy === null) this.#gather(exchange, message, message)
      else this.#gatherLines(exchange, exchange.copy.push(body.rest()))
      return this.#size < gatherUpTo ? undefined : this.settle()
    }
    const last = tag === frontend.copyFail ? write.copyFail(read.copyFail(body)) : write.copyDone()
    if (tag === frontend.copyDone) {
      read.nothing(body)
      if (exchange.copy !== null) this.#gatherLines(exchange, exchange.copy.end())
    }
    const settled = this.settle()
    const end = (): void => {
      // What follows belongs to what comes after this COPY.
      this.#replies.copyIn = null
      this.#backend.push(last)
    }
    return settled === undefined ? end() : settled.then(end)
  }

  #gatherLines(exchange: Exchange, { masked, original }: CopyLines): void {
    if (original.length > 0) this.#gather(exchange, masked, original)
  }

  #gather(exchange: Exchange, masked: Buffer, original: Buffer): void {
    this.#exchange = exchange
    this.#masked.push(masked)
    this.#original.push(original)
    this.#changed ||= masked !== original
    this.#size += original.length
  }

  /** Puts what was gathered on the record, and then on its way. */
  settle(): Maybe<void> {
    const exchange = this.#exchange
    if (exchange === null) return
    // Lines without their messages, which may be cut anywhere; or whole messages where nothing is masked.
    const together = exchange.copy === null ? asOne : write.copyDataOf
    const waiting = together(this.#original)
    const recorded = this.#changed ? together(this.#masked) : waiting
    this.#exchange = null
    this.#masked = []
    this.#original = []
    this.#changed = false
    this.#size = 0
    const send = (): void => {
      this.#backend.push(waiting)
    }
    // An error of the backend may have ended the operation meanwhile; the backend ignores what is still on its way.
    if (exchange.ended) return
    const durable = exchange.permit.record('up', [recorded])
    return durable === undefined ? send() : durable.then(send)
  }
}

function asOne(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
}
