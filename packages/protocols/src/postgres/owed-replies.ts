import type { Exchange } from './exchange.ts'
import type { Statement } from './operations.ts'
import type { Change, Portal, Prepared } from './registry.ts'

/** A reply that the backend owes, in the order in which its cause was sent. */
export type Expected = { readonly unit: number } & (
  | { readonly kind: 'sync' }
  | { readonly kind: 'parse'; readonly change: Change; readonly statement: Statement }
  | { readonly kind: 'close-statement'; readonly change: Change }
  | { readonly kind: 'close-portal'; readonly change: Change<Portal> }
  | { readonly kind: 'describe'; readonly prepared: Prepared | null; readonly own: boolean }
  | { readonly kind: 'bind'; readonly change: Change<Portal>; readonly exchange: Exchange }
  | { readonly kind: 'execute'; readonly exchange: Exchange; readonly portal: Portal }
  | { readonly kind: 'query'; readonly change: Change; readonly exchange: Exchange }
  | { readonly kind: 'call'; readonly exchange: Exchange; answered: boolean }
  /** Something that must fail was sent in a refused operation's place; `answer` is what the caller gets for its error. */
  | { readonly kind: 'refused'; readonly answer: Buffer }
  | { readonly kind: 'refused-query'; readonly change: Change; readonly answer: Buffer; answered: boolean }
)

/** The replies that the backend owes, the next one first. */
export class OwedReplies {
  readonly #queue: Expected[] = []
  readonly #transparent: boolean

  constructor(transparent: boolean) {
    this.#transparent = transparent
  }

  get length(): number {
    return this.#queue.length
  }

  /** The reply that is owed next. */
  get head(): Expected | undefined {
    return this.#queue[0]
  }

  push(entry: Expected): void {
    this.#queue.push(entry)
  }

  shift(): void {
    this.#queue.shift()
  }

  /** All of them: the backend is gone. */
  takeAll(): Expected[] {
    return this.#queue.splice(0)
  }

  /** Whether a reply to something sent before sync unit `unit` is owed. */
  before(unit: number): boolean {
    const { head } = this
    return head !== undefined && head.unit < unit
  }

  /** Whether a reply of this operation is owed. */
  of(exchange: Exchange): boolean {
    return this.#queue.some((entry) => 'exchange' in entry && entry.exchange === exchange)
  }

  /** Whether something that was sent puts a statement or a portal under a name, or takes it away. */
  get changesNames(): boolean {
    return this.#queue.some((entry) => 'change' in entry)
  }

  /** Whether the end of a transaction may be on its way. */
  get transactionMayEnd(): boolean {
    return this.#queue.some((entry) =>
      entry.kind === 'execute'
        ? entry.exchange.statement.parts.some(({ transaction }) => transaction !== null)
        : entry.kind === 'sync' || entry.kind === 'query' || entry.kind === 'refused-query' || entry.kind === 'call',
    )
  }

  /** Whether a COPY FROM STDIN that was sent may still be answered with CopyInResponse. */
  get copyMayBegin(): boolean {
    return this.#queue.some(
      (entry) =>
        (entry.kind === 'query' || entry.kind === 'execute') &&
        (this.#transparent || entry.exchange.statement.parts.some(({ copy }) => copy?.direction === 'in')),
    )
  }

  /** The operation that a Bind behind the head, in its sync unit, was admitted for with this text. */
  boundBehind(text: string): Exchange | null {
    for (const entry of this.#queue) {
      if (entry.kind === 'sync') break
      if (entry.kind === 'bind' && entry.exchange.statement.operation.text === text) return entry.exchange
    }
    return null
  }

  /** In COPY mode the backend ignores Sync: those that were sent behind the head are never answered. */
  forgetSyncs(): void {
    while (this.#queue[1]?.kind === 'sync') this.#queue.splice(1, 1)
  }

  /** Takes what comes before the next Sync, the last first; `synced`: a Sync was sent. */
  takeToSync(): { readonly dropped: readonly Expected[]; readonly synced: boolean } {
    const found = this.#queue.findIndex(({ kind }) => kind === 'sync')
    const dropped = this.#queue.splice(0, found < 0 ? this.#queue.length : found)
    return { dropped: dropped.reverse(), synced: found >= 0 }
  }
}
