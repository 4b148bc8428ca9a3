import { HoopError, type Maybe, type Operation, type Parameter, type Refusal, type Verdict } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import { andThen } from '../maybe.ts'
import { remember } from './catalogue.ts'
import type { SessionView } from './catalogues.ts'
import { type Ongoing, redefines, stores } from './changes.ts'
import { write } from './codec.ts'
import { Exchange } from './exchange.ts'
import type { Statement } from './operations.ts'
import { StatementUnreadable } from './parser.ts'
import { isRedefined } from './redefined.ts'
import { holdNotice } from './refusals.ts'
import type { RelayParts } from './relay-parts.ts'
import { mayUseNames } from './session-change.ts'
import { unreadStatement } from './unreadable.ts'

/** What stands between a text and its run: it is read by the definitions of now, put before the gate, and begun only while they hold. */
export class Admission {
  readonly #parts: RelayParts
  /** Aborts what is before the gate: cancel, disconnect, an error before it. Replaced once used. */
  #withdrawal = new AbortController()
  #waiting = false
  #callerGone = false
  /** Sent and not answered: a change of what names mean. Nothing behind it is read before it is done. */
  #barrier: Exchange | null = null
  /** When the catalogue was read that a statement was read by. */
  readonly #asOf = new WeakMap<Statement, number>()
  /** Definitions that it changes, until their transaction ends. */
  #redefining: { readonly unit: number; readonly change: Ongoing }[] = []

  constructor(parts: RelayParts) {
    this.#parts = parts
  }

  /** Whether an operation is before the gate. */
  get waiting(): boolean {
    return this.#waiting
  }

  /** Nothing of this sync unit is done any more. */
  get stopped(): boolean {
    return this.#parts.over() || this.#parts.replies.skipping
  }

