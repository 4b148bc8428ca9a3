import { type Duplex, finished } from 'node:stream'
import { HoopError, type Maybe } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import type { PostgresContext } from '../protocol.ts'
import { Admission } from './admission.ts'
import { cancelBackend } from './backend.ts'
import { CallerOutput } from './caller-output.ts'
import type { Catalogues } from './catalogues.ts'
import { MessageReader, maxFrontendMessage, read, write } from './codec.ts'
import { heldLocks } from './held-locks.ts'
import type { LoggedIn } from './login.ts'
import { frontend } from './messages.ts'
import { errorMessage } from './refusals.ts'
import { Registry } from './registry.ts'
import type { RelayParts } from './relay-parts.ts'
import { Replies } from './replies.ts'
import { isReported } from './reported-settings.ts'
import { Requests } from './requests.ts'
import { schemasOf } from './search-path.ts'
import { SessionState } from './session-state.ts'

/** What a caller may send ahead while an operation of its is held. */
const maxAhead = 1024 * 1024
/** What leaves in several pieces is copied together up to this many bytes. */
const joinUpTo = 64 * 1024
/** Replies that a backend may owe before more is sent to it. */
const maxOwed = 10_000
const cancelTime = 10_000
/** How long what was sent may go on for a caller that closed its side: enough for what was only to be sent off. */
const orphanTime = 2_000
/** How long a backend that owes nothing may take to close a connection that was ended. */
const silenceTime = 10_000
/** How long a caller may take to read our last words. */
const farewellTime = 3_000

/** Relays one logged-in connection until either side ends it. Rejects with our own faults only; the caller was told before. */
export function relay(context: PostgresContext, ready: LoggedIn, catalogues: Catalogues): Promise<void> {
  const { promise, ...ended } = Promise.withResolvers<void>()
  new Session(context, ready, catalogues, ended).begin()
  return promise
}

type Ended = Pick<PromiseWithResolvers<void>, 'resolve' | 'reject'>

/** Both legs of one connection: what comes from either is handed on, nobody is read faster than the other takes, and every end has its words. */
class Session {
  readonly #context: PostgresContext
  readonly #ready: LoggedIn
  readonly #client: Duplex
  readonly #backend: Duplex
  readonly #reader = new MessageReader(maxFrontendMessage)
  readonly #output: CallerOutput
  readonly #replies: Replies
  readonly #admission: Admission
  readonly #requests: Requests
  readonly #cancelHandle: ReturnType<PostgresContext['cancels']['register']>
  readonly #ended: Ended
  #out: Buffer[] = []
  #busy = false
  /** What was gathered waits for the record. */
  #leaving = false
  /** The backend takes no more for now. */
  #full = false
  #clientEnded = false
  /** Terminate was sent: nothing behind it counts. */
  #hungUp = false
  /** For a caller that broke the protocol, once what it sent before is answered. */
  #lastWords: Buffer | undefined
  #terminated = false
  #orphaned: NodeJS.Timeout | null = null
  /** Ends the connection to a backend that does not close it. */
  #silent: NodeJS.Timeout | undefined = undefined
  #over = false

