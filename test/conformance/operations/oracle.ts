import type { PostgresServer } from '@hoop/postgres-server'
import { remember, withHidden, withSearchPath } from '../../../packages/protocols/src/postgres/catalogue.ts'
import { readStatement, type Statement } from '../../../packages/protocols/src/postgres/operations.ts'
import type { PreparedText, SessionChange } from '../../../packages/protocols/src/postgres/session-change.ts'
import { SessionState } from '../../../packages/protocols/src/postgres/session-state.ts'
import { compare, type Disagreement, type Locks } from './comparison.ts'
import { firstOwnOid, KnownCatalogue } from './known-catalogue.ts'
import { type Reply, ServerSession } from './server-session.ts'

/** What came of a statement. */
export type Verdict =
  | { readonly kind: 'equal' | 'unknown' | 'rejected' | 'control'; readonly words: string }
  | {
      readonly kind: 'wrong' | 'excepted'
      /** Why it is excepted. */
      readonly words: string
      readonly objects: Statement['operation']['objects']
      readonly disagreements: readonly Disagreement[]
    }

/** Refusals of what runs outside of transactions only. */
const outsideOnly = new Set(['25001', '2D000'])
const nothing: Locks = new Set()

/** Runs statements at a server, and compares what each locked with what it was read to do. */
export class Oracle {
  readonly #session: ServerSession
  /** Looks at the locks of the other one. */
  readonly #observer: ServerSession
  readonly #known: KnownCatalogue
  readonly #state: SessionState
  readonly #prepared = new Map<string, PreparedText>()
  readonly #cursors = new Map<string, Statement>()
  #held: Locks = nothing
  #stale = false

  private constructor(session: ServerSession, observer: ServerSession, known: KnownCatalogue, user: string) {
    this.#session = session
    this.#observer = observer
    this.#known = known
    this.#state = new SessionState(user, null, false)
  }

  static async open(server: PostgresServer, database: string, settings: Readonly<Record<string, string>> = {}): Promise<Oracle> {
    const observer = await ServerSession.open(server, database, { options: '-c lock_timeout=10s -c jit=off' })
    const known = await KnownCatalogue.read((text) => observer.ask(text))
    return new Oracle(await ServerSession.open(server, database, settings), observer, known, server.user)
  }

  async close(): Promise<void> {
    await this.#session.close()
    await this.#observer.close()
  }

  get backslashes(): boolean {
    return this.#session.backslashes
  }

