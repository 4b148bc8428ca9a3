import { escapeLine, firstLine } from './escape.ts'
import type { Screen } from './screen.ts'
import { span } from './time.ts'

/** A held operation, as long as it waits. */
interface Waiting {
  readonly approval: string
  readonly text: string
  readonly expiresAt: number
}

/**
 * The last lines of a terminal: what is held now, how long it may still wait, and the command that shows it to an approver. Lines that are
 * said meanwhile go above them.
 */
export class StatusLines {
  readonly #stream: Pick<NodeJS.WriteStream, 'write' | 'columns'>
  readonly #screen: Screen
  readonly #waiting = new Map<string, Waiting>()
  #drawn = 0
  #timer: NodeJS.Timeout | null = null

  constructor(stream: Pick<NodeJS.WriteStream, 'write' | 'columns'>, screen: Screen) {
    this.#stream = stream
    this.#screen = screen
  }

  say(text: string): void {
    this.#stream.write(`${this.#erased()}${text}\n${this.#drawing()}`)
  }

  held(operation: string, waiting: Waiting): void {
    this.#waiting.set(operation, waiting)
    this.#timer ??= setInterval(() => this.#redraw(), 1000).unref()
    this.#redraw()
  }

  settled(operation: string): void {
    if (!this.#waiting.delete(operation)) return
    if (this.#waiting.size === 0) this.#stopTimer()
    this.#redraw()
  }

  /** Forgets what is held: its tunnel is gone, or the command ends. */
  clear(): void {
    this.#waiting.clear()
    this.#stopTimer()
    this.#redraw()
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #redraw(): void {
    this.#stream.write(this.#erased() + this.#drawing())
  }

  /** Back to the first of our lines, and away with them. */
  #erased(): string {
    const lines = this.#drawn
    this.#drawn = 0
    return lines === 0 ? '' : `\u001b[${lines}A\u001b[0J`
  }

  #drawing(): string {
    const { colour } = this.#screen
    const width = Math.max(20, this.#stream.columns ?? 80)
    const lines = [...this.#waiting.values()].slice(0, 5).flatMap(({ approval, text, expiresAt }) => {
      const left = `held, ${span(expiresAt - Date.now())} left`
      const what = firstLine(text, Math.max(10, width - left.length - 6))
      return [
        `${colour.yellow(left)}  ${what}`,
        colour.dim(`  hoop approvals show ${firstLine(escapeLine(approval), width - 22)}`),
      ]
    })
    this.#drawn = lines.length
    return lines.map((line) => `${line}\n`).join('')
  }
}
