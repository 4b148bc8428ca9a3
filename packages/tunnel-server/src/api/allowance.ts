import { networkOf } from './strangers.ts'

/** Networks that are remembered at a time: more come only from somebody who has very many. */
const mostNetworks = 100_000

/** So many requests a minute from one address. */
export class Allowance {
  readonly #perMinute: number
  readonly #used = new Map<string, number>()
  #until = 0

  constructor(perMinute: number) {
    this.#perMinute = perMinute
  }

  /** Whether one more is allowed at this moment; it counts. `now`: milliseconds. */
  take(address: string, now = performance.now()): boolean {
    if (now >= this.#until) {
      this.#used.clear()
      this.#until = now + 60_000
    }
    const network = networkOf(address)
    const used = this.#used.get(network) ?? 0
    if (used >= this.#perMinute || (used === 0 && this.#used.size >= mostNetworks)) return false
    this.#used.set(network, used + 1)
    return true
  }
}
