import type { Parameter } from '@hoop/contracts'
import type { Exchange } from './exchange.ts'
import type { Column } from './messages.ts'
import type { Statement } from './operations.ts'
import type { Planned } from './results.ts'
import type { SessionChange, SessionNames } from './session-change.ts'

/** A prepared statement as the backend holds it. */
export interface Prepared {
  readonly name: string
  readonly text: string
  /** From Parse, completed by ParameterDescription. */
  parameterTypes: readonly number[]
  /** Null: not described (yet), or it returns no rows. */
  columns: readonly Column[] | null
  /** A description was asked for, or need not be: it comes before any row. */
  described: boolean
  /** How rows of it were rewritten last, and what that was made of. */
  planned?: Planned
}

/** A portal: a prepared statement with its values, or a cursor that SQL declared. */
export interface Portal {
  readonly name: string
  readonly prepared: Prepared
  /** As it was read when the portal was opened, or when it began to run. */
  statement: Statement
  /** Execute was sent: what it answers with does not change any more. */
  begun: boolean
  /** What it does to its session is done: that happens once, however often it is asked for rows. */
  applied: boolean
  /** Of the session's role and settings, when it was judged at Bind; null: they have changed since. */
  readonly revision: number | null
  readonly parameters: readonly Parameter[]
  /** Null: those of its description. */
  readonly resultFormats: readonly number[] | null
  /** The sync unit in which it was bound. */
  readonly unit: number
  /** A cursor WITH HOLD: it outlives its transaction, if that commits. */
  hold: 'no' | 'if-committed' | 'yes'
  /** The operation under which it runs; a finished one is not used again. */
  exchange: Exchange
}

/** What a message that was sent does to a name, once the backend has processed it. */
export interface Change<T = unknown> {
  /** The backend did it; answers what the name meant before. */
  confirm(): T | undefined
  /** The backend refused or skipped the message. */
  undo(): void
}

/** A message on its way that puts `value` under a name. */
class Pending<T> implements Change<T> {
  readonly unit: number
  readonly value: T | undefined
  readonly #entry: Entry<T>

  constructor(entry: Entry<T>, unit: number, value: T | undefined) {
    this.#entry = entry
    this.unit = unit
    this.value = value
  }

  confirm(): T | undefined {
    return this.#entry.confirm(this)
  }

  undo(): void {
    this.#entry.undo(this)
  }
}

/** What the backend has confirmed of one name, and what messages on their way will make of it. */
class Entry<T> {
  settled: T | undefined = undefined
  readonly pending: Pending<T>[] = []
  readonly #entries: Map<string, Entry<T>>
  readonly #name: string

  constructor(entries: Map<string, Entry<T>>, name: string) {
    this.#entries = entries
    this.#name = name
  }

  put(unit: number, value: T | undefined): Change<T> {
    const pending = new Pending(this, unit, value)
    this.pending.push(pending)
    return pending
  }

  confirm(pending: Pending<T>): T | undefined {
    if (!this.#end(pending)) return undefined
    const before = this.settled
    this.settled = pending.value
    this.forget()
    return before
  }

  undo(pending: Pending<T>): void {
    this.#end(pending)
    this.forget()
  }

  #end(pending: Pending<T>): boolean {
    // The backend answers in order.
    if (this.pending[0] === pending) this.pending.shift()
    else {
      const at = this.pending.indexOf(pending)
      if (at < 0) return false
      this.pending.splice(at, 1)
    }
    return true
  }

  /** Once it stands for nothing, and nothing is on its way. */
  forget(): void {
    if (this.settled !== undefined || this.pending.length > 0) return
    if (this.#entries.get(this.#name) === this) this.#entries.delete(this.#name)
  }
}

/**
 * One kind of names. Within a sync unit, what was sent last holds: had the backend not done it, it would skip whatever comes
 * behind. Across units that is not so, and a name is certain only when the older units are answered.
 */
class Names<T> {
  readonly #entries = new Map<string, Entry<T>>()

  /** As the messages sent so far leave it. */
  get(name: string): T | undefined {
    const entry = this.#entries.get(name)
    return entry === undefined || entry.pending.length === 0 ? entry?.settled : entry.pending.at(-1)?.value
  }

