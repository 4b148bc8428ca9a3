import type { Logger } from 'pino'

/** Has the accounts of a person asked about several times after something was said of them, and then no more. */
export class AccountRechecks {
  readonly #delays: readonly number[]
  readonly #check: (identity: string, notWithin: number) => Promise<void>
  readonly #log: Logger
  readonly #timers = new Set<NodeJS.Timeout>()

  /**
   * `delays`: milliseconds after the word. `check` is given the id of the person, and for how many milliseconds an answer that was had
   * meanwhile is good enough, so that many words ask hardly more than one.
   */
  constructor(parts: {
    delays: readonly number[]
    check: (identity: string, notWithin: number) => Promise<void>
    log: Logger
  }) {
    this.#delays = parts.delays
    this.#check = parts.check
    this.#log = parts.log
  }

  begin(identity: string): void {
    for (const delay of this.#delays) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        this.#check(identity, delay / 2).catch((error: unknown) =>
          this.#log.warn({ err: error, identity }, 'the accounts of a person could not be checked'),
        )
      }, delay).unref()
      this.#timers.add(timer)
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}
