import { isDeepStrictEqual } from 'node:util'
import type { Maybe, Parameter, Refusal, Verdict } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import { andThen } from '../maybe.ts'
import type { ServeContext } from '../protocol.ts'
import type { Admission } from './admission.ts'
import { withApplicationName } from './application-name.ts'
import { type MessageReader, read, write } from './codec.ts'
import { invalidUtf8 } from './encoding.ts'
import { readFunctionCall } from './function-call.ts'
import {
  type BindMessage,
  type ExecuteMessage,
  type FunctionCallMessage,
  frontend,
  type ParseMessage,
  type QueryMessage,
  type TargetMessage,
} from './messages.ts'
import type { Statement } from './operations.ts'
import { StatementUnreadable } from './parser.ts'
import { errorMessage, refusalMessage, substitutes } from './refusals.ts'
import type { Change, Portal, Prepared, Registry } from './registry.ts'
import type { RelayParts, ToBackend } from './relay-parts.ts'
import type { Replies } from './replies.ts'
import { formatOf } from './results.ts'
import { rejected, unreadable, unreadStatement } from './unreadable.ts'
import { Upload } from './upload.ts'
import { binaryText } from './values.ts'

/** The caller's messages: each read, its operation put before the gate, and what was admitted handed on, written anew. */
export class Requests {
  readonly #context: ServeContext
  readonly #registry: Registry
  readonly #replies: Replies
  readonly #backend: ToBackend
  readonly #admission: Admission
  readonly #upload: Upload
  /** Counts Sync and Query: which portals end with which ReadyForQuery. */
  #unit = 0

