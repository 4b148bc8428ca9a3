import { BadRequest } from './read-request.ts'

/** Bytes of requests of one session that are kept at a time: read, and not answered yet. A held one is kept as long as it is held. */
const mostKept = 64 * 1024 * 1024

/** What one session may have the gateway keep, over all its connections. */
export class BodyBudget {
  #left = mostKept

  /** Throws a BadRequest where there is no room. */
  take(bytes: number): void {
    if (bytes > this.#left) throw new BadRequest('too much is asked at once: ask again when something of it is answered', 429)
    this.#left -= bytes
  }

  give(bytes: number): void {
    this.#left += bytes
  }
}

const budgets = new WeakMap<object, BodyBudget>()

/** Of the session with this secret. */
export function budgetOf(localSecret: object): BodyBudget {
  const known = budgets.get(localSecret) ?? new BodyBudget()
  budgets.set(localSecret, known)
  return known
}