  /** Takes back what is before the gate. */
  withdraw(words: string): void {
    if (this.#waiting) this.#withdrawal.abort(new Error(words))
  }

  /** From now on what needs somebody's approval is withdrawn at once. */
  callerLeft(): void {
    this.#callerGone = true
    this.#withdrawal.abort(new Error('the caller disconnected'))
  }

  /** Waits for the backend's replies; ends early where the current message is to be skipped, or all is over. */
  async until(reached: () => boolean): Promise<void> {
    // The backend answers without waiting for the caller's Sync.
    this.#parts.backend.push(write.flush())
    this.#parts.backend.forward()
    while (!this.stopped && !reached()) await this.#parts.replies.changed()
  }

  /** Reads a simple query and puts it before the gate. */
  admitText(text: string): Maybe<{ verdict: Verdict; statement: Statement }> {
    return andThen(this.read(text), (statement) => {
      if (statement instanceof StatementUnreadable) {
        const unread = unreadStatement(text, statement)
        return andThen(this.admit({ ...unread.operation, parameters: [] }), (verdict) => {
          if (verdict.kind === 'permit') throw new ProtocolViolation('a text was admitted unread')
          return { verdict, statement: unread }
        })
      }
      return andThen(this.admitStatement(statement, []), (verdict) => ({ verdict, statement }))
    })
  }

  /** What a text does; `parameterTypes`: as Parse said. With the transparent profile one that the parser rejects is a statement, too. */
  read(text: string, parameterTypes = noTypes): Maybe<Statement | StatementUnreadable> {
    return andThen(this.settled(), () => andThen(this.#namesSettled(text), () => this.#readNow(text, readAgain, parameterTypes)))
  }

  /** What stands under the names that a text uses is certain once no message is on its way that could fail to put it there. */
  #namesSettled(text: string): Maybe<void> {
    const { replies } = this.#parts
    const certain = (): boolean => !replies.owed.changesNames || replies.copyIn !== null
    if (!certain() && mayUseNames(text)) return this.until(certain)
  }

  /** `again`: how often it is read anew where a change of definitions by another session overtakes it. */
  #readNow(text: string, again: number, parameterTypes: readonly number[]): Maybe<Statement | StatementUnreadable> {
    const { catalogues, context, database } = this.#parts
    const read = (statement: Statement): Maybe<Statement | StatementUnreadable> => {
      const overtaken = !this.#parts.replies.ddlOpen && catalogues.changes.endedSince(statement, catalogues.asOf)
      if (overtaken && again > 0 && !this.#transparent) return this.#readNow(text, again - 1, parameterTypes)
      this.#asOf.set(statement, catalogues.asOf)
      return statement
    }
    const failed = (error: unknown): Maybe<Statement | StatementUnreadable> => {
      const unread = error instanceof StatementUnreadable ? error : this.#unavailable(error)
      return this.#transparent ? read(unreadStatement(text, unread)) : unread
    }
    try {
      const statement = catalogues.statement(context, database, text, this.#view(parameterTypes))
      return statement instanceof Promise ? statement.then(read, failed) : read(statement)
    } catch (error) {
      return failed(error)
    }
  }

  /** Without a catalogue this statement is refused; the connection lives. */
  #unavailable(error: unknown): StatementUnreadable {
    if (this.#parts.context.signal.aborted || !(error instanceof HoopError)) throw error
    return new StatementUnreadable(error.message, 0, 'unavailable')
  }

  /** Nothing depends on what names mean. */
  get #transparent(): boolean {
    return this.#parts.context.profile === 'transparent'
  }

  #view(parameterTypes: readonly number[]): SessionView {
    const { registry, replies, state } = this.#parts
    return {
      uncertain: replies.ddlOpen,
      temporary: state.temporary,
      types: state.types,
      searchPath: state.searchPath,
      names: () => registry.names(),
      parameterTypes,
      transparent: this.#transparent,
    }
  }

  /** Waits until a change of what names mean, sent before, is done. */
  settled(): Maybe<void> {
    if (!this.#isSettled()) return this.until(() => this.#isSettled())
    this.#barrier = null
  }

  #isSettled(): boolean {
    const { replies, state } = this.#parts
    if (this.#barrier !== null && replies.owed.of(this.#barrier)) return false
    // What the open transaction has set may be taken back by its end. While the server waits for COPY data there is none.
    return !state.unsettled || replies.copyIn !== null || !replies.owed.transactionMayEnd
  }

  raiseBarrier(exchange: Exchange): void {
    const { parts } = exchange.statement
    const definitions = !this.#transparent && parts.some(({ changesCatalogue }) => changesCatalogue)
    if (definitions || parts.some(({ session }) => session.length > 0)) this.#barrier = exchange
  }

  admitStatement(statement: Statement, parameters: readonly Parameter[]): Maybe<Verdict> {
    const again = () => this.#again(statement, parameters)
    return andThen(this.admit(this.#operation(statement, parameters), again), (verdict) => {
      const { changes, asOf } = this.#parts.catalogues
      if (this.#transparent || verdict.kind === 'refuse' || !changes.endedSince(statement, this.#asOf.get(statement) ?? asOf))
        return verdict
      const { id } = verdict.permit
      return andThen(new Exchange(verdict.permit, statement, () => true).end('not-run'), () => ({
        kind: 'refuse',
        refusal: { id, ...overtaken },
      }))
    })
  }

  #operation(statement: Statement, parameters: readonly Parameter[]): Operation {
    const { operation } = statement
    if (this.#transparent) return { ...operation, parameters }
    if (operation.refused !== null || !this.#parts.context.gate.masks.hasColumns) return { ...operation, parameters }
    const conflict = this.#parts.catalogues.changes.conflict(this, statement)
    return { ...operation, parameters, refused: conflict === null ? null : { code: 'not_supported', words: conflict } }
  }

  /** Reads a statement that was held by a catalogue that is read anew; null: what it names was redefined meanwhile. */
  async #again(statement: Statement, parameters: readonly Parameter[]): Promise<Operation | null> {
    const { catalogues } = this.#parts
    const { operation } = statement
    if (this.#transparent) return { ...operation, parameters }
    const before = catalogues.latest
    // Others may have changed what it names where nobody here could see it.
    catalogues.changed()
    const read = await this.#readNow(operation.text, readAgain, statement.parameterTypes)
    if (read instanceof StatementUnreadable) {
      if (read.code === 'unavailable') throw new HoopError('unavailable', read.message)
      return null
    }
    return isRedefined(before, catalogues.latest, operation) ? null : this.#operation(read, parameters)
  }

  admit(operation: Operation, again?: () => Promise<Operation | null>): Maybe<Verdict> {
    // Whoever has hung up gets what needs nobody's approval only.
    if (this.#withdrawal.signal.aborted && !this.#callerGone) this.#withdrawal = new AbortController()
    const verdict = this.#parts.context.gate.admit(operation, {
      stream: this.#parts.context.stream,
      signal: this.#withdrawal.signal,
      database: this.#parts.database,
      role: this.#parts.state.role,
      settings: this.#parts.state.settings,
      inTransaction: this.#parts.replies.inTransaction,
      ...(this.#parts.replies.inTransaction && this.#parts.locks && { locks: this.#parts.locks }),
      ...(again && { again }),
      onHold: (notice) => {
        // What was sent before it is answered, so that an error there is known before anybody decides.
        this.#parts.backend.push(write.flush())
        this.#parts.backend.forward()
        this.#parts.output.say(holdNotice(notice))
      },
    })
    if (!(verdict instanceof Promise)) return verdict
    this.#waiting = true
    return verdict.finally(() => {
      this.#waiting = false
    })
  }

  start(verdict: Extract<Verdict, { kind: 'permit' }>, statement: Statement, unit: number): Exchange {
    verdict.permit.consume()
    const { changes, asOf: latest } = this.#parts.catalogues
    const asOf = this.#asOf.get(statement) ?? latest
    for (const [name, own] of statement.temporary) remember(this.#parts.state.temporary, name, own)
    this.#parts.state.types.push(...statement.types)
    if (statement.parts.some(({ configures }) => configures) || statement.operation.effects.includes('unknown'))
      this.#parts.state.configured()
    if (this.#transparent) return new Exchange(verdict.permit, statement, () => true)
    const uncertain = this.#parts.replies.ddlOpen
    const storing = stores(statement) ? changes.store(this, statement) : null
    if (redefines(statement.redefines)) this.#redefining.push({ unit, change: changes.begin(this, statement.redefines) })
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

  notRun(verdict: Verdict, statement: Statement): Maybe<void> {
    if (verdict.kind === 'permit') return new Exchange(verdict.permit, statement, () => true).end('not-run')
  }
}

const noTypes: readonly number[] = []
/** More often than this a statement is refused: somebody redefines things all the time. */
const readAgain = 10

/** How long a statement may go on whose caller is gone: it is cancelled, but a cancel request may be lost. */
const afterlife = 60_000

const overtaken: Omit<Refusal, 'id'> = {
  code: 'approval_void',
  rule: 'hoop/definitions',
  message: 'refused: what this statement names was redefined before it could run',
  detail: 'It was judged by definitions that do not hold any more.',
  hint: 'Send it again.',
}