  constructor(parts: RelayParts, admission: Admission) {
    this.#admission = admission
    this.#context = parts.context
    this.#registry = parts.registry
    this.#replies = parts.replies
    this.#backend = parts.backend
    this.#upload = new Upload(parts.replies, parts.backend)
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
        return this.#parse(read.parse(reader.body()))
      case frontend.bind:
        return this.#bind(read.bind(reader.body()))
      case frontend.describe:
        return this.#describe(read.target(reader.body()))
      case frontend.execute:
        return this.#execute(read.execute(reader.body()))
      case frontend.close:
        return this.#close(read.target(reader.body()))
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
        return this.#upload.handle(tag, reader.message)
      case frontend.functionCall:
        return this.#functionCall(read.functionCall(reader.body()))
      default:
        throw new ProtocolViolation(`message ${JSON.stringify(String.fromCharCode(tag))} is not expected here`)
    }
  }

  #query({ text, bytes }: QueryMessage): Maybe<void> {
    const invalid = this.#strict ? invalidUtf8(bytes) : null
    if (invalid !== null) return this.#failQuery('text', errorMessage('ERROR', '22021', invalid))
    return andThen(this.#admission.admitText(text), ({ verdict, statement }) => {
      if (this.#admission.stopped) return this.#admission.notRun(verdict, statement)
      if (verdict.kind === 'refuse') return this.#refuseQuery(verdict.refusal)
      const exchange = this.#admission.start(verdict, statement, this.#unit)
      this.#backend.push(write.query(this.#sent(text, bytes, statement)))
      this.#replies.owed.push({ kind: 'query', exchange, ...this.#queryUnit() })
      this.#admission.raiseBarrier(exchange)
    })
  }

  get #strict(): boolean {
    return this.#context.profile === 'strict'
  }

  #sent(text: string, bytes: Buffer, { applicationNames }: Statement): string | Buffer {
    if (!this.#strict || applicationNames.length === 0) return bytes
    return withApplicationName(text, applicationNames, this.#context.identity)
  }

  #refuseQuery(refusal: Refusal): void {
    this.#failQuery(refusal.id, this.#answer(refusal))
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

  #parse({ name, text, bytes, parameterTypes }: ParseMessage): Maybe<void> {
    const invalid = this.#strict ? invalidUtf8(bytes) : null
    if (invalid !== null) return this.#failExtended('text', errorMessage('ERROR', '22021', invalid))
    return andThen(this.#admission.read(text), (statement) => {
      if (this.#admission.stopped) return
      if (statement instanceof StatementUnreadable) {
        return this.#refuseUnread(text, statement)
      }
      const prepared: Prepared = { name, text, parameterTypes, columns: null, described: false }
      const change = this.#registry.prepared.put(name, prepared, this.#unit)
      this.#backend.push(write.parse({ name, text: this.#sent(text, bytes, statement), parameterTypes }))
      this.#replies.owed.push({ kind: 'parse', unit: this.#unit, change, statement })
      this.#describeForMasks(prepared, 'S')
    })
  }

  /** A caller that never asks for the description gets rows all the same, and masking needs their types. */
  #describeForMasks(prepared: Prepared, kind: 'S' | 'P'): void {
    if (prepared.described || this.#context.gate.masks.empty) return
    prepared.described = true
    this.#backend.push(write.describe({ kind, name: prepared.name }))
    this.#replies.owed.push({ kind: 'describe', prepared, own: true, unit: this.#unit })
  }

  #bind(message: BindMessage): Maybe<void> {
    if (!this.#preparedKnown(message.statement)) {
      return this.#admission.until(() => this.#preparedKnown(message.statement)).then(() => this.#bindKnown(message))
    }
    return this.#bindKnown(message)
  }

  /** What an older sync unit, not answered yet, does to the name: had it failed, another text would stand under it. */
  #preparedKnown(name: string): boolean {
    return this.#registry.prepared.certain(name, this.#unit) || !this.#replies.owed.before(this.#unit)
  }

  /** A portal of an older unit may be gone with its transaction, and another have its name. */
  #portalKnown(name: string): boolean {
    const portal = this.#registry.portals.get(name)
    if (this.#registry.portals.certain(name, this.#unit) && (portal === undefined || portal.unit === this.#unit)) return true
    return !this.#replies.owed.before(this.#unit)
  }

  #bindKnown(message: BindMessage): Maybe<void> {
    if (this.#admission.stopped) return
    const prepared = this.#registry.prepared.get(message.statement)
    if (prepared === undefined) {
      if (this.#strict) return this.#missing('26000', `prepared statement ${JSON.stringify(message.statement)} does not exist`)
      const unseen: Prepared = { name: message.statement, text: '', parameterTypes: [], columns: null, described: false }
      return this.#bindRead(message, unseen, unseenStatement(`Bind of ${JSON.stringify(message.statement)}`))
    }
    // Read again: the catalogue may be another one than when it was prepared.
    return andThen(this.#admission.read(prepared.text), (statement) => {
      if (this.#admission.stopped) return
      if (statement instanceof StatementUnreadable) return this.#refuseUnread(prepared.text, statement)
      return this.#bindRead(message, prepared, statement)
    })
  }

  #bindRead(message: BindMessage, prepared: Prepared, statement: Statement): Maybe<void> {
    const parameters = bound(message, prepared, statement)
    return andThen(this.#admission.admitStatement(statement, parameters), (verdict) => {
      if (this.#admission.stopped) return this.#admission.notRun(verdict, statement)
      if (verdict.kind === 'refuse') return this.#refuseExtended(verdict)
      this.#describeForMasks(prepared, 'S')
      const exchange = this.#admission.start(verdict, statement, this.#unit)
      const { portal: name, resultFormats } = message
      const unit = this.#unit
      const portal: Portal = { name, prepared, statement, parameters, resultFormats, unit, hold: 'no', begun: false, exchange }
      const change = this.#registry.portals.put(name, portal, this.#unit)
      this.#backend.push(write.bind(message))
      this.#replies.owed.push({ kind: 'bind', exchange, unit: this.#unit, change })
    })
  }

  #describe(message: TargetMessage): Maybe<void> {
    const known = (): boolean => (message.kind === 'S' ? this.#preparedKnown(message.name) : this.#portalKnown(message.name))
    if (!known()) return this.#admission.until(known).then(() => this.#describeKnown(message))
    this.#describeKnown(message)
  }

  #describeKnown(message: TargetMessage): void {
    if (this.#admission.stopped) return
    const { prepared, portals } = this.#registry
    const described = message.kind === 'S' ? prepared.get(message.name) : portals.get(message.name)?.prepared
    if (described === undefined && this.#strict) return this.#missingTarget(message)
    this.#backend.push(write.describe(message))
    // A portal's description has the formats of its Bind: only a statement's is kept.
    const keep = message.kind === 'S' ? (described ?? null) : null
    this.#replies.owed.push({ kind: 'describe', prepared: keep, own: false, unit: this.#unit })
  }

  #execute(message: ExecuteMessage): Maybe<void> {
    const known = (): boolean => this.#portalKnown(message.portal)
    if (!known()) return this.#admission.until(known).then(() => this.#executeKnown(message))
    return this.#executeKnown(message)
  }

  #executeKnown(message: ExecuteMessage): Maybe<void> {
    if (this.#admission.stopped) return
    const portal = this.#registry.portals.get(message.portal)
    if (portal !== undefined && !portal.exchange.ended) {
      return portal.begun || isPlanned(portal.statement) ? this.#run(portal, message) : this.#runAsRead(portal, message)
    }
    if (portal === undefined && this.#strict)
      return this.#missing('34000', `portal ${JSON.stringify(message.portal)} does not exist`)
    // A cursor, or a portal that ran to its end already: running it is another operation.
    const { statement, parameters } = portal ?? unseenPortal(message.portal)
    return andThen(this.#admission.admitStatement(statement, parameters), (verdict) => {
      if (this.#admission.stopped) return this.#admission.notRun(verdict, statement)
      if (verdict.kind === 'refuse') return this.#refuseExtended(verdict)
      const exchange = this.#admission.start(verdict, statement, this.#unit)
      const opened = portal ?? { ...unseenPortal(message.portal), unit: this.#unit, exchange }
      opened.exchange = exchange
      // A cursor's rows have the formats that it was declared with.
      if (opened.resultFormats === null) this.#describeForMasks(opened.prepared, 'P')
      this.#run(opened, message)
    })
  }

  /** Names in a command that is no query are looked up as it runs, and may have changed since Bind: it is read, and judged, as it is now. */
  #runAsRead(portal: Portal, message: ExecuteMessage): Maybe<void> {
    return andThen(this.#admission.read(portal.prepared.text), (statement) => {
      if (this.#admission.stopped) return
      if (statement instanceof StatementUnreadable) return this.#refuseUnread(portal.prepared.text, statement)
      if (isDeepStrictEqual(statement, portal.statement)) return this.#run(portal, message)
      return andThen(this.#admission.admitStatement(statement, portal.parameters), (verdict) => {
        if (this.#admission.stopped) return this.#admission.notRun(verdict, statement)
        return andThen(portal.exchange.end('not-run'), () => {
          if (verdict.kind === 'refuse') return this.#refuseExtended(verdict)
          portal.statement = statement
          portal.exchange = this.#admission.start(verdict, statement, this.#unit)
          this.#run(portal, message)
        })
      })
    })
  }

  #run(portal: Portal, message: ExecuteMessage): void {
    portal.begun = true
    this.#backend.push(write.execute(message))
    this.#replies.owed.push({ kind: 'execute', exchange: portal.exchange, portal, unit: this.#unit })
    this.#admission.raiseBarrier(portal.exchange)
  }

  #close({ kind, name }: TargetMessage): void {
    const unit = this.#unit
    this.#backend.push(write.close({ kind, name }))
    if (kind === 'P')
      this.#replies.owed.push({ kind: 'close-portal', unit, change: this.#registry.portals.put(name, undefined, unit) })
    else this.#replies.owed.push({ kind: 'close-statement', unit, change: this.#registry.prepared.put(name, undefined, unit) })
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
      if (verdict.kind === 'refuse') return this.#refuseQuery(verdict.refusal)
      const exchange = this.#admission.start(verdict, statement, this.#unit)
      this.#backend.push(write.functionCall(message))
      this.#replies.owed.push({ kind: 'call', exchange, answered: false, unit: this.#unit++ })
    })
  }

  #refuseUnread(text: string, unread: StatementUnreadable): Maybe<void> {
    return andThen(this.#admission.admit(unreadable(text, rejected(unread))), (verdict) => this.#refuseExtended(verdict))
  }

  #refuseExtended(verdict: Verdict): void {
    if (verdict.kind === 'permit') throw new ProtocolViolation('a text was admitted unread')
    if (this.#admission.stopped) return
    this.#failExtended(verdict.refusal.id, this.#answer(verdict.refusal))
  }

  /** The backend will fail, and skip whatever comes up to Sync: nothing of it is put before the gate. */
  #failExtended(because: string, answer: Buffer): void {
    this.#backend.push(substitutes.bind(because))
    this.#replies.owed.push({ kind: 'refused', answer, unit: this.#unit })
    this.#replies.skipping = true
  }

  #answer(refusal: Refusal): Buffer {
    return refusalMessage(refusal, this.#context.sessionId)
  }

  /** A name that the backend does not hold: its own error, made to happen there as well. */
  #missing(code: string, words: string): void {
    this.#failExtended('unknown name', errorMessage('ERROR', code, words))
  }

  #missingTarget({ kind, name }: TargetMessage): void {
    if (kind === 'S') this.#missing('26000', `prepared statement ${JSON.stringify(name)} does not exist`)
    else this.#missing('34000', `portal ${JSON.stringify(name)} does not exist`)
  }
}

