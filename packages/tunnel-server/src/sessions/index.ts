import { randomBytes } from 'node:crypto'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type ConnectionDocument,
  HoopError,
  type Identity,
  type OpenSessionRequest,
  type OpenSessionResponse,
  type SessionSummary,
} from '@hoop/contracts'
import type { SharedValues } from '@hoop/protocols'
import { openRecord, RecordError, readBatches, readLines, recoverRecord, type SessionRecord } from '@hoop/recording'
import { recordedAddress } from '../connections/address.ts'
import { summaryOf } from '../connections/summary.ts'
import type { Caller } from '../identity/access-tokens.ts'
import { IdentityUsage } from './limits.ts'
import { LiveView } from './live-view.ts'
import { OpenSession } from './open-session.ts'
import type { EventsOptions, SessionFilter, Sessions, SessionsDependencies } from './types.ts'
import { withBytes } from './with-bytes.ts'

export type { Sessions } from './types.ts'

/** Letters and digits that are not mistaken for each other. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'
function newSessionId(): string {
  return `ses_${Array.from(randomBytes(16), (byte) => alphabet[byte % alphabet.length]).join('')}`
}

/** What one identity may have open: more is no person and no program at work, and each holds files and sockets. */
const limits = { sessions: 1024, tunnels: 256 }
/** Milliseconds until the index is told again that a session is over. */
const againAfter = 2000

/** Opens the sessions of this gateway; closes the records that a killed one left. */
export async function createSessions(dependencies: SessionsDependencies): Promise<Sessions> {
  const sessions = new GatewaySessions(dependencies)
  await sessions.recover()
  return sessions
}

class GatewaySessions implements Sessions {
  readonly #dependencies: SessionsDependencies
  readonly #open = new Map<string, OpenSession>()
  readonly #tunnels = new Map<string, Caller>()
  readonly #ending = new Map<string, Promise<void>>()
  #shared = new WeakMap<ConnectionDocument, SharedValues>()
  readonly #usage = new IdentityUsage()
  readonly #stopped = new AbortController()
  #closed: string | null = null

  constructor(dependencies: SessionsDependencies) {
    this.#dependencies = dependencies
  }

  /** Records without an end: what stands in them was acknowledged, and nothing else happened. */
  async recover(): Promise<void> {
    const { index, log } = this.#dependencies
    for (const { id } of await index.open()) {
      const words = 'The gateway was stopped before the session ended.'
      const folder = this.#folder(id)
      let operations = 0
      try {
        if (await exists(folder)) {
          await recoverRecord(folder, words)
          operations = await countOperations(folder)
        } else log.error({ session: id }, 'the record of a session is missing')
      } catch (error) {
        // Kept as it is, for somebody to look at: its chain does not hold.
        log.error({ err: error, session: id }, 'the record of a session could not be recovered')
      }
      await index.close(id, words, operations)
    }
  }

