import type { MaskPlan, Maybe, Outcome, Permit, Way } from '@hoop/contracts'
import type { Chunk, Entry } from '@hoop/recording'

/** Puts entries on the record; throws or rejects, and ends the session, if they cannot be put there. */
export type Append = (...entries: Entry[]) => Maybe<void>

/** The permission that the gate hands out: everything done with it stands on the record first. */
export class AdmittedPermit implements Permit {
  readonly id: string
  readonly masks: MaskPlan
  readonly signal: AbortSignal
  readonly #append: Append
  readonly #admittedAt = performance.now()
  #consumed = false
  #ended = false

  constructor(id: string, masks: MaskPlan, signal: AbortSignal, append: Append) {
    this.id = id
    this.masks = masks
    this.signal = signal
    this.#append = append
  }

  consume(): void {
    this.signal.throwIfAborted()
    if (this.#consumed) throw new Error(`the permit of ${this.id} was used twice`)
    this.#consumed = true
  }

  record(way: Way, pieces: readonly Buffer[]): Maybe<void> {
    return this.#append(this.#chunk(way, pieces))
  }

  end({ kind, tag, error, rows, masked }: Outcome, last: readonly Buffer[] = []): Maybe<void> {
    if (this.#ended) throw new Error(`the permit of ${this.id} was ended twice`)
    this.#ended = true
    const duration = Math.round((performance.now() - this.#admittedAt) * 1000)
    const outcome = { type: 'outcome', operation: this.id, kind, tag, error, rows, masked: { ...masked }, duration } as const
    return last.length === 0 ? this.#append(outcome) : this.#append(this.#chunk('down', last), outcome)
  }

  #chunk(way: Way, pieces: readonly Buffer[]): Chunk {
    return { type: 'chunk', operation: this.id, way, pieces }
  }
}
