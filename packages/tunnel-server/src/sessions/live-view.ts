import type { PassedOperations } from '@hoop/contracts'

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
export class LiveView {
  /** Lines of operations that were not listed, until their outcome. */
  readonly #unlisted = new Map<string, string>()
  #budget = listedAtOnce
  #filled = performance.now()

  /** The lines to show of these, which follow one another in the record; in the order of the record, a count of what is left out at their end. */
  of(lines: readonly string[]): string[] {
    this.#refill()
    const shown: string[] = []
    let operations = 0
    let rows = 0
    for (const line of lines) {
      switch (member(line, 'type', headLength)) {
        case 'operation':
          if (!line.includes('"by":"hoop"') && this.#lists(line)) shown.push(line)
          break
        case 'outcome': {
          const id = member(line, 'operation', headLength)
          const unlisted = this.#unlisted.get(id)
          this.#unlisted.delete(id)
          if (unlisted === undefined) shown.push(line)
          else if (line.includes('"kind":"done"') && line.includes('"masked":{}')) {
            operations++
            rows += Number(/"rows":(\d+)/.exec(line)?.[1] ?? 0)
          } else shown.push(unlisted, line)
          break
        }
        case 'held':
        case 'decided':
        case 'session.closed':
          shown.push(line)
      }
    }
    if (operations > 0) shown.push(JSON.stringify({ type: 'passed', operations, rows } satisfies PassedOperations))
    return shown
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
