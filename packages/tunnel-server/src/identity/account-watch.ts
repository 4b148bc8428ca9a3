import type { Logger } from 'pino'

/** Checks an account again and again while something of its login goes on: never later than the interval, and not all at once. */
export class AccountWatch {
  readonly #interval: number
  readonly #check: (login: string) => Promise<void>
  readonly #log: Logger
  readonly #watched = new Map<string, { users: number; timer: NodeJS.Timeout }>()

  /** `interval`: milliseconds. */
  constructor(parts: { interval: number; check: (login: string) => Promise<void>; log: Logger }) {
    this.#interval = parts.interval
    this.#check = parts.check
    this.#log = parts.log
  }

  /** Until the answer is called. */
  watch(login: string): () => void {
    const watched = this.#watched.get(login)
    if (watched === undefined) this.#watched.set(login, { users: 1, timer: this.#schedule(login) })
    else watched.users++
    let released = false
    return () => {
      if (!released) this.#release(login)
      released = true
    }
  }

  close(): void {
    for (const { timer } of this.#watched.values()) clearTimeout(timer)
    this.#watched.clear()
  }

  #release(login: string): void {
    const watched = this.#watched.get(login)
    if (watched === undefined || --watched.users > 0) return
    clearTimeout(watched.timer)
    this.#watched.delete(login)
  }

  #schedule(login: string): NodeJS.Timeout {
    const within = this.#interval * (0.75 + 0.25 * Math.random())
    return setTimeout(() => {
      this.#check(login)
        .catch((error: unknown) => this.#log.warn({ err: error, login }, 'an account could not be checked'))
        .finally(() => {
          const watched = this.#watched.get(login)
          if (watched !== undefined) watched.timer = this.#schedule(login)
        })
    }, within).unref()
  }
}
