import { setTimeout as pause } from 'node:timers/promises'
import type { Position, SessionRecord } from './session-record.ts'

/** Milliseconds; nobody who follows a session sees the difference. */
const gatherTime = 50
/** Characters of lines that may wait for a follower in memory. One that is slower reads the rest from the file. */
const mostWaiting = 1024 * 1024

/** What somebody sees of the lines of a record, which it gets one after the other. */
export interface LineView {
  add(line: string): void
  /** What is to be seen of the lines since the last call, and the characters that this is, or is not more than. */
  take(): string[]
  readonly size: number
}

/** Every line, as it stands on the record. */
export class WholeView implements LineView {
  #lines: string[] = []
  size = 0

  add(line: string): void {
    this.#lines.push(line)
    this.size += line.length
  }

  take(): string[] {
    const lines = this.#lines
    this.#lines = []
    this.size = 0
    return lines
  }
}

/** The end of a record that is being written, for one who follows it. */
export class Tail {
  readonly #live: SessionRecord
  readonly #view: LineView
  readonly #leave: () => void
  /** The end of what the view got from the writer; null: it gets nothing from there. */
  #seen: Position | null = null
  /** The view has lines that were not taken. */
  #fresh = false
  /** Lines were written that the view did not get. */
  #overflown = false
  #onGrowth = () => {}
  #onEnd = () => {}

  constructor(live: SessionRecord, view: LineView) {
    this.#live = live
    this.#view = view
    this.#leave = live.subscribe(
      (lines) => this.#add(lines),
      () => this.#onEnd(),
    )
  }

  /**
   * What the view shows of the lines that are written behind this place, where it is the end. Returns the place from which the file has to be
   * read: when more was written meanwhile, more than may wait, the last line, or not yet the line after which they are wanted.
   */
  async *follow(place: Position, after: number, signal: AbortSignal | undefined): AsyncGenerator<string[], Position, void> {
    const { position, head } = this.#live
    if (position.segment !== place.segment || position.bytes !== place.bytes || head.seq < after) {
      await pause(gatherTime, undefined, { signal }).catch(() => {})
      return place
    }
    this.#seen = place
    for (;;) {
      // Looked at before taking: what comes while the other side is busy with these is in the next round.
      const over = this.#overflown || this.#live.ended || signal?.aborted
      const shown = this.#take()
      if (shown.length > 0) yield shown
      if (over) break
      await this.#growth(signal)
    }
    const seen = this.#seen
    this.#seen = null
    this.#overflown = false
    return seen
  }

  stop(): void {
    this.#leave()
  }

  /**
   * Waits for the next line, and a moment for those that follow it: a reader that is woken for each line of a busy session would cost
   * more than the session. Resolves at once when the record has ended or the signal aborts.
   */
  #growth(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      if (this.#live.ended || signal?.aborted) return resolve()
      let gathering: NodeJS.Timeout | null = null
      const finish = () => {
        this.#onGrowth = () => {}
        signal?.removeEventListener('abort', finish)
        if (gathering !== null) clearTimeout(gathering)
        resolve()
      }
      const gather = () => {
        gathering ??= setTimeout(finish, gatherTime)
      }
      this.#onGrowth = gather
      this.#onEnd = finish
      signal?.addEventListener('abort', finish)
      if (this.#fresh) gather()
    })
  }

  #take(): string[] {
    this.#fresh = false
    return this.#view.take()
  }

  #add(lines: readonly string[]): void {
    if (this.#seen === null || this.#overflown) return
    this.#overflown = this.#view.size > mostWaiting
    if (!this.#overflown) {
      for (const line of lines) this.#view.add(line)
      this.#seen = this.#live.position
      this.#fresh = true
    }
    this.#onGrowth()
  }
}
