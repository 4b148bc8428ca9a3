/** Decisions that are made in their order, as numbers say: fewer and smaller numbers make a simpler text, so that fast-check can shrink it. */
export class Choices {
  readonly #numbers: readonly number[]
  #at = 0

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
  }

  /** From 0 up to `count`, `count` left out; 0 when there are no numbers left. */
  below(count: number): number {
    return (this.#numbers[this.#at++] ?? 0) % count
  }

  of<T>(first: T, ...others: readonly T[]): T {
    const chosen = this.below(others.length + 1)
    return chosen === 0 ? first : (others[chosen - 1] ?? first)
  }

  /** As often as once in `times`; never when there are no numbers left. */
  once(times: number): boolean {
    return this.below(times) === times - 1
  }
}
