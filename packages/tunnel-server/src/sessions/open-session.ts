import type { Duplex } from 'node:stream'
import {
  type ConnectionDocument,
  type Gate,
  HoopError,
  type Identity,
  type Maybe,
  type ProtocolName,
  type ScramVerifier,
} from '@hoop/contracts'
import { type LocalTls, protocols, type ServeContext, type SharedValues } from '@hoop/protocols'
import { type Entry, RecordError, type SessionRecord } from '@hoop/recording'
import type { Carried } from '../agents/online.ts'
import { SessionCancels } from './cancels.ts'
import { SessionGate } from './gate.ts'
import { type IdentityUsage, Limits } from './limits.ts'
import { Rest } from './rest.ts'
import type { SessionsDependencies, Standing } from './types.ts'

/** How long streams may take to tell their callers that the session is over. */
const farewellTime = 3_000

export interface OpenSessionParts {
  readonly id: string
  readonly identity: Identity
  readonly connection: string
  readonly protocol: string
  readonly reason: string | null
  readonly tunnel: string
  readonly localSecret: ScramVerifier
  /** Null where the session was opened without TLS on its local port. */
  readonly localTls: LocalTls | null
  readonly record: SessionRecord
  /** What is on the record must be on the disk before anything follows from it. */
  readonly synced: boolean
  /** Released when the session ends. */
  readonly standing: Standing
  /** What identities used, counted over all their sessions. */
  readonly usage: IdentityUsage
  readonly shared: (connection: ConnectionDocument) => SharedValues
  readonly dependencies: SessionsDependencies
}

/** One session that is open: its record, its gate, its streams. */
export class OpenSession {
  readonly id: string
  readonly identity: Identity
  readonly tunnel: string
  readonly record: SessionRecord
  readonly #parts: OpenSessionParts
  readonly #gate: SessionGate
  readonly #cancels = new SessionCancels()
  readonly #ending = new AbortController()
  readonly #streams = new Map<Promise<void>, Rest>()
  /** What was put on the record in this turn of the event loop is not written yet. */
  #gathering = false
  #leaving: ((recorded: boolean) => void)[] = []
  #farewell: HoopError | null = null
  #streamCount = 0
  #version = ''