  /** Whether a message of this unit finds exactly what `get` says. */
  certain(name: string, unit: number): boolean {
    const last = this.#entries.get(name)?.pending.at(-1)
    return last === undefined || last.unit === unit
  }

  /** A message was sent that puts `value` under the name, or (undefined) takes the name away. */
  put(name: string, value: T | undefined, unit: number): Change<T> {
    let entry = this.#entries.get(name)
    if (entry === undefined) {
      entry = new Entry<T>(this.#entries, name)
      this.#entries.set(name, entry)
    }
    return entry.put(unit, value)
  }

  /** What each name stands for, as the messages sent so far leave it. */
  *current(): Iterable<readonly [string, T]> {
    for (const name of this.#entries.keys()) {
      const value = this.get(name)
      if (value !== undefined) yield [name, value]
    }
  }

  /** Takes away the confirmed values that `ends` says yes to. */
  end(ends: (value: T) => boolean): T[] {
    const ended: T[] = []
    for (const entry of this.#entries.values()) {
      if (entry.settled === undefined || !ends(entry.settled)) continue
      ended.push(entry.settled)
      entry.settled = undefined
      entry.forget()
    }
    return ended
  }

  /** Confirmed or not. */
  *values(): Iterable<T> {
    for (const { settled, pending } of this.#entries.values()) {
      if (settled !== undefined) yield settled
      for (const { value } of pending) if (value !== undefined) yield value
    }
  }
}

/** The prepared statements and portals that the backend holds, as far as the messages sent say. */
export class Registry {
  readonly prepared = new Names<Prepared>()
  readonly portals = new Names<Portal>()

  /** A transaction ended with sync unit `unit`: its portals are gone, but for cursors that were to be kept. */
  endPortals(unit: number, committed: boolean): Portal[] {
    const ended = this.portals.end(
      (portal) => portal.unit <= unit && !(portal.hold === 'yes' || (portal.hold !== 'no' && committed)),
    )
    for (const portal of this.portals.values()) if (portal.hold === 'if-committed' && portal.unit <= unit) portal.hold = 'yes'
    return ended
  }

  /** What a statement may call by name. */
  names(): SessionNames {
    const texts = [...this.prepared.current()].map(
      ([name, { text, parameterTypes }]) => [name, { text, parameterTypes }] as const,
    )
    const cursors = new Map([...this.portals.current()].map(([name, { statement }]) => [name, statement]))
    return { prepared: new Map(texts), cursors, parameterTypes: [] }
  }

  /** A statement has run that gives or takes names; answers the portals that are no more. `exchange`: what ran. */
  apply(change: SessionChange, unit: number, exchange: Exchange, parameters: readonly Parameter[]): Portal[] {
    switch (change.kind) {
      case 'prepare':
        this.prepared.put(change.name, unseen(change), unit).confirm()
        return []
      case 'deallocate':
        if (change.name !== null) this.prepared.put(change.name, undefined, unit).confirm()
        else this.prepared.end(({ name }) => name !== '')
        return []
      case 'declare': {
        const { name, statement, hold } = change
        const prepared = unseen({ name, text: statement.operation.text, parameterTypes: [] })
        const portal: Portal = {
          ...{
            name,
            prepared,
            statement,
            parameters,
            resultFormats: null,
            unit,
            exchange,
            begun: true,
            applied: false,
            revision: null,
          },
          hold: hold ? 'if-committed' : 'no',
        }
        const before = this.portals.put(name, portal, unit).confirm()
        return before === undefined ? [] : [before]
      }
      case 'close': {
        if (change.name === null) return this.portals.end(({ name }) => name !== '')
        const before = this.portals.put(change.name, undefined, unit).confirm()
        return before === undefined ? [] : [before]
      }
      default:
        return []
    }
  }
}

/** What SQL prepared has not been described to anybody. */
function unseen({ name, text, parameterTypes }: Pick<Prepared, 'name' | 'text' | 'parameterTypes'>): Prepared {
  return { name, text, parameterTypes, columns: null, described: false }
}