  /** Runs a statement in a transaction, one of its own where none is open, and says whether it was read right. */
  async run(text: string, data: () => string): Promise<{ readonly reply: Reply; readonly verdict: Verdict }> {
    const session = this.#session
    if (session.status === 'E') return this.#uncompared(text, data)
    const statement = await this.#read(text)
    if (statement?.parts.some(({ transaction }) => transaction !== null)) return this.#uncompared(text, data, statement)
    const alone = session.status === 'I'
    if (alone) await session.ask('begin')
    const before = this.#held
    const reply = await session.send(text, data)
    if (reply.error !== null) {
      if (alone) await session.ask('rollback')
      const { code, message } = reply.error
      if (alone && outsideOnly.has(code)) return await this.#uncompared(text, data, statement)
      return { reply, verdict: { kind: 'rejected', words: message } }
    }
    const after = session.status === 'T' ? await this.#locks() : null
    this.#ran(statement)
    if (after !== null && ![...after].every((lock) => this.#known.relations.has(oidOf(lock)))) await this.#refresh()
    const verdict = after === null ? rejected : this.#judge(statement, before, after)
    if (alone && session.status !== 'I') {
      const { error } = await session.send('commit')
      if (error !== null) this.#stale = true
    }
    this.#settle(after ?? nothing, true)
    return { reply, verdict }
  }

  /** Runs a text that leaves nothing behind: what ends its transaction itself is not run. */
  async try(text: string): Promise<Verdict> {
    const statement = await this.#read(text)
    if (statement?.parts.some(({ transaction }) => transaction !== null)) return rejected
    await this.#session.ask('begin')
    const { error } = await this.#session.send(text)
    const after = error === null ? await this.#locks() : nothing
    if (error === null && ![...after].every((lock) => this.#known.relations.has(oidOf(lock)))) await this.#refresh()
    const verdict: Verdict = error === null ? this.#judge(statement, nothing, after) : { kind: 'rejected', words: error.message }
    await this.#session.ask('rollback')
    await this.#session.ask('discard all')
    this.#stale = true
    return verdict
  }

  #judge(statement: Statement | null, before: Locks, after: Locks): Verdict {
    if (statement === null) return { kind: 'unknown', words: 'unreadable' }
    const { operation } = statement
    if (operation.effects.includes('unknown')) return { kind: 'unknown', words: operation.unknownBecause.join('; ') }
    if (operation.refused !== null) return { kind: 'unknown', words: operation.refused.words }
    const disagreements = compare(operation.objects, { before, after, relations: this.#known.relations })
    return disagreements.length === 0
      ? { kind: 'equal', words: '' }
      : { kind: 'wrong', words: '', objects: operation.objects, disagreements }
  }

  /** What begins or ends a transaction, or runs outside of one only: no lock of it is left to see. */
  async #uncompared(text: string, data: () => string, statement: Statement | null = null) {
    const before = this.#session.status
    const reply = await this.#session.send(text, data)
    if (reply.error === null) this.#ran(statement)
    if (before === 'E' && this.#session.status === 'I') this.#stale = true
    const control = reply.error === null && statement?.parts.some(({ transaction }) => transaction !== null)
    this.#settle(this.#session.status === 'T' ? await this.#locks() : nothing, !/^\s*(?:rollback|abort)/i.test(text))
    return { reply, verdict: control ? ({ kind: 'control', words: '' } as const) : rejected }
  }

  async #locks(): Promise<Locks> {
    const rows = await this.#observer.ask(`select distinct relation || ' ' || mode from pg_locks
      where locktype = 'relation' and granted and pid = ${this.#session.pid} and relation >= ${firstOwnOid}::oid`)
    return new Set(rows.map(([lock]) => lock ?? ''))
  }

  /** By the definitions of now, the open transaction's own among them. */
  async #read(text: string): Promise<Statement | null> {
    if (this.#stale) await this.#refresh()
    const { searchPath, temporary } = this.#state
    const { catalogue } = this.#known
    const seen = searchPath === null ? catalogue : withSearchPath(catalogue, searchPath)
    const names = { prepared: this.#prepared, cursors: this.#cursors, parameterTypes: [] }
    try {
      return readStatement(text, withHidden(seen, temporary), names)
    } catch {
      return null
    }
  }

  async #refresh(): Promise<void> {
    if (this.#session.status === 'T') {
      // What our own queries set and lock goes with the savepoint.
      await this.#session.ask('savepoint "oracle"')
      await this.#known.refresh((text) => this.#session.ask(text))
      await this.#session.ask('rollback to savepoint "oracle"; release savepoint "oracle"')
    } else await this.#known.refresh((text) => this.#observer.ask(text))
    this.#stale = false
  }

  /** What a statement leaves behind in its session. */
  #ran(statement: Statement | null): void {
    if (statement === null) {
      this.#stale = true
      return
    }
    for (const { session, changesCatalogue, transaction } of statement.parts) {
      this.#stale ||= changesCatalogue || transaction === 'rollback' || transaction === 'savepoint'
      for (const change of session) this.#apply(change)
    }
    // The product looks again for a name that it does not find.
    this.#stale ||= /^\s*create\s+(unique\s+)?(index|statistics)\b/i.test(statement.operation.text)
    this.#stale ||= statement.operation.effects.includes('unknown') || statement.operation.effects.includes('execute')
    for (const [name, own] of statement.temporary) remember(this.#state.temporary, name, own)
  }

  #apply(change: SessionChange): void {
    if (change.kind === 'prepare') this.#prepared.set(change.name, change)
    else if (change.kind === 'declare') this.#cursors.set(change.name, change.statement)
    else if (change.kind === 'deallocate') remove(this.#prepared, change.name)
    else if (change.kind === 'close') remove(this.#cursors, change.name)
    else this.#state.apply(change)
  }

  #settle(held: Locks, committed: boolean): void {
    const open = this.#session.status !== 'I'
    this.#held = open ? held : nothing
    if (!open) this.#state.transactionEnded(committed)
  }
}

const rejected: Verdict = { kind: 'rejected', words: 'it cannot be watched inside of a transaction' }

function oidOf(lock: string): number {
  return Number(lock.split(' ')[0])
}

function remove(names: Map<string, unknown>, name: string | null): void {
  if (name === null) names.clear()
  else names.delete(name)
}
