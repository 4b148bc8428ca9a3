import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import type { Random } from './random.ts'

/** Fractions of a duration, as many as asked for, spread evenly over it and drawn at random within their shares. */
export function drawMoments(count: number, random: Random): number[] {
  return random.shuffled(Array.from({ length: count }, (_, index) => (index + random.next()) / count))
}

/** Calls `act` at this time of `performance.now()`, to a fraction of a millisecond, unless the signal aborts before. */
export async function actAt(time: number, act: () => void, signal: AbortSignal): Promise<void> {
  // Timers come a millisecond late: the rest is waited for turn by turn, so that everything else goes on.
  const early = time - performance.now() - 2
  if (early > 0) await delay(early, undefined, { signal }).catch(() => undefined)
  while (!signal.aborted && performance.now() < time) await turn()
  if (!signal.aborted) act()
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

const bins = 10

/** A line for each tenth, with as many marks as moments fell into it. */
export function histogram(moments: readonly number[]): string {
  const counts = new Array<number>(bins).fill(0)
  for (const moment of moments) {
    const bin = Math.min(bins - 1, Math.floor(moment * bins))
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return counts
    .map((count, bin) => `  ${(bin / bins).toFixed(1)} to ${((bin + 1) / bins).toFixed(1)}  ${'#'.repeat(count)} ${count}`)
    .join('\n')
}