  async open(caller: Caller, request: OpenSessionRequest, address: string): Promise<OpenSessionResponse> {
    if (this.#closed !== null) throw new HoopError('unavailable', this.#closed)
    const { connections, rules, index, records, hold } = this.#dependencies
    const { identity } = caller
    const connection = connections.get(request.connection)
    // A connection that one may not use is not told from one that is not there.
    const ruling = connection === null ? null : rules().mayUse(identity, connection)
    if (connection === null || ruling === null || !ruling.allowed) {
      throw new HoopError('no_access', `There is no connection ${request.connection} that you may use.`, {
        hint: 'hoop ls shows those that you may use; an admin grants more with an Access document.',
      })
    }
    // Of the same login, and not only of the same person: a tunnel ends with its login, and its sessions with it.
    if (this.#tunnels.get(request.tunnel)?.login !== caller.login) {
      throw new HoopError('conflict', 'The tunnel of this session is not open.', { hint: 'Open the tunnel first.' })
    }
    this.#limit(identity, this.#open.values(), limits.sessions, 'sessions')
    // Kubernetes' clients send their token nowhere else.
    const needsTls = connection.protocol === 'kubernetes'
    const localTls = request.local_tls || needsTls ? await this.#dependencies.localCertificate(identity) : null
    const id = newSessionId()
    const { durability, results } = connection.record
    const standing = hold(caller, connection.name)
    let record: SessionRecord | null = null
    let session: OpenSession
    try {
      record = beginRecord({ folder: join(records, id), session: id, durability, results })
      record.append({
        type: 'session.opened',
        identity,
        connection: {
          name: connection.name,
          protocol: connection.protocol,
          ...recordedAddress(connection),
        },
        via: request.via,
        reason: request.reason,
        client: { ...request.client, address },
        policyVersion: rules().version,
        durability,
        results,
        ...(ruling.grants.length > 0 && { grants: [...ruling.grants] }),
      })
      await index.insert({
        id,
        identity,
        connection: connection.name,
        via: request.via,
        reason: request.reason,
        openedAt: new Date(),
      })
      session = new OpenSession({
        id,
        identity,
        connection: connection.name,
        protocol: connection.protocol,
        reason: request.reason,
        tunnel: request.tunnel,
        localSecret: request.local_secret,
        localTls: localTls?.tls ?? null,
        record,
        synced: durability === 'synced',
        standing,
        usage: this.#usage,
        shared: (of) => this.#sharedOf(of),
        dependencies: this.#dependencies,
      })
    } catch (error) {
      standing.release()
      await record?.close('The session could not be opened.').catch(() => undefined)
      throw error
    }
    this.#open.set(id, session)
    // What ends a session from the inside (its record, its login, its access) ends all of it.
    session.signal.addEventListener('abort', () => this.#endAborted(session), { once: true })
    if (session.signal.aborted) this.#endAborted(session)
    else if (this.#closed !== null) await this.end(id, this.#closed)
    else if (!this.#tunnels.has(request.tunnel)) await this.end(id, 'The tunnel was closed.')
    if (session.signal.aborted) throw session.signal.reason
    return { id, connection: summaryOf(connection), local_authority: localTls?.authority ?? null }
  }

  async serveStream(tunnel: string, id: string, client: Duplex): Promise<void> {
    const session = this.#open.get(id)
    if (session === undefined || session.tunnel !== tunnel) {
      throw new HoopError('not_found', 'This session is not open.', { hint: 'Run hoop connect again.' })
    }
    await session.serve(client)
  }

  tunnelOpened(caller: Caller, tunnel: string): void {
    if (this.#tunnels.has(tunnel)) throw new HoopError('conflict', 'A tunnel with this id is open already.')
    this.#limit(caller.identity, this.#tunnels.values(), limits.tunnels, 'tunnels')
    this.#tunnels.set(tunnel, caller)
  }

  tunnelResumed(caller: Caller, tunnel: string): void {
    const opener = this.#tunnels.get(tunnel)
    // Whose it is instead, or that it is there, is nobody's business.
    if (opener === undefined || opener.login !== caller.login || opener.device !== caller.device) {
      throw new HoopError('not_found', 'This tunnel is not open any more.', { hint: 'Open another one.' })
    }
    for (const session of this.#open.values()) if (session.tunnel === tunnel) session.checkAccess()
  }

  async tunnelClosed(tunnel: string, words: string): Promise<void> {
    this.#tunnels.delete(tunnel)
    const ends = [...this.#open.values()].filter((session) => session.tunnel === tunnel)
    await Promise.all(ends.map(({ id }) => this.end(id, `The tunnel was closed: ${words}`)))
  }

  end(id: string, words: string): Promise<void> {
    const session = this.#open.get(id)
    if (session === undefined) return this.#ending.get(id) ?? Promise.resolve()
    this.#open.delete(id)
    const ending = this.#end(session, words).finally(() => this.#ending.delete(id))
    this.#ending.set(id, ending)
    return ending
  }

  #endAborted(session: OpenSession): void {
    const { reason } = session.signal
    this.end(session.id, reason instanceof Error ? reason.message : String(reason)).catch((error: unknown) => {
      this.#dependencies.log.error({ err: error, session: session.id }, 'the end of a session is not in the index yet')
    })
  }

  async #end(session: OpenSession, words: string): Promise<void> {
    const { log, index } = this.#dependencies
    let said = words
    await session.end(words).catch((error: unknown) => {
      said = session.record.failed?.message ?? words
      log.error({ err: error, session: session.id }, 'the record of a session could not be closed')
    })
    const tell = () => index.close(session.id, said, session.record.operations)
    await tell().catch((error: unknown) => {
      void this.#tellLater(tell)
      throw error
    })
  }

  /** A store that was away must not go on calling a session open. What a stopped gateway could not tell, the next one finds. */
  async #tellLater(tell: () => Promise<void>): Promise<void> {
    for (let told = false; !told; ) {
      await delay(againAfter, undefined, { signal: this.#stopped.signal, ref: false }).catch(() => {})
      if (this.#stopped.signal.aborted) return
      told = await tell().then(
        () => true,
        () => false,
      )
    }
  }

  #limit(identity: Identity, open: Iterable<{ readonly identity: Identity }>, most: number, what: string): void {
    let count = 0
    for (const one of open) if (one.identity.id === identity.id) count++
    if (count < most) return
    throw new HoopError('too_many_requests', `You have ${most} ${what} open, and may have no more.`, {
      hint: 'End some: hoop sessions ls --state open',
    })
  }

  get counts(): Sessions['counts'] {
    let streams = 0
    for (const session of this.#open.values()) streams += session.streams
    return { sessions: this.#open.size, streams, tunnels: this.#tunnels.size }
  }

  async list(filter: SessionFilter): Promise<SessionSummary[]> {
    return (await this.#dependencies.index.list(filter)).map((found) => this.#asItIs(found))
  }

  async get(id: string): Promise<SessionSummary> {
    const found = await this.#dependencies.index.get(id)
    if (found === null) throw new HoopError('not_found', `There is no session ${id}.`, { hint: 'hoop sessions ls lists them.' })
    return this.#asItIs(found)
  }

  /** The index counts the operations of a session at its end only. */
  #asItIs(found: SessionSummary): SessionSummary {
    const live = this.#open.get(found.id)
    return live === undefined ? found : { ...found, operations: live.record.operations }
  }

  async *events(id: string, { live, bytesOf, ...options }: EventsOptions): AsyncIterable<string> {
    await this.get(id)
    const open = this.#open.get(id)
    const reading = open === undefined ? { ...options, follow: false } : { ...options, live: open.record }
    const view = live && bytesOf === null ? new LiveView() : undefined
    for await (const lines of readBatches(this.#folder(id), reading, view)) {
      if (bytesOf !== null) yield* withBytes(this.#folder(id), lines, bytesOf)
      else yield lines.join('\n')
    }
  }

  async noteRead(id: string, by: Identity, what: string): Promise<void> {
    await this.#open.get(id)?.append({ type: 'read', by, what })
  }

  async drain(words: string, milliseconds: number): Promise<void> {
    this.#closed ??= words
    const farewell = new HoopError('unavailable', words, { hint: 'Connect again.' })
    const leaving = [...this.#open.values()].map(async (session) => {
      await session.retire(farewell)
      await this.end(session.id, words)
    })
    const over = new AbortController()
    const late = delay(milliseconds, undefined, { signal: over.signal }).catch(() => {})
    await Promise.race([Promise.allSettled(leaving), late])
    over.abort()
  }

  async close(words: string): Promise<void> {
    this.#closed ??= words
    this.#stopped.abort()
    await Promise.all([...[...this.#open.keys()].map((id) => this.end(id, words)), ...this.#ending.values()])
  }

  #folder(id: string): string {
    if (!/^ses_[a-z0-9]{1,64}$/.test(id)) throw new HoopError('not_found', 'That is not the id of a session.')
    return join(this.#dependencies.records, id)
  }

  /** Values kept for one connection as it is registered now; another registration begins anew. */
  #sharedOf(connection: ConnectionDocument): SharedValues {
    let shared = this.#shared.get(connection)
    if (shared === undefined) {
      const values = new Map<string, unknown>()
      shared = {
        get<T>(key: string, make: () => T): T {
          if (!values.has(key)) values.set(key, make())
          return values.get(key) as T
        },
        delete: (key) => void values.delete(key),
      }
      this.#shared.set(connection, shared)
    }
    return shared
  }
}

/** A session that cannot be recorded is not opened. */
function beginRecord(options: Parameters<typeof openRecord>[0]): SessionRecord {
  try {
    return openRecord(options)
  } catch (cause) {
    if (!(cause instanceof RecordError)) throw cause
    throw new HoopError('unavailable', cause.message, { hint: 'Nothing runs unrecorded. Tell an admin.', cause })
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function countOperations(folder: string): Promise<number> {
  let operations = 0
  for await (const line of readLines(folder, { after: -1, follow: false })) {
    if (line.includes('"type":"operation"') && line.includes('"by":"caller"')) operations++
  }
  return operations
}
