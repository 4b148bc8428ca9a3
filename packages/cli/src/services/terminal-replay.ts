import { setTimeout as delay } from 'node:timers/promises'
import type { TerminalEvent } from './terminal-recording.ts'

export interface ReplayOptions {
  /** 2: twice as fast. */
  readonly speed: number
  /** Milliseconds between two pieces at most. */
  readonly idleLimit: number
  readonly signal: AbortSignal
  write(text: string): void
}

/** Writes what the program printed, at the pace at which it came. */
export async function replay(events: AsyncIterable<TerminalEvent>, options: ReplayOptions): Promise<void> {
  const { speed, idleLimit, signal, write } = options
  let last = 0
  for await (const event of events) {
    if (signal.aborted) return
    if (event.kind !== 'output') continue
    const pause = Math.min(event.at - last, idleLimit) / speed
    last = event.at
    if (pause > 0) await delay(pause, undefined, { signal }).catch(() => {})
    if (!signal.aborted) write(event.text)
  }
}