/** Messages that depend on what the names of the session stand for. */
const waits = new Set<number>([
  ...[frontend.query, frontend.parse, frontend.bind, frontend.describe, frontend.execute, frontend.close],
  frontend.functionCall,
])

/** The server settles what its names mean as it plans it, at Bind. */
function isPlanned({ parts }: Statement): boolean {
  return parts.every(({ verb }) => planned.has(verb))
}
const planned = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/** With the profile transparent: what the server may have under a name that hoop has not seen it take. */
function unseenStatement(text: string): Statement {
  return unreadStatement(text, new StatementUnreadable('hoop has not seen what stands under this name', 0))
}

function unseenPortal(name: string): Omit<Portal, 'unit' | 'exchange'> {
  const prepared: Prepared = { name, text: '', parameterTypes: [], columns: null, described: false }
  const statement = unseenStatement(`Execute of ${JSON.stringify(name)}`)
  return { name, prepared, statement, parameters: [], resultFormats: null, hold: 'no', begun: true }
}

function isCopy(tag: number): boolean {
  return tag === frontend.copyData || tag === frontend.copyDone || tag === frontend.copyFail
}

function bound(message: BindMessage, prepared: Prepared, statement: Statement): Parameter[] {
  return message.parameters.map((value, i) => {
    const typeOid = prepared.parameterTypes[i] ?? 0
    const type = typeOid === 0 ? null : String(typeOid)
    const sources = statement.parameterSources.get(i + 1) ?? []
    if (value === null) return { type, value: null, sources }
    const text = formatOf(message.parameterFormats, i) === 0 ? value.toString('utf8') : binaryText(typeOid, value)
    return { type, value: text ?? `\\x${value.toString('hex')}`, sources }
  })
}
