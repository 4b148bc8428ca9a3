import { type Duplex, finished } from 'node:stream'
import { HoopError, type Maybe, type Operation, type Parameter, type Refusal, type Verdict } from '@hoop/contracts'
import { ByteReader, ProtocolViolation } from '../bytes.ts'
import type { ServeContext } from '../protocol.ts'
import { cancelBackend } from './backend.ts'
import type { Catalogues } from './catalogues.ts'
import { MessageReader, maxFrontendMessage, read, write } from './codec.ts'
import type { CopyLines } from './copy-format.ts'
import { Exchange } from './exchange.ts'
import type { LoggedIn } from './login.ts'
import { type BindMessage, type ExecuteMessage, frontend, type ParseMessage, type TargetMessage } from './messages.ts'
import type { Statement } from './operations.ts'
import { StatementUnreadable } from './parser.ts'
import { errorMessage, holdNotice, refusalMessage, substitutes } from './refusals.ts'
import { type Change, type Portal, type Prepared, Registry } from './registry.ts'
import { isReported, Replies } from './replies.ts'
import { formatOf } from './results.ts'
import { unreadable } from './unreadable.ts'
import { binaryText } from './values.ts'

/** What a caller may send ahead while an operation of its is held. */
const maxAhead = 1024 * 1024
/** Replies that a backend may owe before more is sent to it. */
const maxOwed = 10_000
const cancelTime = 10_000
/** How long a caller may take to read our last words. */
const farewellTime = 3_000

/** Relays one logged-in connection until either side ends it. Rejects with our own faults only; the caller was told before. */
export function relay(context: ServeContext, ready: LoggedIn, catalogues: Catalogues): Promise<void> {
  const { promise, ...ended } = Promise.withResolvers<void>()
  new Session(context, ready, catalogues, ended).begin()
  return promise
}

type Ended = Pick<PromiseWithResolvers<void>, 'resolve' | 'reject'>

/** The way up: the caller's messages, read, put before the gate one operation after the other, forwarded re-encoded. */
class Session {
  readonly #context: ServeContext
  readonly #ready: LoggedIn
  readonly #catalogues: Catalogues
  readonly #client: Duplex
  readonly #backend: Duplex
  readonly #reader = new MessageReader(maxFrontendMessage)
  readonly #registry = new Registry()
  readonly #replies: Replies
  readonly #cancelHandle: ReturnType<ServeContext['cancels']['register']>
  readonly #ended: Ended
  /** Aborts what is being admitted: cancel, disconnect, an error before it. Replaced once used. */
  #admission = new AbortController()
  #admitting = false
  /** Counts Sync and Query: which portals end with which ReadyForQuery. */
  #unit = 0
  /** Sent and not answered: a change of what names mean. Nothing behind it is read before it is done. */
  #barrier: Exchange | null = null
  #out: Buffer[] = []
  #busy = false
  /** The backend takes no more for now. */
  #full = false
  #clientEnded = false
  /** Terminate was sent: nothing behind it counts. */
  #hungUp = false
  /** For a caller that broke the protocol, once what it sent before is answered. */
  #lastWords: Buffer | undefined
  #terminated = false
  #over = false