  constructor(parts: OpenSessionParts) {
    this.id = parts.id
    this.identity = parts.identity
    this.tunnel = parts.tunnel
    this.record = parts.record
    this.#parts = parts
    const { rules, holds, digestKey, log } = parts.dependencies
    this.#gate = new SessionGate({
      sessionId: parts.id,
      identity: parts.identity,
      connectionName: parts.connection,
      reason: parts.reason,
      rules,
      connection: () => this.#connection(),
      holds,
      limits: new Limits(parts.identity, parts.usage),
      digestKey,
      append: this.#gatherForTurn,
      signal: this.#ending.signal,
      log,
    })
    const { signal } = parts.standing
    signal.addEventListener('abort', () => this.abort(ended(signal.reason, parts.connection)), { once: true })
    if (signal.aborted) this.abort(ended(signal.reason, parts.connection))
  }

  /** Aborts when the session ends; the reason is a HoopError. */
  get signal(): AbortSignal {
    return this.#ending.signal
  }

  /** How many are being served. */
  get streams(): number {
    return this.#streams.size
  }

  /** Puts entries on the record. A record that cannot be written ends the session: there is no unrecorded way on. */
  readonly append = (...entries: Entry[]): Maybe<void> => {
    this.#gather(entries)
    return this.#write()
  }

  /**
   * Puts entries on the record at the end of this turn of the event loop, all that came in it with one write. What follows from them goes
   * through `leave`. Of a connection whose records are synced, the promise is to be waited for.
   */
  readonly #gatherForTurn = (...entries: Entry[]): Maybe<void> => {
    this.#gather(entries)
    if (this.#parts.synced) return this.#write()
    if (this.#gathering) return
    this.#gathering = true
    this.#parts.dependencies.turns.first(this.#endTurn)
  }

  /** Does this once all that was put on the record so far is there; it is told whether that could be done. */
  readonly #leave = (work: (recorded: boolean) => void): void => {
    if (!this.#gathering) return work(this.record.failed === null)
    this.#leaving.push(work)
  }

  readonly #endTurn = (): void => {
    this.#gathering = false
    const leaving = this.#leaving
    this.#leaving = []
    try {
      this.#write()
    } catch {
      // The session ends with the reason.
    }
    const recorded = this.record.failed === null
    for (const work of leaving) work(recorded)
  }

  #gather(entries: readonly Entry[]): void {
    const { record, protocol, dependencies } = this.#parts
    try {
      record.gather(...entries)
    } catch (error) {
      this.#unrecorded(error)
    }
    dependencies.meter.recorded(protocol, entries)
  }

  #write(): Maybe<void> {
    const { record, dependencies } = this.#parts
    const began = performance.now()
    try {
      record.flush()
      dependencies.meter.wrote(performance.now() - began)
      return record.durable()?.catch((error: unknown) => this.#unrecorded(error))
    } catch (error) {
      this.#unrecorded(error)
    }
  }

  /** Puts on the record what nothing waits for. Throws at once if it cannot be written; a disk that fails later ends the session all the same. */
  readonly #note = (...entries: Entry[]): void => {
    const durable = this.append(...entries)
    if (durable !== undefined) durable.catch(() => {})
  }

  #unrecorded(error: unknown): never {
    const words = error instanceof RecordError ? error.message : 'The record of this session cannot be written.'
    // An operation that is not on the record was not run; one whose result cannot be put there was.
    const hint = 'What was not answered may have run: look before you run it again. Tell an admin.'
    const failure = new HoopError('unavailable', words, { hint, cause: error })
    if (!this.#ending.signal.aborted) this.#parts.dependencies.meter.unrecorded()
    this.abort(failure)
    throw failure
  }

  /** The connection as registered now, while this identity may use it; the session ends when it may not. */
  #connection(): ConnectionDocument {
    const { dependencies, connection: name, identity } = this.#parts
    const connection = dependencies.connections.get(name)
    const rules = dependencies.rules()
    if (connection === null) {
      const failure = new HoopError('no_access', `The connection ${name} is not registered any more.`)
      this.abort(failure)
      throw failure
    }
    if (rules.version !== this.#version) {
      if (!rules.mayUse(identity, connection).allowed) {
        const failure = accessEnded(name)
        this.abort(failure)
        throw failure
      }
      this.#version = rules.version
    }
    return connection
  }

  /** Serves one local connection until it ends. Rejects with our own faults only. */
  serve(client: Duplex): Promise<void> {
    const rest = new Rest()
    const served = this.#serve(client, rest).finally(() => this.#streams.delete(served))
    this.#streams.set(served, rest)
    if (this.#farewell !== null) rest.retire(this.#farewell)
    return served
  }

  async #serve(client: Duplex, rest: Rest): Promise<void> {
    const stream = ++this.#streamCount
    const { dependencies, id, identity, connection: name, localSecret, localTls, shared } = this.#parts
    let words: string | null = null
    await this.append({ type: 'stream.opened', stream, application: null })
    try {
      this.#ending.signal.throwIfAborted()
      const connection = this.#connection()
      let agent: Carried['agent'] | undefined
      let loss: string | null = null
      const dial = dependencies.dialling(connection, {
        carried: (carrying) => {
          agent = carrying
        },
        lost: (why) => {
          loss = why
        },
      })
      const context: Omit<ServeContext, 'upstream'> = {
        client,
        stream,
        sessionId: id,
        connection: name,
        identity,
        localSecret,
        localTls,
        profile: connection.profile,
        gate: this.#watched(rest),
        cancels: this.#cancels,
        signal: rest.signal,
        dial,
        loss: () => loss,
        rested: () => rest.begin(),
        loggedIn: (login) => {
          rest.begin()
          this.#note({ type: 'stream.login', stream, ...login, ...(agent && { agent }) })
        },
        warn: (words, cause) => dependencies.log.warn({ err: cause, session: id, stream, connection: name }, words),
        own: (text) => {
          this.#gate.own(text, stream)
          this.#write()
        },
        leave: this.#leave,
        shared: shared(connection),
      }
      const serve = <P extends ProtocolName>(of: P) =>
        protocols[of].serve({ ...context, upstream: () => dependencies.connections.upstream(name, of) })
      await serve(connection.protocol)
    } catch (error) {
      words = error instanceof HoopError ? error.message : 'The gateway could not go on with this stream.'
      if (!(error instanceof HoopError)) dependencies.log.error({ err: error, session: id, stream }, 'a stream failed')
      // A caller that was told why still reads it.
      if (!client.writableEnded) client.destroy(error instanceof Error ? error : undefined)
    } finally {
      if (this.record.failed === null && !this.record.ended) await this.append({ type: 'stream.closed', stream, words })
    }
  }

  /** The gate, which tells when the stream has something under way. */
  #watched(rest: Rest): Gate {
    const gate = this.#gate
    const end = (reason: HoopError): void => rest.end(reason)
    return {
      admit: (operation, options) => {
        rest.disturb()
        return gate.admit(operation, options, end)
      },
      rejected: (operation, stream, error) => gate.rejected(operation, stream, error),
      unsolicited: (kind, text) => gate.unsolicited(kind, text),
      get masks() {
        return gate.masks
      },
    }
  }

  /** Whether this identity may still use the connection; the session ends when it may not. */
  checkAccess(): boolean {
    try {
      this.#connection()
      return true
    } catch (error) {
      if (!(error instanceof HoopError)) throw error
      return false
    }
  }

  /** Ends each stream when it is at rest; resolves when there is none left. */
  async retire(reason: HoopError): Promise<void> {
    this.#farewell = reason
    while (this.#streams.size > 0) {
      for (const rest of this.#streams.values()) rest.retire(reason)
      await Promise.allSettled(this.#streams.keys())
    }
  }

  /** Tells every stream why it ends, in its own protocol; the first reason is the one that counts. */
  abort(reason: HoopError): void {
    this.#ending.abort(reason)
    for (const rest of this.#streams.values()) rest.end(this.#ending.signal.reason)
  }

  /** Ends all streams and closes the record. */
  async end(words: string): Promise<void> {
    this.#parts.standing.release()
    this.abort(new HoopError('unavailable', words, { hint: `The record of session ${this.id} stays.` }))
    const late = new Promise<void>((resolve) => setTimeout(resolve, farewellTime).unref())
    await Promise.race([Promise.allSettled([...this.#streams.keys(), this.#gate.settled()]), late])
    await this.record.close(words)
  }
}

/** Why a session ended, for those who use it. */
/** Of whoever is at work, not of somebody who asks: that it was there is no secret. */
function accessEnded(connection: string): HoopError {
  return new HoopError('no_access', `The access to ${connection} has ended.`, { hint: 'hoop ls shows what you may use.' })
}

function ended(reason: unknown, connection: string): HoopError {
  if (!(reason instanceof HoopError)) return new HoopError('unavailable', 'The session has ended.', { cause: reason })
  return reason.code === 'no_access' ? accessEnded(connection) : reason
}
