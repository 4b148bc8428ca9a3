import type { Parameter } from '@hoop/contracts'
import type { Exchange } from './exchange.ts'
import type { Column } from './messages.ts'
import type { Statement } from './operations.ts'

/** A prepared statement as the backend holds it. */
export interface Prepared {
  readonly name: string
  readonly text: string
  /** Null: the text could not be read; every Bind of it is refused. */
  statement: Statement | null
  /** From Parse, completed by ParameterDescription. */
  parameterTypes: readonly number[]
  /** Null: not described (yet), or it returns no rows. */
  columns: readonly Column[] | null
}

/** A portal: a prepared statement with its values. */
export interface Portal {
  readonly name: string
  readonly prepared: Prepared
  readonly parameters: readonly Parameter[]
  readonly resultFormats: readonly number[]
  /** The sync unit in which it was bound. */
  readonly unit: number
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

  /** A transaction ended with sync unit `unit`: its portals are gone. */
  endPortals(unit: number): Portal[] {
    return this.portals.end((portal) => portal.unit <= unit)
  }
}
