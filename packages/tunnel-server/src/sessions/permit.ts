import type { Channel, HoopError, MaskPlan, Maybe, Outcome, Permit, Way } from '@hoop/contracts'
import type { Entry } from '@hoop/recording'
import type { OperationMeter } from './limits.ts'

/** Puts entries on the record; throws or rejects, and ends the session, if they cannot be put there. */
export type Append = (...entries: Entry[]) => Maybe<void>

/** Counts what comes of the operation, and ends its stream when its time is up. */
export interface Limited {
  readonly meter: OperationMeter
  readonly end: (reason: HoopError) => void
}

/** The permission that the gate hands out: everything done with it stands on the record first. */
export class AdmittedPermit implements Permit {
  readonly id: string
  readonly masks: MaskPlan
  readonly signal: AbortSignal
  readonly #append: Append
  readonly #admittedAt = performance.now()
  #consumed = false
  #ended = false

  readonly #limited: Limited | null

  constructor(id: string, masks: MaskPlan, signal: AbortSignal, append: Append, limited: Limited | null = null) {
    this.#limited = limited
    this.id = id
    this.masks = masks
    this.signal = signal
    this.#append = append
  }

  consume(): void {
    this.signal.throwIfAborted()
    if (this.#consumed) throw new Error(`the permit of ${this.id} was used twice`)
    this.#consumed = true
    this.#limited?.meter.begin(this.#limited.end)
  }

  record(way: Way, pieces: readonly Buffer[], rows = 0, channel?: Channel): Maybe<void> {
    const over = way === 'down' ? this.#count(rows, pieces) : null
    if (over !== null) throw over
    return this.#append({ type: 'chunk', operation: this.id, way, pieces, ...(channel && { channel }) })
  }

  end({ kind, tag, error, rows, masked }: Outcome, last: readonly Buffer[] = []): Maybe<void> {
    if (this.#ended) throw new Error(`the permit of ${this.id} was ended twice`)
    this.#ended = true
    this.#limited?.meter.stop()
    const known = this.#limited?.meter.over ?? null
    const over = known ?? this.#count(rows, last)
    const duration = Math.round((performance.now() - this.#admittedAt) * 1000)
    const outcome = { type: 'outcome', operation: this.id, kind, tag, error, rows, masked: { ...masked }, duration } as const
    if (over === null) return this.#append(last.length === 0 ? outcome : { type: 'last', outcome, pieces: last })
    // What is left of the result does not leave.
    const recorded = this.#append({ ...outcome, kind: 'error', error: { code: 'limit', message: over.message } })
    if (known === null) throw over
    return recorded
  }

  #count(rows: number, pieces: readonly Buffer[]): HoopError | null {
    if (this.#limited === null) return null
    return this.#limited.meter.count(
      rows,
      pieces.reduce((sum, { length }) => sum + length, 0),
    )
  }
}
