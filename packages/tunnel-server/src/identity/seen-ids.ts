/** Ids that may be used once, remembered for as long as what carries them is taken: bounded, and full means refused. */
export class SeenIds {
  readonly #keepFor: number
  readonly #most: number
  #young = new Set<string>()
  #old = new Set<string>()
  #turnedAt = performance.now()

  /** `keepFor`: milliseconds for which an id is remembered at least, and twice that at most; `most`: ids in such a time. */
  constructor({ keepFor, most }: { keepFor: number; most: number }) {
    this.#keepFor = keepFor
    this.#most = most
  }

  has(id: string): boolean {
    this.#forget()
    return this.#young.has(id) || this.#old.has(id)
  }

  /** `new` to the first who asks. */
  use(id: string): 'new' | 'seen' | 'full' {
    if (this.has(id)) return 'seen'
    if (this.#young.size >= this.#most) return 'full'
    this.#young.add(id)
    return 'new'
  }

  #forget(): void {
    const age = performance.now() - this.#turnedAt
    if (age < this.#keepFor) return
    this.#old = age < 2 * this.#keepFor ? this.#young : new Set()
    this.#young = new Set()
    this.#turnedAt = performance.now()
  }
}
