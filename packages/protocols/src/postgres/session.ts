import { type Duplex, finished } from 'node:stream'
import { HoopError, type Maybe, type Operation, type Parameter, type Refusal, type Verdict } from '@hoop/contracts'
import { ByteReader, ProtocolViolation } from '../bytes.ts'
import type { ServeContext } from '../protocol.ts'
import { cancelBackend } from './backend.ts'
import type { Catalogues } from './catalogues.ts'
import { MessageReader, maxFrontendMessage, read, write } from './codec.ts'
import type { CopyLines } from './copy.ts'
import { Exchange } from './exchange.ts'
import type { LoggedIn } from './login.ts'
import { type BindMessage, type ExecuteMessage, frontend, type ParseMessage, type TargetMessage } from './messages.ts'
import type { Statement } from './operations.ts'
import { StatementUnreadable } from './parser.ts'
import { errorMessage, holdNotice, refusalMessage, substitutes } from './refusals.ts'
import { type Portal, type Prepared, Registry } from './registry.ts'
import { isReported, Replies } from './replies.ts'
import { formatOf } from './results.ts'
import { unreadable } from './unreadable.ts'
import { binaryText } from './values.ts'

/** What a caller may send ahead while an operation of its is held. */
const maxAhead = 1024 * 1024
const cancelTime = 10_000

