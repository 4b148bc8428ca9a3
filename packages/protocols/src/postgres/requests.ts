import { type Maybe, type Operation, type Parameter, type Refusal, type Verdict, withoutValues } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import type { ServeContext } from '../protocol.ts'
import type { CallerOutput } from './caller-output.ts'
import type { Catalogues } from './catalogues.ts'
import { type Ongoing, redefines, stores } from './changes.ts'
import { type MessageReader, read, write } from './codec.ts'
import { Exchange } from './exchange.ts'
import { type BindMessage, type ExecuteMessage, frontend, type ParseMessage, type TargetMessage } from './messages.ts'
import type { Statement } from './operations.ts'
import { StatementUnreadable } from './parser.ts'
import { errorMessage, holdNotice, refusalMessage, substitutes } from './refusals.ts'
import type { Change, Portal, Prepared, Registry } from './registry.ts'
import type { Replies } from './replies.ts'
import { formatOf } from './results.ts'
import { unreadable } from './unreadable.ts'
import { Upload } from './upload.ts'
import { binaryText } from './values.ts'

/** What goes to the backend: gathered here, sent by the session in one write. */
export interface ToBackend {
  push(message: Buffer): void
  /** Sends what has gathered. */
  forward(): void
}

export interface RequestParts {
  readonly context: ServeContext
  readonly database: string
  readonly catalogues: Catalogues
  readonly registry: Registry
  readonly replies: Replies
  readonly output: CallerOutput
  readonly backend: ToBackend
  /** Whether the connection is over: nothing is begun any more. */
  readonly over: () => boolean
}

/** The caller's messages: each read, its operation put before the gate, and what was admitted handed on, written anew. */
export class Requests {
  readonly #parts: RequestParts
  readonly #context: ServeContext
  readonly #registry: Registry
  readonly #replies: Replies
  readonly #backend: ToBackend
  readonly #upload: Upload
  /** Aborts what is being admitted: cancel, disconnect, an error before it. Replaced once used. */
  #admission = new AbortController()
  #admitting = false
  #callerGone = false
  /** Counts Sync and Query: which portals end with which ReadyForQuery. */
  #unit = 0
  /** Sent and not answered: a change of what names mean. Nothing behind it is read before it is done. */
  #barrier: Exchange | null = null
  /** Relations that this session has made for itself. */
  readonly #temporary = new Set<string>()
  /** Definitions that it changes, until their transaction ends. */
  /** When the catalogue was read that a statement was read by. */
  readonly #asOf = new WeakMap<Statement, number>()
  #redefining: { readonly unit: number; readonly change: Ongoing }[] = []

  constructor(parts: RequestParts) {
    this.#parts = parts
    this.#context = parts.context
    this.#registry = parts.registry
    this.#replies = parts.replies
    this.#backend = parts.backend
    this.#upload = new Upload(parts.replies, parts.backend)
  }

  /** Whether an operation is before the gate. */
  get admitting(): boolean {
    return this.#admitting
  }

  /** Takes back what is before the gate. */
  withdraw(words: string): void {
    if (this.#admitting) this.#admission.abort(new Error(words))
  }

  /** From now on what needs somebody's approval is withdrawn at once. */
  callerLeft(): void {
    this.#callerGone = true
    this.#admission.abort(new Error('the caller disconnected'))
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
    return then(this.#upload.settle(), () => this.#dispatch(tag, reader))
  }

  #dispatch(tag: number, reader: MessageReader): Maybe<void> {
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
        return this.#functionCall()
      default:
        throw new ProtocolViolation(`message ${JSON.stringify(String.fromCharCode(tag))} is not expected here`)
    }
  }

  /** Waits for the backend's replies; ends early where the current message is to be skipped, or all is over. */
  async until(reached: () => boolean): Promise<void> {
    // The backend answers without waiting for the caller's Sync.
    this.#backend.push(write.flush())
    this.#backend.forward()
    while (!this.#stopped && !reached()) await this.#replies.changed()
  }

  /** Nothing of this sync unit is done any more. */
  get #stopped(): boolean {
    return this.#parts.over() || this.#replies.skipping
  }