  constructor(context: PostgresContext, ready: LoggedIn, catalogues: Catalogues, ended: Ended) {
    this.#context = context
    this.#ready = ready
    this.#client = context.client
    this.#backend = ready.backend.stream
    this.#ended = ended
    const registry = new Registry()
    const state = new SessionState(
      ready.upstream.user,
      startupPath(ready),
      ready.backend.parameters.has('search_path'),
      ready.startup.settings,
    )
    this.#output = new CallerOutput({
      client: this.#client,
      backend: this.#backend,
      leave: (work) => context.leave(work),
      onFailure: (error) => this.#fail(error),
    })
    this.#replies = new Replies({
      gate: context.gate,
      stream: context.stream,
      sessionId: context.sessionId,
      transparent: context.profile === 'transparent',
      registry,
      state,
      catalogue: () => catalogues.latest,
      output: this.#output,
      events: {
        onSkip: () => this.#admission.withdraw('an earlier statement of the same pipeline failed'),
        onCatalogueChanged: () => catalogues.changed(),
        onIdle: (unit) => {
          this.#admission.endChanges(unit)
          if (this.#replies.owed.length === 0 && !this.#admission.waiting) context.rested?.()
        },
      },
    })
    const { key } = ready.backend
    const parts: RelayParts = {
      context,
      database: ready.startup.database,
      catalogues,
      registry,
      state,
      replies: this.#replies,
      output: this.#output,
      backend: { push: (message) => void this.#out.push(message), forward: () => this.#forward() },
      locks: key === null ? null : () => heldLocks(context, ready.startup.database, key),
      over: () => this.#over,
    }
    this.#admission = new Admission(parts)
    this.#requests = new Requests(parts, this.#admission)
    this.#cancelHandle = context.cancels.register(() => this.#cancel(), ready.cancelKeyLength)
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
        host: backend.host,
      })
    } catch (error) {
      return this.#fail(error)
    }
    this.#context.signal.addEventListener('abort', this.#onAbort, { once: true })
    if (this.#context.signal.aborted) return this.#onAbort()
    const greeting = [write.authentication(0)]
    for (const [name, value] of backend.parameters) {
      this.#replies.styles.report(name, value)
      if (isReported(name) || this.#context.profile === 'transparent') greeting.push(write.parameterStatus(name, value))
    }
    greeting.push(write.backendKeyData(this.#cancelHandle.processId, this.#cancelHandle.secret), write.readyForQuery('I'))
    this.#output.say(Buffer.concat(greeting))

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
      const wait = this.#handle()
      if (wait instanceof Promise) return this.#pumpAfter(wait)
    }
    const settled = this.#requests.settleUpload()
    if (settled instanceof Promise) return this.#pumpAfter(settled)
    this.#forward()
    if (this.#over) return
    if (this.#clientEnded) this.#hangUp()
    else this.#flow()
  }

  #pumpAfter(wait: Promise<void>): void {
    this.#busy = true
    this.#forward()
    wait.then(
      () => {
        this.#busy = false
        this.#guardCaller(() => this.#pump())
      },
      (error) => this.#fail(error),
    )
  }

  #handle(): Maybe<void> {
    const reader = this.#reader
    if (reader.tag === frontend.terminate) {
      read.nothing(reader.body())
      this.#terminated = true
      return this.#hangUp()
    }
    return this.#replies.owed.length < maxOwed ? this.#requests.handle(reader) : this.#handleLater()
  }

  async #handleLater(): Promise<void> {
    await this.#admission.until(() => this.#replies.owed.length < maxOwed / 2)
    if (!this.#over) await this.#requests.handle(this.#reader)
  }

  /** Reads on from the caller, if there is room for what it sends. */
  #flow(): void {
    if (this.#full || (this.#busy && this.#reader.buffered > maxAhead)) return
    if (this.#client.readableFlowing !== true) this.#client.resume()
  }

  /** Everything gathered goes to the backend in one write, once the record has it. */
  #forward(): void {
    if (this.#out.length === 0 || this.#leaving) return
    this.#leaving = true
    this.#context.leave((recorded) => {
      this.#leaving = false
      // A caller that said its farewell gets done what it sent before; one that vanished does not.
      if (!recorded || (this.#over && !this.#terminated)) {
        this.#out = []
        return
      }
      try {
        this.#send()
      } catch (error) {
        this.#fail(error)
      }
    })
  }

  #send(): void {
    const pieces = this.#out
    this.#out = []
    if (pieces.length === 0 || this.#backend.destroyed) return
    const roomy = writeTogether(this.#backend, pieces)
    if (this.#hungUp) this.#backend.end()
    else if (!roomy) this.#waitForBackend()
  }

  #waitForBackend(): void {
    if (this.#full) return
    this.#full = true
    this.#client.pause()
    this.#backend.once('drain', () => {
      this.#full = false
      if (!this.#over) this.#flow()
    })
  }

  #cancel(): void {
    if (this.#admission.waiting) this.#admission.withdraw('cancelled by the caller')
    else this.#cancelRunning()
  }

  #cancelRunning(): void {
    const { key } = this.#ready.backend
    if (key === null || this.#replies.owed.length === 0) return
    cancelBackend({
      dial: this.#context.dial,
      upstream: this.#ready.upstream,
      key,
      signal: AbortSignal.timeout(cancelTime),
    }).catch(() => undefined)
  }

  #clientEnd(): void {
    this.#clientEnded = true
    this.#admission.callerLeft()
    if (!this.#busy) this.#pump()
    // It left without Terminate: nobody waits for what goes on running, and the server would notice only at its end.
    if (!this.#terminated) this.#orphaned = setTimeout(() => this.#cancelRunning(), orphanTime)
  }

  /** The caller is done: the backend finishes what it has and closes. */
  #hangUp(): void {
    if (this.#hungUp) return
    this.#hungUp = true
    this.#out.push(write.terminate())
    this.#forward()
    this.#silent = setInterval(() => {
      if (this.#replies.owed.length === 0) this.#backend.destroy()
    }, silenceTime)
    // What comes behind is read only to see the end.
    this.#client.resume()
  }

  #backendGone(): void {
    this.#replies.close()
    if (this.#hungUp || this.#replies.fatal) return this.#finish(this.#lastWords)
    const loss = this.#context.loss?.() ?? null
    this.#finish(
      errorMessage('FATAL', '08006', `the connection to the database was closed${loss === null ? '' : `: ${loss}`}`, {
        hint: 'Connect again; an open transaction is rolled back.',
      }),
    )
  }

  #onAbort = (): void => {
    const { reason } = this.#context.signal
    this.#admission.withdraw('the session ended')
    this.#fail(reason)
  }

  /** Ends the connection with words for the caller; whatever was not answered stays unanswered. */
  #fail(error: unknown): void {
    if (this.#over) return
    try {
      this.#finish(failure(error, this.#context.sessionId), forCaller(error) ? undefined : error)
    } catch (fault) {
      // Even a fault of the farewell stays this connection's own.
      this.#backend.destroy()
      this.#client.destroy()
      this.#ended.reject(fault)
    }
  }

  /** Ends both legs, the caller's once it has read what was said. */
  #finish(lastWords?: Buffer, fault?: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#admission.withdraw('the caller disconnected')
    this.#context.signal.removeEventListener('abort', this.#onAbort)
    this.#cancelHandle.release()
    if (this.#orphaned !== null) clearTimeout(this.#orphaned)
    clearInterval(this.#silent)
    this.#admission.leaveChanges()
    // The server notices that we are gone only when it next writes.
    if (!this.#terminated) this.#cancelRunning()
    if (this.#leaving) this.#context.leave(() => this.#backend.destroy())
    else this.#backend.destroy()
    try {
      this.#replies.close()
    } catch {
      // The record takes nothing more: the session ends with that for its reason.
    }
    if (lastWords !== undefined) this.#output.farewell(lastWords)
    const late = setTimeout(() => this.#client.destroy(), farewellTime)
    this.#output.written().then(() => {
      clearTimeout(late)
      this.#client.end()
      // Unread input would keep the stream from closing.
      this.#client.resume()
      if (fault === undefined) this.#ended.resolve()
      else this.#ended.reject(fault)
    })
  }
}

/** One write of all pieces, which are copied together where they are few bytes; false: the stream should be waited for. */
function writeTogether(stream: Duplex, pieces: readonly Buffer[]): boolean {
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined) return stream.write(only)
  let size = 0
  for (const { length } of pieces) size += length
  if (size <= joinUpTo) return stream.write(Buffer.concat(pieces, size))
  let roomy = true
  stream.cork()
  for (const piece of pieces) roomy = stream.write(piece)
  stream.uncork()
  return roomy
}

/** The search path that the server told at login (from version 18 on), or that the startup packet set; null: its default. */
function startupPath({ backend, startup }: LoggedIn): readonly string[] | null {
  const given = backend.parameters.get('search_path') ?? startup.settings.get('search_path')
  return given === undefined ? null : schemasOf(given)
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
