import type { Parameter } from '@hoop/contracts'
import type { Exchange } from './exchange.ts'
import type { Column } from './messages.ts'
import type { Statement } from './operations.ts'
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
}

/** A portal: a prepared statement with its values, or a cursor that SQL declared. */
export interface Portal {
  readonly name: string
  readonly prepared: Prepared
  /** As it was read when the portal was opened, or when it began to run. */
  statement: Statement
  /** Execute was sent: what it answers with does not change any more. */
  begun: boolean
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

interface Pending<T> {
  readonly unit: number
  readonly value: T | undefined
}

/** What the backend has confirmed of one name, and what messages on their way will make of it. */
interface Entry<T> {
  settled: T | undefined
  readonly pending: Pending<T>[]
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
    const entry = this.#entries.get(name) ?? { settled: undefined, pending: [] }
    this.#entries.set(name, entry)
    const pending = { unit, value }
    entry.pending.push(pending)
    const end = (): boolean => {
      const at = entry.pending.indexOf(pending)
      if (at >= 0) entry.pending.splice(at, 1)
      return at >= 0
    }
    return {
      confirm: () => {
        if (!end()) return undefined
        const before = entry.settled
        entry.settled = value
        this.#forget(name, entry)
        return before
      },
      undo: () => {
        end()
        this.#forget(name, entry)
      },
    }
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
    for (const [name, entry] of this.#entries) {
      if (entry.settled === undefined || !ends(entry.settled)) continue
      ended.push(entry.settled)
      entry.settled = undefined
      this.#forget(name, entry)
    }
    return ended
  }

  /** Confirmed or not. */
  *values(): Iterable<T> {
    for (const { settled, pending } of this.#entries.values()) {
      for (const value of [settled, ...pending.map((each) => each.value)]) if (value !== undefined) yield value
    }
  }

  #forget(name: string, entry: Entry<T>): void {
    if (entry.settled === undefined && entry.pending.length === 0 && this.#entries.get(name) === entry) this.#entries.delete(name)
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
    const prepared = new Map([...this.prepared.current()].map(([name, { text }]) => [name, text]))
    const cursors = new Map([...this.portals.current()].map(([name, { statement }]) => [name, statement]))
    return { prepared, cursors }
  }

  /** A statement has run that gives or takes names; answers the portals that are no more. `exchange`: what ran. */
  apply(change: SessionChange, unit: number, exchange: Exchange, parameters: readonly Parameter[]): Portal[] {
    switch (change.kind) {
      case 'prepare':
        this.prepared.put(change.name, unseen(change.name, change.text), unit).confirm()
        return []
      case 'deallocate':
        if (change.name !== null) this.prepared.put(change.name, undefined, unit).confirm()
        else this.prepared.end(({ name }) => name !== '')
        return []
      case 'declare': {
        const { name, statement, hold } = change
        const prepared = unseen(name, statement.operation.text)
        const portal: Portal = {
          ...{ name, prepared, statement, parameters, resultFormats: null, unit, exchange, begun: true },
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
function unseen(name: string, text: string): Prepared {
  return { name, text, parameterTypes: [], columns: null, described: false }
}
