import type { Operation } from '@hoop/contracts'

/** Relations by their last name; `anything` where a change reaches further (a function, a schema, an operator). */
export type Touched = ReadonlySet<string> | 'anything'

/** Something that goes on until it is ended; ending it twice does nothing. */
export interface Ongoing {
  end(): void
}
/** What is asked of a statement here. */
interface Statement {
  readonly operation: Pick<Operation, 'objects' | 'flows'>
  readonly redefines: Touched
}
interface Known {
  readonly owner: object
  readonly touched: Touched
}

/**
 * Definitions that change on one database while other sessions use them. A statement means what the names in it mean when the server comes
 * to them: behind a lock, or behind a statement of the same text, that may be later than it was judged.
 */
export class Changes {
  #sequence = 0
  readonly #open = new Set<Known>()
  readonly #storing = new Set<Known>()
  /** When the last change of a name was ended. */
  #ended = new Map<string, number>()
  #anything = 0

  /** A point in time to ask about later. */
  get now(): number {
    return this.#sequence
  }

  /** A statement that redefines something was sent; its transaction ends with `end`. */
  begin(owner: object, touched: Touched): Ongoing {
    return this.#keep(this.#open, { owner, touched }, () => this.#end(touched))
  }

  /** A statement that stores what it reads was sent. */
  store(owner: object, statement: Statement): Ongoing {
    return this.#keep(this.#storing, { owner, touched: readBy(statement) }, () => undefined)
  }

  /** Whether what the statement reads was redefined after that time. */
  endedSince(statement: Statement, time: number): boolean {
    if (this.#sequence <= time) return false
    if (this.#anything > time) return true
    for (const name of readBy(statement)) if ((this.#ended.get(name) ?? 0) > time) return true
    return false
  }

  /** Whether what the statement reads may mean something else by now than it did at that time. */
  since(statement: Statement, time: number): boolean {
    if (this.#sequence === time && this.#open.size === 0) return false
    const read = readBy(statement)
    return this.endedSince(statement, time) || [...this.#open].some(({ touched }) => meet(read, touched))
  }

  /** Why the statement cannot be sent now: it would store by one definition what was judged by another. */
  conflict(owner: object, statement: Statement): string | null {
    const others = (ongoing: Set<Known>, own: Touched) =>
      [...ongoing].some((other) => other.owner !== owner && meet(own, other.touched))
    if (stores(statement) && others(this.#open, readBy(statement)))
      return 'storing values from what another session is redefining; try again when that has ended'
    if (redefines(statement.redefines) && others(this.#storing, statement.redefines))
      return 'redefining what another session is storing values from; try again when that has ended'
    return null
  }

  #keep(ongoing: Set<Known>, known: Known, ended: () => void): Ongoing {
    ongoing.add(known)
    return {
      end: () => {
        if (ongoing.delete(known)) ended()
      },
    }
  }

  #end(touched: Touched): void {
    this.#sequence++
    if (touched === 'anything' || this.#ended.size + touched.size > maxNames) {
      this.#ended = new Map()
      this.#anything = this.#sequence
    } else for (const name of touched) this.#ended.set(name, this.#sequence)
  }
}

/** Names whose last change is kept apart. */
const maxNames = 10_000

export function redefines(touched: Touched): boolean {
  return touched === 'anything' || touched.size > 0
}

export function stores({ operation }: Statement): boolean {
  return operation.flows === 'opaque' || operation.flows.length > 0
}

function readBy({ operation }: Statement): ReadonlySet<string> {
  return new Set(operation.objects.map(({ name }) => lastName(name)))
}

export function lastName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

function meet(a: Touched, b: Touched): boolean {
  if (a === 'anything' || b === 'anything') return true
  return [...a].some((name) => b.has(name))
}
