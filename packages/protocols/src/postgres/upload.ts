import type { Maybe } from '@hoop/contracts'
import { ByteReader } from '../bytes.ts'
import type { Received } from './caller-output.ts'
import { type MessageReader, read, write } from './codec.ts'
import type { CopyLines, CopyRewriter } from './copy-format.ts'
import type { Exchange } from './exchange.ts'
import { frontend } from './messages.ts'
import { substitutes } from './refusals.ts'
import type { ToBackend } from './relay-parts.ts'
import type { Replies } from './replies.ts'

/** Data that came together is put on the record together, up to this many bytes. */
const gatherUpTo = 256 * 1024
/** The data of a smaller message is copied to that of those before it. */
const largeMessage = 32 * 1024

/** COPY FROM STDIN: what the caller uploads is on the record, masked there, before it goes to the backend. */
export class Upload {
  readonly #replies: Replies
  readonly #backend: ToBackend
  #exchange: Exchange | null = null
  /** Whole messages where nothing is masked, else their data; in the order in which they came. */
  #pieces: Buffer[] = []
  #size = 0
  /** Messages that follow one another in the buffer that they came in: the last piece, as long as it grows. */
  #run: { readonly bytes: Buffer; readonly start: number; end: number } | null = null
  /** Data of small messages: the last piece, as long as it grows. */
  #block: Buffer | null = null
  #used = 0

  constructor(replies: Replies, backend: ToBackend) {
    this.#replies = replies
    this.#backend = backend
  }

  /** Whether something was gathered and is not on its way yet. */
  get pending(): boolean {
    return this.#exchange !== null
  }

  /** One CopyData, CopyDone or CopyFail: the current message of the reader. */
  handle(tag: number, reader: MessageReader): Maybe<void> {
    const exchange = this.#replies.copyIn
    if (exchange === null) {
      // Outside COPY the backend ignores it; whether COPY begins may still be on its way.
      if (!this.#replies.owed.copyMayBegin) return
      return this.#replies.changed().then(() => this.handle(tag, reader))
    }
    if (tag === frontend.copyData) {
      this.#exchange = exchange
      if (exchange.copy === null) this.#addMessage(reader)
      else this.#addData(reader)
      return this.#size < gatherUpTo ? undefined : this.settle()
    }
    const body = new ByteReader(reader.bytes, reader.start + 5, reader.end)
    const last = tag === frontend.copyFail ? write.copyFail(read.copyFail(body)) : write.copyDone()
    if (tag === frontend.copyDone) read.nothing(body)
    const settled = this.#settle(exchange, tag === frontend.copyDone)
    const end = (): void => {
      if (exchange.refusal !== null) return
      // What follows belongs to what comes after this COPY.
      this.#replies.copyIn = null
      this.#backend.push(last)
    }
    return settled === undefined ? end() : settled.then(end)
  }

  #addMessage({ bytes, start, end }: Received): void {
    this.#size += end - start
    if (this.#run?.bytes === bytes && this.#run.end === start) this.#run.end = end
    else {
      this.#endPiece()
      this.#run = { bytes, start, end }
    }
  }

  #addData(reader: MessageReader): void {
    const { bytes, start, end } = reader
    const from = start + 5
    const length = end - from
    this.#size += length
    if (length >= largeMessage) {
      this.#endPiece()
      this.#pieces.push(bytes.subarray(from, end))
      return
    }
    if (this.#block === null || this.#block.length - this.#used < length) {
      this.#endPiece()
      // Room for all that has come with it.
      this.#block = Buffer.allocUnsafeSlow(Math.min(length + reader.buffered, gatherUpTo))
      this.#used = 0
    }
    this.#used += bytes.copy(this.#block, this.#used, from, end)
  }

  #endPiece(): void {
    if (this.#run !== null) this.#pieces.push(this.#run.bytes.subarray(this.#run.start, this.#run.end))
    if (this.#block !== null) this.#pieces.push(this.#block.subarray(0, this.#used))
    this.#run = null
    this.#block = null
  }

  /** Puts what was gathered on the record, and then on its way. */
  settle(): Maybe<void> {
    if (this.#exchange !== null) return this.#settle(this.#exchange, false)
  }

  #settle(exchange: Exchange, last: boolean): Maybe<void> {
    this.#endPiece()
    const pieces = this.#pieces
    this.#exchange = null
    this.#pieces = []
    this.#size = 0
    // An error of the backend may have ended the operation meanwhile; the backend ignores what is still on its way.
    if (exchange.ended) return
    const { original, masked } =
      exchange.copy === null ? { original: pieces, masked: pieces } : linesOf(exchange.copy, pieces, last)
    if (exchange.refusal !== null) {
      // What still comes of this COPY is ignored, as the backend would.
      this.#replies.copyIn = null
      return this.#backend.push(substitutes.copy(exchange.refusal.id))
    }
    if (original.length === 0) return
    const send = (): void => {
      for (const piece of original) this.#backend.push(piece)
    }
    const durable = exchange.permit.record('up', masked)
    return durable === undefined ? send() : durable.then(send)
  }
}

/** Messages with the lines that are whole now; both are empty where none is. */
function linesOf(copy: CopyRewriter, pieces: readonly Buffer[], last: boolean): CopyLines {
  const original: Buffer[] = []
  const masked: Buffer[] = []
  let changed = false
  const add = (lines: CopyLines): void => {
    for (const line of lines.original) original.push(line)
    for (const line of lines.masked) masked.push(line)
    changed ||= lines.masked !== lines.original
  }
  for (const piece of pieces) add(copy.push(piece))
  if (last) add(copy.end())
  const message = inMessage(original)
  return { original: message, masked: changed ? inMessage(masked) : message }
}

function inMessage(pieces: readonly Buffer[]): readonly Buffer[] {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length === 0 ? [] : [write.copyDataHeader(length), ...pieces]
}