  constructor(context: ServeContext, ready: LoggedIn, catalogues: Catalogues, ended: Ended) {
    this.#context = context
    this.#ready = ready
    this.#catalogues = catalogues
    this.#client = context.client
    this.#backend = ready.backend.stream
    this.#ended = ended
    this.#replies = new Replies({
      gate: context.gate,
      registry: this.#registry,
      catalogue: () => catalogues.latest,
      client: this.#client,
      backend: this.#backend,
      events: {
        onSkip: () => this.#withdraw('an earlier statement of the same pipeline failed'),
        onCatalogueChanged: () => catalogues.changed(),
        onFailure: (error) => this.#fail(error),
      },
    })
    this.#cancelHandle = context.cancels.register(() => this.#cancel())
  }

  begin(): void {
    const { backend, startup, rest } = this.#ready
    const { database } = startup
    try {
      this.#context.loggedIn({
        user: startup.user,
        database,
        application: startup.application,
        backend: backend.key === null ? null : String(backend.key.processId),
      })
    } catch (error) {
      return this.#fail(error)
    }
    this.#context.signal.addEventListener('abort', this.#onAbort, { once: true })
    if (this.#context.signal.aborted) return this.#onAbort()
    const greeting = [write.authentication(0)]
    for (const [name, value] of backend.parameters) if (isReported(name)) greeting.push(write.parameterStatus(name, value))
    greeting.push(write.backendKeyData(this.#cancelHandle.processId, this.#cancelHandle.secret), write.readyForQuery('I'))
    this.#replies.say(Buffer.concat(greeting))

    this.#backend.on('data', (chunk: Buffer) => this.#guard(() => this.#replies.receive(chunk)))
    finished(this.#backend, { writable: false }, () => this.#guard(() => this.#backendGone()))
    this.#backend.on('error', () => undefined)
    this.#client.on('data', (chunk: Buffer) => this.#guardCaller(() => this.#receive(chunk)))
    this.#client.on('end', () => this.#guard(() => this.#clientEnd()))
    this.#client.on('close', () => this.#finish())
    this.#client.on('error', () => undefined)
    if (backend.rest.length > 0) this.#guard(() => this.#replies.receive(backend.rest))
    if (rest.length > 0) this.#guardCaller(() => this.#receive(rest))
    // Both may have happened during the login.
    if (this.#client.readableEnded) this.#guard(() => this.#clientEnd())
    if (this.#client.destroyed) return this.#finish()
    this.#backend.resume()
    this.#flow()
  }

  #guard(work: () => void): void {
    if (this.#over) return
    try {
      work()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Reads what the caller sent. A message that cannot be ends its connection, but not what came before. */
  #guardCaller(work: () => void): void {
    this.#guard(() => {
      try {
        work()
      } catch (error) {
        if (!(error instanceof ProtocolViolation)) throw error
        this.#lastWords = failure(error, this.#context.sessionId)
        this.#hangUp()
      }
    })
  }

  #receive(chunk: Buffer): void {
    if (this.#hungUp) return
    this.#reader.push(chunk)
    if (this.#busy) {
      if (this.#reader.buffered > maxAhead) this.#client.pause()
    } else this.#pump()
  }

  /** Handles whole messages until one must wait. */
  #pump(): void {
    while (!this.#over && !this.#hungUp && this.#reader.next()) {
      const wait = this.#replies.owed < maxOwed ? this.#handle() : this.#handleLater()
      if (wait instanceof Promise) {
        this.#busy = true
        this.#forward()
        wait.then(
          () => {
            this.#busy = false
            this.#guardCaller(() => this.#pump())
          },
          (error) => this.#fail(error),
        )
        return
      }
    }
    this.#forward()
    if (this.#over) return
    if (this.#clientEnded) this.#hangUp()
    else this.#flow()
  }

  async #handleLater(): Promise<void> {
    await this.#until(() => this.#replies.owed < maxOwed / 2)
    if (!this.#over) await this.#handle()
  }

  /** Waits for the backend's replies; ends early where the current message is to be skipped, or all is over. */
  async #until(reached: () => boolean): Promise<void> {
    // The backend answers without waiting for the caller's Sync.
    this.#out.push(write.flush())
    this.#forward()
    while (!this.#stopped && !reached()) await this.#replies.changed()
  }

  /** Nothing of this sync unit is done any more. */
  get #stopped(): boolean {
    return this.#over || this.#replies.skipping
  }

  /** Reads on from the caller, if there is room for what it sends. */
  #flow(): void {
    if (this.#full || (this.#busy && this.#reader.buffered > maxAhead)) return
    if (this.#client.readableFlowing !== true) this.#client.resume()
  }

  /** Everything gathered goes to the backend in one write. */
  #forward(): void {
    if (this.#out.length === 0) return
    const bytes = this.#out.length === 1 ? this.#out[0] : Buffer.concat(this.#out)
    this.#out = []
    if (bytes === undefined || this.#backend.destroyed) return
    if (this.#backend.write(bytes) || this.#full) return
    this.#full = true
    this.#client.pause()
    this.#backend.once('drain', () => {
      this.#full = false
      if (!this.#over) this.#flow()
    })
  }

  #handle(): Maybe<void> {
    const reader = this.#reader
    const { tag } = reader
    if (this.#replies.skipping && tag !== frontend.sync && tag !== frontend.terminate) return
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
        this.#out.push(write.flush())
        return
      case frontend.sync:
        read.nothing(reader.body())
        return this.#sync()
      case frontend.terminate:
        read.nothing(reader.body())
        this.#terminated = true
        this.#hangUp()
        return
      case frontend.copyData:
      case frontend.copyDone:
      case frontend.copyFail:
        return this.#copy(tag, reader.message)
      case frontend.functionCall:
        return this.#functionCall()
      default:
        throw new ProtocolViolation(`message ${JSON.stringify(String.fromCharCode(tag))} is not expected here`)
    }
  }

  #query(text: string): Maybe<void> {
    return then(this.#admitText(text), ({ verdict, statement }) => {
      if (this.#stopped) return this.#notRun(verdict, statement)
      if (verdict.kind === 'refuse') return this.#refuseQuery(verdict.refusal)
      const exchange = this.#start(verdict, statement)
      this.#out.push(write.query(text))
      this.#replies.expect({ kind: 'query', exchange, ...this.#queryUnit() })
      this.#raiseBarrier(exchange)
    })
  }

  #refuseQuery(refusal: Refusal): void {
    this.#out.push(substitutes.query(refusal))
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
      this.#out.push(write.parse(message))
      this.#replies.expect({ kind: 'parse', unit: this.#unit, change })
      if (this.#context.gate.masks.empty) return
      // A caller that never asks for the description gets rows all the same, and masking needs their types.
      this.#out.push(write.describe({ kind: 'S', name: message.name }))
      this.#replies.expect({ kind: 'describe', prepared, own: true, unit: this.#unit })
    })
  }

  #bind(message: BindMessage): Maybe<void> {
    if (!this.#preparedKnown(message.statement)) {
      return this.#until(() => this.#preparedKnown(message.statement)).then(() => this.#bindKnown(message))
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
      return then(this.#admit({ ...statement.operation, parameters }), (verdict) => {
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
        this.#out.push(write.bind(message))
        this.#replies.expect({ kind: 'bind', exchange, unit: this.#unit, change })
      })
    })
  }

  #describe(message: TargetMessage): Maybe<void> {
    const known = (): boolean => (message.kind === 'S' ? this.#preparedKnown(message.name) : this.#portalKnown(message.name))
    if (!known()) return this.#until(known).then(() => this.#describeKnown(message))
    this.#describeKnown(message)
  }

  #describeKnown(message: TargetMessage): void {
    if (this.#stopped) return
    const { prepared, portals } = this.#registry
    const described = message.kind === 'S' ? prepared.get(message.name) : portals.get(message.name)?.prepared
    if (described === undefined) return this.#missingTarget(message)
    this.#out.push(write.describe(message))
    // A portal's description has the formats of its Bind: only a statement's is kept.
    const keep = message.kind === 'S' ? described : null
    this.#replies.expect({ kind: 'describe', prepared: keep, own: false, unit: this.#unit })
  }

  #execute(message: ExecuteMessage): Maybe<void> {
    const known = (): boolean => this.#portalKnown(message.portal)
    if (!known()) return this.#until(known).then(() => this.#executeKnown(message))
    return this.#executeKnown(message)
  }

  #executeKnown(message: ExecuteMessage): Maybe<void> {
    if (this.#stopped) return
    const portal = this.#registry.portals.get(message.portal)
    if (portal === undefined) return this.#missing('34000', `portal ${JSON.stringify(message.portal)} does not exist`)
    if (!portal.exchange.ended) return this.#run(portal, message)
    // It ran to its end already: running it again is another operation.
    const { statement } = portal.exchange
    return then(this.#admit({ ...statement.operation, parameters: portal.parameters }), (verdict) => {
      if (this.#stopped) return this.#notRun(verdict, statement)
      if (verdict.kind === 'refuse') return this.#refuseExtended(verdict)
      portal.exchange = this.#start(verdict, statement)
      this.#run(portal, message)
    })
  }

  #run(portal: Portal, message: ExecuteMessage): void {
    this.#out.push(write.execute(message))
    this.#replies.expect({ kind: 'execute', exchange: portal.exchange, portal, unit: this.#unit })
    this.#raiseBarrier(portal.exchange)
  }

  #close({ kind, name }: TargetMessage): void {
    const unit = this.#unit
    this.#out.push(write.close({ kind, name }))
    if (kind === 'P')
      this.#replies.expect({ kind: 'close-portal', unit, change: this.#registry.portals.put(name, undefined, unit) })
    else this.#replies.expect({ kind: 'close-statement', unit, change: this.#registry.prepared.put(name, undefined, unit) })
  }

  #sync(): void {
    // In COPY mode the backend ignores it.
    if (this.#replies.copyIn !== null) return
    this.#replies.skipping = false
    this.#out.push(write.sync())
    this.#replies.expect({ kind: 'sync', unit: this.#unit++ })
  }

  #copy(tag: number, message: Buffer): Maybe<void> {
    const exchange = this.#replies.copyIn
    if (exchange === null) {
      // Outside COPY the backend ignores it; whether COPY begins may still be on its way.
      if (!this.#replies.copyMayBegin) return
      return this.#replies.changed().then(() => this.#copy(tag, message))
    }
    const body = new ByteReader(message, 5)
    if (tag === frontend.copyFail) {
      const words = read.copyFail(body)
      this.#replies.copyIn = null
      this.#out.push(write.copyFail(words))
      return
    }
    if (tag === frontend.copyDone) {
      read.nothing(body)
      return then(this.#upload(exchange, exchange.copy?.end()), () => {
        // What follows belongs to what comes after this COPY.
        this.#replies.copyIn = null
        this.#out.push(write.copyDone())
      })
    }
    if (exchange.copy !== null) return this.#upload(exchange, exchange.copy.push(body.rest()))
    return then(exchange.permit.record('up', message), () => void this.#out.push(message))
  }

  /** Whole lines go up once the record has them, masked there. */
  #upload(exchange: Exchange, lines: CopyLines | undefined): Maybe<void> {
    if (lines === undefined || lines.original.length === 0) return
    const data = write.copyData(lines.original)
    return then(exchange.permit.record('up', write.copyData(lines.masked)), () => void this.#out.push(data))
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
      return then(this.#admit({ ...statement.operation, parameters: [] }), (verdict) => ({ verdict, statement }))
    })
  }

  #read(text: string): Maybe<Statement | StatementUnreadable> {
    return then(this.#settled(), () => {
      try {
        const statement = this.#catalogues.statement(this.#context, this.#ready.startup.database, text, this.#replies.ddlOpen)
        if (!(statement instanceof Promise)) return statement
        return statement.catch((error: unknown) => {
          if (error instanceof StatementUnreadable) return error
          throw error
        })
      } catch (error) {
        if (error instanceof StatementUnreadable) return error
        throw error
      }
    })
  }

  /** Waits until a change of what names mean, sent before, is done. */
  #settled(): Maybe<void> {
    const barrier = this.#barrier
    if (barrier === null) return
    if (this.#replies.owes(barrier)) return this.#until(() => !this.#replies.owes(barrier))
    this.#barrier = null
  }

  #raiseBarrier(exchange: Exchange): void {
    if (exchange.statement.parts.some(({ changesCatalogue }) => changesCatalogue)) this.#barrier = exchange
  }

  #admit(operation: Operation): Maybe<Verdict> {
    // Whoever has hung up gets what needs nobody's approval only.
    if (this.#admission.signal.aborted && !this.#clientEnded) this.#admission = new AbortController()
    const verdict = this.#context.gate.admit(operation, {
      stream: this.#context.stream,
      signal: this.#admission.signal,
      onHold: (notice) => {
        // What was sent before it is answered, so that an error there is known before anybody decides.
        this.#out.push(write.flush())
        this.#forward()
        this.#replies.say(holdNotice(notice))
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
    return new Exchange(verdict.permit, statement, this.#replies.ddlOpen)
  }

  #notRun(verdict: Verdict, statement: Statement): Maybe<void> {
    if (verdict.kind === 'permit') return new Exchange(verdict.permit, statement, true).end('not-run')
  }

  #refuseExtended(verdict: Verdict): void {
    if (verdict.kind === 'permit') throw new ProtocolViolation('a text was admitted unread')
    if (this.#stopped) return
    this.#failExtended(verdict.refusal.id, this.#answer(verdict.refusal))
  }

  /** The backend will fail, and skip whatever comes up to Sync: nothing of it is put before the gate. */
  #failExtended(because: string, answer: Buffer): void {
    this.#out.push(substitutes.bind(because))
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

  #withdraw(words: string): void {
    if (this.#admitting) this.#admission.abort(new Error(words))
  }

  #cancel(): void {
    if (this.#admitting) this.#withdraw('cancelled by the caller')
    else this.#cancelRunning()
  }

  #cancelRunning(): void {
    const { key } = this.#ready.backend
    if (key === null || this.#replies.idle) return
    cancelBackend({
      dial: this.#context.dial,
      upstream: this.#ready.upstream,
      key,
      signal: AbortSignal.timeout(cancelTime),
    }).catch(() => undefined)
  }

  #clientEnd(): void {
    this.#clientEnded = true
    this.#admission.abort(new Error('the caller disconnected'))
    if (!this.#busy) this.#pump()
    // It left without Terminate: nobody waits for what still runs, and the server would notice only at its end.
    if (!this.#terminated) this.#cancelRunning()
  }

  /** The caller is done: the backend finishes what it has and closes. */
  #hangUp(): void {
    if (this.#hungUp) return
    this.#hungUp = true
    this.#forward()
    if (!this.#backend.destroyed) this.#backend.end(write.terminate())
    // What comes behind is read only to see the end.
    this.#client.resume()
  }

  #backendGone(): void {
    this.#replies.close()
    if (this.#hungUp || this.#replies.fatal) return this.#finish(this.#lastWords)
    this.#finish(
      errorMessage('FATAL', '08006', 'the connection to the database was closed', {
        hint: 'Connect again; an open transaction is rolled back.',
      }),
    )
  }

  #onAbort = (): void => {
    const { reason } = this.#context.signal
    this.#withdraw('the session ended')
    this.#fail(reason)
  }

  /** Ends the connection with words for the caller; whatever was not answered stays unanswered. */
  #fail(error: unknown): void {
    if (this.#over) return
    this.#finish(failure(error, this.#context.sessionId), forCaller(error) ? undefined : error)
  }

  /** Ends both legs, the caller's once it has read what was said. */
  #finish(lastWords?: Buffer, fault?: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#withdraw('the caller disconnected')
    this.#context.signal.removeEventListener('abort', this.#onAbort)
    this.#cancelHandle.release()
    // The server notices that we are gone only when it next writes.
    if (!this.#terminated) this.#cancelRunning()
    this.#backend.destroy()
    try {
      this.#replies.close()
    } catch {
      // The record takes nothing more: the session ends with that for its reason.
    }
    if (lastWords !== undefined) this.#replies.say(lastWords)
    const late = setTimeout(() => this.#client.destroy(), farewellTime)
    this.#replies.written().then(() => {
      clearTimeout(late)
      this.#client.end()
      // Unread input would keep the stream from closing.
      this.#client.resume()
      if (fault === undefined) this.#ended.resolve()
      else this.#ended.reject(fault)
    })
  }
}

const nothing: Omit<Statement, 'operation'> = { parameterSources: new Map(), parts: [], empty: true, unresolved: [] }

/** Goes on at once where the value is at hand. */
function then<T, U>(value: Maybe<T>, next: (value: T) => Maybe<U>): Maybe<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

function rejected(error: StatementUnreadable): NonNullable<Operation['refused']> {
  return { code: 'unreadable', words: error.message }
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

/** Its own words may be shown; anything else is ours, and for the log. */
function forCaller(error: unknown): error is ProtocolViolation | HoopError {
  return error instanceof ProtocolViolation || error instanceof HoopError
}

function failure(error: unknown, sessionId: string): Buffer {
  if (error instanceof ProtocolViolation) return errorMessage('FATAL', '08P01', error.message)
  if (error instanceof HoopError)
    return errorMessage('FATAL', '57P01', error.message, { detail: `Session ${sessionId}.`, hint: error.hint ?? '' })
  return errorMessage('FATAL', '58000', 'the gateway could not go on with this connection', {
    detail: `Session ${sessionId}. Nothing that was not answered was confirmed.`,
    hint: "The gateway's log has the cause under this session.",
  })
}
