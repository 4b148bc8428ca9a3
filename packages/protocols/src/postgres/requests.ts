import type { Maybe, Refusal } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import { andThen } from '../maybe.ts'
import type { PostgresContext } from '../protocol.ts'
import type { Admission } from './admission.ts'
import { sentText } from './application-name.ts'
import { type MessageReader, read, write } from './codec.ts'
import { invalidUtf8 } from './encoding.ts'
import { ExtendedQuery } from './extended-query.ts'
import { readFunctionCall } from './function-call.ts'
import { type FunctionCallMessage, frontend, type QueryMessage } from './messages.ts'
import { errorMessage, refusalMessage, substitutes, type Told } from './refusals.ts'
import type { Change, Registry } from './registry.ts'
import { isStrict, type RelayParts, type ToBackend } from './relay-parts.ts'
import type { Replies } from './replies.ts'
import { Upload } from './upload.ts'

/** The caller's messages: each read, its operation put before the gate, and what was admitted handed on, written anew. */
export class Requests {
  readonly #context: PostgresContext
  readonly #registry: Registry
  readonly #replies: Replies
  readonly #backend: ToBackend
  readonly #admission: Admission
  readonly #upload: Upload
  readonly #extended: ExtendedQuery
  /** Counts Sync and Query: which portals end with which ReadyForQuery. */
  #unit = 0

  constructor(parts: RelayParts, admission: Admission) {
    this.#admission = admission
    this.#context = parts.context
    this.#registry = parts.registry
    this.#replies = parts.replies
    this.#backend = parts.backend
    this.#upload = new Upload(parts.replies, parts.backend)
    this.#extended = new ExtendedQuery(parts, admission, () => this.#unit)
  }

  /** What was gathered of an upload goes on the record, and then on its way. */
  settleUpload(): Maybe<void> {
    return this.#upload.settle()
  }

  /** Does what the reader's current message says. Throws ProtocolViolation for one that cannot be. */
  handle(reader: MessageReader): Maybe<void> {
    const { tag } = reader
    if (this.#replies.skipping && tag !== frontend.sync) return
    if (!this.#upload.pending || isCopy(tag)) return this.#dispatch(tag, reader)
    return andThen(this.#upload.settle(), () => this.#dispatch(tag, reader))
  }

  #dispatch(tag: number, reader: MessageReader): Maybe<void> {
    const settled = waits.has(tag) ? this.#admission.settled() : undefined
    return settled === undefined ? this.#handle(tag, reader) : settled.then(() => this.#handleSettled(tag, reader))
  }

  /** An error before it has made the backend skip to Sync, or all is over. */
  #handleSettled(tag: number, reader: MessageReader): Maybe<void> {
    return this.#admission.stopped ? undefined : this.#handle(tag, reader)
  }

  #handle(tag: number, reader: MessageReader): Maybe<void> {
    switch (tag) {
      case frontend.query:
        return this.#query(read.query(reader.body()))
      case frontend.parse:
        return this.#extended.parse(read.parse(reader.body()))
      case frontend.bind:
        return this.#extended.bind(read.bind(reader.body()))
      case frontend.describe:
        return this.#extended.describe(read.target(reader.body()))
      case frontend.execute:
        return this.#extended.execute(read.execute(reader.body()))
      case frontend.close:
        return this.#extended.close(read.target(reader.body()))
      case frontend.flush:
        read.nothing(reader.body())
        this.#backend.push(write.flush())
        return
      case frontend.sync:
        read.nothing(reader.body())
        return this.#sync()
      case frontend.copyData:
      case frontend.copyDone:
      case frontend.copyFail:
        return this.#upload.handle(tag, reader)
      case frontend.functionCall:
        return this.#functionCall(read.functionCall(reader.body()))
      default:
        throw new ProtocolViolation(`message ${JSON.stringify(String.fromCharCode(tag))} is not expected here`)
    }
  }

  #query({ text, bytes }: QueryMessage): Maybe<void> {
    const invalid = isStrict(this.#context) ? invalidUtf8(bytes) : null
    if (invalid !== null) return this.#failQuery('text', errorMessage('ERROR', '22021', invalid))
    return andThen(this.#admission.admitText(text), ({ verdict, statement }) => {
      if (this.#admission.stopped) return this.#admission.notRun(verdict, statement)
      if (verdict.kind === 'refuse') return this.#refuseQuery(verdict.refusal, statement)
      const exchange = this.#admission.start(verdict, statement, this.#unit)
      this.#backend.push(write.query(sentText(text, bytes, statement, this.#context)))
      this.#replies.owed.push({ kind: 'query', exchange, ...this.#queryUnit() })
      this.#admission.raiseBarrier(exchange)
    })
  }

  #refuseQuery(refusal: Refusal, told: Told): void {
    this.#failQuery(refusal.id, refusalMessage(refusal, this.#context.sessionId, told))
  }

  #failQuery(because: string, answer: Buffer): void {
    this.#backend.push(substitutes.query(because))
    this.#replies.owed.push({ kind: 'refused-query', answer, answered: false, ...this.#queryUnit() })
  }

  /** A simple query is a sync unit of its own, and ends the unnamed statement. */
  #queryUnit(): { unit: number; change: Change } {
    const unit = this.#unit++
    return { unit, change: this.#registry.prepared.put('', undefined, unit) }
  }

  #sync(): void {
    // In COPY mode the backend ignores it.
    if (this.#replies.copyIn !== null) return
    this.#replies.skipping = false
    this.#backend.push(write.sync())
    this.#replies.owed.push({ kind: 'sync', unit: this.#unit++ })
  }

  #functionCall(message: FunctionCallMessage): Maybe<void> {
    const { statement, parameters } = readFunctionCall(message, this.#context.gate.masks.hasColumns)
    return andThen(this.#admission.admitStatement(statement, parameters), (verdict) => {
      if (this.#admission.stopped) return this.#admission.notRun(verdict, statement)
      if (verdict.kind === 'refuse') return this.#refuseQuery(verdict.refusal, statement)
      const exchange = this.#admission.start(verdict, statement, this.#unit)
      this.#backend.push(write.functionCall(message))
      this.#replies.owed.push({ kind: 'call', exchange, answered: false, unit: this.#unit++ })
    })
  }
}

/** Messages that depend on what the names of the session stand for. */
const waits = new Set<number>([
  ...[frontend.query, frontend.parse, frontend.bind, frontend.describe, frontend.execute, frontend.close],
  frontend.functionCall,
])

function isCopy(tag: number): boolean {
  return tag === frontend.copyData || tag === frontend.copyDone || tag === frontend.copyFail
}
