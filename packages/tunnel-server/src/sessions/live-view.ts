import type { PassedOperations } from '@hoop/contracts'
import type { LineView } from '@hoop/recording'

/** Operations a second, and at once, that are listed although nothing came of them but their result: what a person can follow. */
const listedPerSecond = 20
const listedAtOnce = 100
/** Operations that run at the same time and are not listed; beyond them all are. */
const maxUnlisted = 10_000

/** Where the type of an event stands in its line, at the earliest: behind its number, time and the hash before it. */
const headLength = 100

/**
 * What a person at `hoop connect` can follow of a record that is being written: each operation that was refused, held, masked or failed, and those that
 * went through as long as they are few. Of many they are counted.
 */
export class LiveView implements LineView {
  /** Lines of operations that were not listed, until their outcome. */
  readonly #unlisted = new Map<string, string>()
  #shown: string[] = []
  #size = 0
  /** Operations that went through, and their rows, since the last call of `take`. */
  #operations = 0
  #rows = 0
  #budget = listedAtOnce
  #filled = performance.now()

  get size(): number {
    return this.#size
  }

  add(line: string): void {
    switch (member(line, 'type', headLength)) {
      case 'operation':
        if (!line.includes('"by":"hoop"') && this.#lists(line)) this.#show(line)
        break
      case 'outcome': {
        const id = member(line, 'operation', headLength)
        const unlisted = this.#unlisted.get(id)
        this.#unlisted.delete(id)
        if (unlisted === undefined) this.#show(line)
        else if (line.includes('"kind":"done"') && line.includes('"masked":{}')) {
          this.#operations++
          this.#rows += Number(/"rows":(\d+)/.exec(line)?.[1] ?? 0)
        } else {
          this.#show(unlisted)
          this.#show(line)
        }
        break
      }
      case 'held':
      case 'decided':
      case 'session.closed':
        this.#show(line)
    }
  }

  /** In the order of the record, a count of what is left out at their end. */
  take(): string[] {
    const shown = this.#shown
    const passed: PassedOperations = { type: 'passed', operations: this.#operations, rows: this.#rows }
    if (passed.operations > 0) shown.push(JSON.stringify(passed))
    this.#shown = []
    this.#size = this.#operations = this.#rows = 0
    this.#refill()
    return shown
  }

  #show(line: string): void {
    this.#shown.push(line)
    this.#size += line.length
  }

  #refill(): void {
    const now = performance.now()
    this.#budget = Math.min(listedAtOnce, this.#budget + ((now - this.#filled) / 1000) * listedPerSecond)
    this.#filled = now
  }

  #lists(line: string): boolean {
    if (!line.includes('"verdict":"permit"') || this.#unlisted.size >= maxUnlisted) return true
    if (this.#budget >= 1) {
      this.#budget--
      return true
    }
    this.#unlisted.set(member(line, 'id', headLength), line)
    return false
  }
}

/** A member of the event, a text without escapes. A quote within another text is escaped, so that this is found nowhere else. */
function member(line: string, name: string, from: number): string {
  const key = `"${name}":"`
  const start = line.indexOf(key, from) + key.length
  return start < key.length ? '' : line.slice(start, line.indexOf('"', start))
}