/** Relays one logged-in connection until either side ends it. */
export function relay(context: ServeContext, ready: LoggedIn, catalogues: Catalogues): Promise<void> {
  return new Promise((resolve) => new Session(context, ready, catalogues, resolve).begin())
}

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
  readonly #resolve: () => void
  /** Aborts what is being admitted: cancel, disconnect, an error before it. Replaced once used. */
  #admission = new AbortController()
  #admitting = false
  /** Counts Sync and Query: which portals end with which ReadyForQuery. */
  #unit = 0
  /** Sent and not answered: a change of what names mean. Nothing behind it is read before it is done. */
  #barrier: Exchange | null = null
  #out: Buffer[] = []
  #busy = false
  #clientEnded = false
  #over = false

  constructor(context: ServeContext, ready: LoggedIn, catalogues: Catalogues, resolve: () => void) {
    this.#context = context
    this.#ready = ready
    this.#catalogues = catalogues
    this.#client = context.client
    this.#backend = ready.backend.stream
    this.#resolve = resolve
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
    finished(this.#backend, { writable: false }, () => this.#backendGone())
    this.#backend.on('error', () => undefined)
    this.#client.on('data', (chunk: Buffer) => this.#guard(() => this.#receive(chunk)))
    this.#client.on('end', () => this.#guard(() => this.#clientEnd()))
    this.#client.on('close', () => this.#finish())
    this.#client.on('error', () => undefined)
    if (backend.rest.length > 0) this.#guard(() => this.#replies.receive(backend.rest))
    if (rest.length > 0) this.#guard(() => this.#receive(rest))
    this.#backend.resume()
    this.#client.resume()
  }

  #guard(work: () => void): void {
    if (this.#over) return
    try {
      work()
    } catch (error) {
      this.#fail(error)
    }
  }

  #receive(chunk: Buffer): void {
    this.#reader.push(chunk)
    if (this.#busy) {
      if (this.#reader.buffered > maxAhead) this.#client.pause()
    } else this.#pump()
  }

  /** Handles whole messages until one must wait. */
  #pump(): void {
    while (!this.#over && this.#reader.next()) {
      const wait = this.#handle()
      if (wait instanceof Promise) {
        this.#busy = true
        this.#forward()
        wait.then(
          () => {
            this.#busy = false
            this.#guard(() => this.#pump())
          },
          (error) => this.#fail(error),
        )
        return
      }
    }
    this.#forward()
    if (this.#over) return
    if (this.#clientEnded) this.#hangUp()
    else if (this.#client.isPaused() && !this.#backend.writableNeedDrain) this.#client.resume()
  }

  /** Everything gathered goes to the backend in one write. */
  #forward(): void {
    if (this.#out.length === 0) return
    const bytes = this.#out.length === 1 ? this.#out[0] : Buffer.concat(this.#out)
    this.#out = []
    if (bytes === undefined || this.#backend.destroyed) return
    if (!this.#backend.write(bytes)) {
      this.#client.pause()
      this.#backend.once('drain', () => {
        if (!this.#over && !this.#busy) this.#client.resume()
      })
    }
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
      if (this.#replies.skipping) return this.#notRun(verdict, statement)
      // A simple query ends the unnamed statement.
      const undo = this.#registry.closePrepared('')
      const unit = this.#unit++
      if (verdict.kind === 'refuse') {
        this.#out.push(substitutes.query(verdict.refusal))
        return this.#replies.expect({ kind: 'refused-query', answer: this.#answer(verdict.refusal), unit, undo })
      }
      const exchange = this.#start(verdict, statement)
      this.#out.push(write.query(text))
      this.#replies.expect({ kind: 'query', exchange, unit, undo })
      this.#raiseBarrier(exchange)
    })
  }

  #parse(message: ParseMessage): Maybe<void> {
    return then(this.#read(message.text), (statement) => {
      if (this.#replies.skipping) return
      if (statement instanceof StatementUnreadable) {
        return then(this.#admit(unreadable(message.text, rejected(statement))), (verdict) => this.#refuseExtended(verdict))
      }
      const prepared: Prepared = { ...message, statement, columns: null }
      const undo = this.#registry.addPrepared(prepared)
      this.#out.push(write.parse(message))
      this.#replies.expect({ kind: 'parse', unit: this.#unit, undo })
      if (this.#context.gate.masks.empty) return
      // A caller that never asks for the description gets rows all the same, and masking needs their types.
      this.#out.push(write.describe({ kind: 'S', name: message.name }))
      this.#replies.expect({
        kind: 'describe',
        prepared: undo === null ? null : prepared,
        own: true,
        unit: this.#unit,
        undo: null,
      })
    })
  }

  #bind(message: BindMessage): Maybe<void> {
    const prepared = this.#registry.prepared(message.statement)
    if (prepared === undefined) {
      return this.#missing('26000', `prepared statement ${JSON.stringify(message.statement)} does not exist`)
    }
    // Read again: the catalogue may be another one than when it was prepared.
    return then(this.#read(prepared.text), (statement) => {
      if (this.#replies.skipping) return
      if (statement instanceof StatementUnreadable) throw statement
      const parameters = bound(message, prepared, statement)
      return then(this.#admit({ ...statement.operation, parameters }), (verdict) => {
        if (this.#replies.skipping) return this.#notRun(verdict, statement)
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
        const undo = this.#registry.addPortal(portal)
        this.#out.push(write.bind(message))
        this.#replies.expect({ kind: 'bind', exchange, unit: this.#unit, undo })
      })
    })
  }

  #describe(message: TargetMessage): void {
    const prepared = message.kind === 'S' ? this.#registry.prepared(message.name) : this.#registry.portal(message.name)?.prepared
    if (prepared === undefined) return this.#missingTarget(message)
    this.#out.push(write.describe(message))
    // A portal's description has the formats of its Bind: only a statement's is kept.
    const keep = message.kind === 'S' ? prepared : null
    this.#replies.expect({ kind: 'describe', prepared: keep, own: false, unit: this.#unit, undo: null })
  }

  #execute(message: ExecuteMessage): Maybe<void> {
    const portal = this.#registry.portal(message.portal)
    if (portal === undefined) return this.#missing('34000', `portal ${JSON.stringify(message.portal)} does not exist`)
    if (!portal.exchange.ended) return this.#run(portal, message)
    // It ran to its end already: running it again is another operation.
    const { statement } = portal.exchange
    return then(this.#admit({ ...statement.operation, parameters: portal.parameters }), (verdict) => {
      if (this.#replies.skipping) return this.#notRun(verdict, statement)
      if (verdict.kind === 'refuse') return this.#refuseExtended(verdict)
      portal.exchange = this.#start(verdict, statement)
      this.#run(portal, message)
    })
  }

  #run(portal: Portal, message: ExecuteMessage): void {
    this.#out.push(write.execute(message))
    this.#replies.expect({ kind: 'execute', exchange: portal.exchange, portal, unit: this.#unit, undo: null })
    this.#raiseBarrier(portal.exchange)
  }

  #close(message: TargetMessage): void {
    let undo = null
    if (message.kind === 'S') undo = this.#registry.closePrepared(message.name)
    else {
      const closed = this.#registry.closePortal(message.name)
      undo = closed.undo
      const exchange = closed.portal?.exchange
      // What still runs is ended by its own reply.
      if (exchange !== undefined && this.#replies.idle) exchange.end(exchange.started ? 'done' : 'not-run')
    }
    this.#out.push(write.close(message))
    this.#replies.expect({ kind: 'close', unit: this.#unit, undo })
  }

  #sync(): void {
    // In COPY mode the backend ignores it.
    if (this.#replies.copyIn !== null) return
    this.#replies.skipping = false
    this.#out.push(write.sync())
    this.#replies.expect({ kind: 'sync', unit: this.#unit++, undo: null })
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
      this.#out.push(write.copyFail(read.copyFail(body)))
      return
    }
    if (tag === frontend.copyDone) {
      read.nothing(body)
      const recorded = this.#upload(exchange, exchange.copy?.end())
      this.#out.push(write.copyDone())
      return recorded
    }
    if (exchange.copy !== null) return this.#upload(exchange, exchange.copy.push(body.rest()))
    this.#out.push(message)
    return exchange.permit.record('up', message)
  }

  /** Whole lines go up once the record has them, masked there. */
  #upload(exchange: Exchange, lines: CopyLines | undefined): Maybe<void> {
    if (lines === undefined || lines.original.length === 0) return
    this.#out.push(write.copyData(lines.original))
    return exchange.permit.record('up', write.copyData(lines.masked))
  }

  #functionCall(): Maybe<void> {
    const operation = unreadable('FunctionCall', {
      code: 'not_supported',
      words: 'The FunctionCall message carries no statement that could be read.',
    })
    return then(this.#admit(operation), (verdict) => {
      if (verdict.kind === 'permit') throw new ProtocolViolation('a function call was admitted unread')
      this.#out.push(substitutes.query(verdict.refusal))
      this.#replies.expect({ kind: 'refused-query', answer: this.#answer(verdict.refusal), unit: this.#unit++, undo: null })
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
        const statement = this.#catalogues.statement(this.#context, this.#ready.startup.database, text)
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
    if (this.#barrier === null || this.#barrier.ended) {
      this.#barrier = null
      return
    }
    // The backend answers without waiting for the caller's Sync.
    this.#out.push(write.flush())
    this.#forward()
    return this.#untilSettled(this.#barrier)
  }

  async #untilSettled(barrier: Exchange): Promise<void> {
    while (!barrier.ended && !this.#over) await this.#replies.changed()
    this.#barrier = null
  }

  #raiseBarrier(exchange: Exchange): void {
    if (exchange.statement.parts.some(({ changesCatalogue }) => changesCatalogue)) this.#barrier = exchange
  }

  #admit(operation: Operation): Maybe<Verdict> {
    if (this.#admission.signal.aborted) this.#admission = new AbortController()
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
    if (this.#replies.skipping) return
    this.#out.push(substitutes.bind(verdict.refusal.id))
    this.#replies.expect({ kind: 'refused', answer: this.#answer(verdict.refusal), unit: this.#unit, undo: null })
  }

  #answer(refusal: Refusal): Buffer {
    return refusalMessage(refusal, this.#context.sessionId)
  }

  /** A name that the backend does not hold: its own error, made to happen there as well. */
  #missing(code: string, words: string): void {
    this.#out.push(substitutes.bind('unknown name'))
    this.#replies.expect({ kind: 'refused', answer: errorMessage('ERROR', code, words), unit: this.#unit, undo: null })
  }

  #missingTarget({ kind, name }: TargetMessage): void {
    if (kind === 'S') this.#missing('26000', `prepared statement ${JSON.stringify(name)} does not exist`)
    else this.#missing('34000', `portal ${JSON.stringify(name)} does not exist`)
  }

  #withdraw(words: string): void {
    if (this.#admitting) this.#admission.abort(new Error(words))
  }

  #cancel(): void {
    if (this.#admitting) return this.#withdraw('cancelled by the caller')
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
    this.#withdraw('the caller disconnected')
    if (!this.#busy) this.#pump()
  }

  /** The caller is done: the backend finishes what it has and closes. */
  #hangUp(): void {
    if (this.#backend.writableEnded) return
    this.#forward()
    this.#backend.end(write.terminate())
  }

  #backendGone(): void {
    if (this.#over) return
    const owed = !this.#replies.idle || !this.#backend.writableEnded
    this.#replies.close()
    if (owed && !this.#clientEnded) {
      this.#replies.say(
        errorMessage('FATAL', '08006', 'the connection to the database was closed', {
          hint: 'Connect again; an open transaction is rolled back.',
        }),
      )
    }
    this.#finish()
  }

  #onAbort = (): void => {
    const { reason } = this.#context.signal
    this.#withdraw('the session ended')
    this.#fail(reason)
  }

  /** Ends the connection with words for the caller; whatever was not answered stays unanswered. */
  #fail(error: unknown): void {
    if (this.#over) return
    this.#replies.say(failure(error, this.#context.sessionId))
    this.#finish()
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#withdraw('the caller disconnected')
    this.#context.signal.removeEventListener('abort', this.#onAbort)
    this.#cancelHandle.release()
    this.#replies.close()
    this.#backend.destroy()
    this.#client.end()
    this.#resolve()
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

function failure(error: unknown, sessionId: string): Buffer {
  if (error instanceof ProtocolViolation) return errorMessage('FATAL', '08P01', error.message)
  if (error instanceof HoopError)
    return errorMessage('FATAL', '57P01', error.message, { detail: `Session ${sessionId}.`, hint: error.hint ?? '' })
  return errorMessage('FATAL', '58000', 'the gateway could not go on with this connection', {
    detail: `Session ${sessionId}. Nothing that was not answered was confirmed.`,
    hint: "The gateway's log has the cause under this session.",
  })
}