  #query(text: string): Maybe<void> {
    return then(this.#admitText(text), ({ verdict, statement }) => {
      if (this.#stopped) return this.#notRun(verdict, statement)
      if (verdict.kind === 'refuse') return this.#refuseQuery(verdict.refusal)
      const exchange = this.#start(verdict, statement)
      this.#backend.push(write.query(text))
      this.#replies.expect({ kind: 'query', exchange, ...this.#queryUnit() })
      this.#raiseBarrier(exchange)
    })
  }

  #refuseQuery(refusal: Refusal): void {
    this.#backend.push(substitutes.query(refusal))
    this.#replies.expect({ kind: 'refused-query', answer: this.#answer(refusal), answered: false, ...this.#queryUnit() })
  }

  /** A simple query is a sync unit of its own, and ends the unnamed statement. */
  #queryUnit(): { unit: number; change: Change } {
    const unit = this.#unit++
    return { unit, change: this.#registry.prepared.put('', undefined, unit) }
  }

  #parse(message: ParseMessage): Maybe<void> {
    return then(this.#read(message.text), (statement) => {
      if (this.#stopped) return
      if (statement instanceof StatementUnreadable) {
        return then(this.#admit(unreadable(message.text, rejected(statement))), (verdict) => this.#refuseExtended(verdict))
      }
      const prepared: Prepared = { ...message, statement, columns: null }
      const change = this.#registry.prepared.put(message.name, prepared, this.#unit)
      this.#backend.push(write.parse(message))
      this.#replies.expect({ kind: 'parse', unit: this.#unit, change })
      if (this.#context.gate.masks.empty) return
      // A caller that never asks for the description gets rows all the same, and masking needs their types.
      this.#backend.push(write.describe({ kind: 'S', name: message.name }))
      this.#replies.expect({ kind: 'describe', prepared, own: true, unit: this.#unit })
    })
  }

  #bind(message: BindMessage): Maybe<void> {
    if (!this.#preparedKnown(message.statement)) {
      return this.until(() => this.#preparedKnown(message.statement)).then(() => this.#bindKnown(message))
    }
    return this.#bindKnown(message)
  }

  /** What an older sync unit, not answered yet, does to the name: had it failed, another text would stand under it. */
  #preparedKnown(name: string): boolean {
    return this.#registry.prepared.certain(name, this.#unit) || !this.#replies.owesBefore(this.#unit)
  }

  /** A portal of an older unit may be gone with its transaction, and another have its name. */
  #portalKnown(name: string): boolean {
    const portal = this.#registry.portals.get(name)
    if (this.#registry.portals.certain(name, this.#unit) && (portal === undefined || portal.unit === this.#unit)) return true
    return !this.#replies.owesBefore(this.#unit)
  }

  #bindKnown(message: BindMessage): Maybe<void> {
    if (this.#stopped) return
    const prepared = this.#registry.prepared.get(message.statement)
    if (prepared === undefined) {
      return this.#missing('26000', `prepared statement ${JSON.stringify(message.statement)} does not exist`)
    }
    // Read again: the catalogue may be another one than when it was prepared.
    return then(this.#read(prepared.text), (statement) => {
      if (this.#stopped) return
      if (statement instanceof StatementUnreadable) throw statement
      const parameters = bound(message, prepared, statement)
      return then(this.#admitStatement(statement, parameters), (verdict) => {
        if (this.#stopped) return this.#notRun(verdict, statement)
        if (verdict.kind === 'refuse') return this.#refuseExtended(verdict)
        const exchange = this.#start(verdict, statement)
        const portal: Portal = {
          name: message.portal,
          prepared,
          parameters,
          resultFormats: message.resultFormats,
          unit: this.#unit,
          exchange,
        }
        const change = this.#registry.portals.put(message.portal, portal, this.#unit)
        this.#backend.push(write.bind(message))
        this.#replies.expect({ kind: 'bind', exchange, unit: this.#unit, change })
      })
    })
  }

  #describe(message: TargetMessage): Maybe<void> {
    const known = (): boolean => (message.kind === 'S' ? this.#preparedKnown(message.name) : this.#portalKnown(message.name))
    if (!known()) return this.until(known).then(() => this.#describeKnown(message))
    this.#describeKnown(message)
  }

  #describeKnown(message: TargetMessage): void {
    if (this.#stopped) return
    const { prepared, portals } = this.#registry
    const described = message.kind === 'S' ? prepared.get(message.name) : portals.get(message.name)?.prepared
    if (described === undefined) return this.#missingTarget(message)
    this.#backend.push(write.describe(message))
    // A portal's description has the formats of its Bind: only a statement's is kept.
    const keep = message.kind === 'S' ? described : null
    this.#replies.expect({ kind: 'describe', prepared: keep, own: false, unit: this.#unit })
  }

  #execute(message: ExecuteMessage): Maybe<void> {
    const known = (): boolean => this.#portalKnown(message.portal)
    if (!known()) return this.until(known).then(() => this.#executeKnown(message))
    return this.#executeKnown(message)
  }

  #executeKnown(message: ExecuteMessage): Maybe<void> {
    if (this.#stopped) return
    const portal = this.#registry.portals.get(message.portal)
    if (portal === undefined) return this.#missing('34000', `portal ${JSON.stringify(message.portal)} does not exist`)
    if (!portal.exchange.ended) return this.#run(portal, message)
    // It ran to its end already: running it again is another operation.
    const { statement } = portal.exchange
    return then(this.#admitStatement(statement, portal.parameters), (verdict) => {
      if (this.#stopped) return this.#notRun(verdict, statement)
      if (verdict.kind === 'refuse') return this.#refuseExtended(verdict)
      portal.exchange = this.#start(verdict, statement)
      this.#run(portal, message)
    })
  }

  #run(portal: Portal, message: ExecuteMessage): void {
    this.#backend.push(write.execute(message))
    this.#replies.expect({ kind: 'execute', exchange: portal.exchange, portal, unit: this.#unit })
    this.#raiseBarrier(portal.exchange)
  }

  #close({ kind, name }: TargetMessage): void {
    const unit = this.#unit
    this.#backend.push(write.close({ kind, name }))
    if (kind === 'P')
      this.#replies.expect({ kind: 'close-portal', unit, change: this.#registry.portals.put(name, undefined, unit) })
    else this.#replies.expect({ kind: 'close-statement', unit, change: this.#registry.prepared.put(name, undefined, unit) })
  }

  #sync(): void {
    // In COPY mode the backend ignores it.
    if (this.#replies.copyIn !== null) return
    this.#replies.skipping = false
    this.#backend.push(write.sync())
    this.#replies.expect({ kind: 'sync', unit: this.#unit++ })
  }

  #functionCall(): Maybe<void> {
    const operation = unreadable('FunctionCall', {
      code: 'not_supported',
      words: 'the FunctionCall message of the protocol',
    })
    return then(this.#admit(operation), (verdict) => {
      if (verdict.kind === 'permit') throw new ProtocolViolation('a function call was admitted unread')
      if (!this.#stopped) this.#refuseQuery(verdict.refusal)
    })
  }

  /** Reads a simple query and puts it before the gate. */
  #admitText(text: string): Maybe<{ verdict: Verdict; statement: Statement }> {
    return then(this.#read(text), (statement) => {
      if (statement instanceof StatementUnreadable) {
        const operation = unreadable(text, rejected(statement))
        return then(this.#admit(operation), (verdict) => {
          if (verdict.kind === 'permit') throw new ProtocolViolation('a text was admitted unread')
          return { verdict, statement: { ...nothing, operation } }
        })
      }
      return then(this.#admitStatement(statement, []), (verdict) => ({ verdict, statement }))
    })
  }

  #read(text: string): Maybe<Statement | StatementUnreadable> {
    const { catalogues, database } = this.#parts
    const read = (statement: Statement): Statement => {
      this.#asOf.set(statement, catalogues.asOf)
      return statement
    }
    const failed = (error: unknown): StatementUnreadable => {
      if (error instanceof StatementUnreadable) return error
      throw error
    }
    return then(this.#settled(), () => {
      try {
        const statement = catalogues.statement(this.#context, database, text, this.#replies.ddlOpen, this.#temporary)
        return statement instanceof Promise ? statement.then(read, failed) : read(statement)
      } catch (error) {
        return failed(error)
      }
    })
  }

  /** Waits until a change of what names mean, sent before, is done. */
  #settled(): Maybe<void> {
    const barrier = this.#barrier
    if (barrier === null) return
    if (this.#replies.owes(barrier)) return this.until(() => !this.#replies.owes(barrier))
    this.#barrier = null
  }

  #raiseBarrier(exchange: Exchange): void {
    if (exchange.statement.parts.some(({ changesCatalogue }) => changesCatalogue)) this.#barrier = exchange
  }

  #admitStatement(statement: Statement, parameters: readonly Parameter[]): Maybe<Verdict> {
    return then(this.#admit(this.#operation(statement, parameters)), (verdict) => {
      const { changes, asOf } = this.#parts.catalogues
      if (verdict.kind === 'refuse' || !changes.endedSince(statement, this.#asOf.get(statement) ?? asOf)) return verdict
      const { id } = verdict.permit
      return then(new Exchange(verdict.permit, statement, () => true).end('not-run'), () => ({
        kind: 'refuse',
        refusal: { id, ...overtaken },
      }))
    })
  }

  #operation(statement: Statement, parameters: readonly Parameter[]): Operation {
    const { operation } = statement
    if (operation.refused !== null || !this.#context.gate.masks.hasColumns) return { ...operation, parameters }
    const conflict = this.#parts.catalogues.changes.conflict(this, statement)
    return { ...operation, parameters, refused: conflict === null ? null : { code: 'not_supported', words: conflict } }
  }

  #admit(operation: Operation): Maybe<Verdict> {
    // Whoever has hung up gets what needs nobody's approval only.
    if (this.#admission.signal.aborted && !this.#callerGone) this.#admission = new AbortController()
    const verdict = this.#context.gate.admit(operation, {
      stream: this.#context.stream,
      signal: this.#admission.signal,
      onHold: (notice) => {
        // What was sent before it is answered, so that an error there is known before anybody decides.
        this.#backend.push(write.flush())
        this.#backend.forward()
        this.#parts.output.say(holdNotice(notice))
      },
    })
    if (!(verdict instanceof Promise)) return verdict
    this.#admitting = true
    return verdict.finally(() => {
      this.#admitting = false
    })
  }

  #start(verdict: Extract<Verdict, { kind: 'permit' }>, statement: Statement): Exchange {
    verdict.permit.consume()
    const { changes, asOf: latest } = this.#parts.catalogues
    const asOf = this.#asOf.get(statement) ?? latest
    for (const name of statement.temporary) this.#temporary.add(name)
    const uncertain = this.#replies.ddlOpen
    const storing = stores(statement) ? changes.store(this, statement) : null
    if (redefines(statement.redefines))
      this.#redefining.push({ unit: this.#unit, change: changes.begin(this, statement.redefines) })
    return new Exchange(
      verdict.permit,
      statement,
      () => uncertain || changes.since(statement, asOf),
      () => storing?.end(),
    )
  }

  /** The connection is over, and nobody will hear when the server has done, or given up, what it was about. */
  leaveChanges(): void {
    if (this.#redefining.length > 0) setTimeout(() => this.endChanges(Number.POSITIVE_INFINITY), afterlife).unref()
  }

  /** The transactions up to this sync unit are over. */
  endChanges(unit: number): void {
    if (this.#redefining.length === 0) return
    for (const { change } of this.#redefining.filter((each) => each.unit <= unit)) change.end()
    this.#redefining = this.#redefining.filter((each) => each.unit > unit)
    this.#parts.catalogues.changed()
  }

  #notRun(verdict: Verdict, statement: Statement): Maybe<void> {
    if (verdict.kind === 'permit') return new Exchange(verdict.permit, statement, () => true).end('not-run')
  }

  #refuseExtended(verdict: Verdict): void {
    if (verdict.kind === 'permit') throw new ProtocolViolation('a text was admitted unread')
    if (this.#stopped) return
    this.#failExtended(verdict.refusal.id, this.#answer(verdict.refusal))
  }

  /** The backend will fail, and skip whatever comes up to Sync: nothing of it is put before the gate. */
  #failExtended(because: string, answer: Buffer): void {
    this.#backend.push(substitutes.bind(because))
    this.#replies.expect({ kind: 'refused', answer, unit: this.#unit })
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

const nothing: Omit<Statement, 'operation'> = {
  parameterSources: new Map(),
  parts: [],
  empty: true,
  unresolved: [],
  temporary: [],
  redefines: new Set(),
}

function isCopy(tag: number): boolean {
  return tag === frontend.copyData || tag === frontend.copyDone || tag === frontend.copyFail
}

/** Goes on at once where the value is at hand. */
function then<T, U>(value: Maybe<T>, next: (value: T) => Maybe<U>): Maybe<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** How long a statement may go on whose caller is gone: it is cancelled, but a cancel request may be lost. */
const afterlife = 60_000

const overtaken: Omit<Refusal, 'id'> = {
  code: 'approval_void',
  rule: 'hoop/definitions',
  message: 'refused: what this statement names was redefined before it could run',
  detail: 'It was judged by definitions that do not hold any more.',
  hint: 'Send it again.',
}

function rejected(error: StatementUnreadable): NonNullable<Operation['refused']> {
  return { code: 'unreadable', words: withoutValues(error.message) }
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
