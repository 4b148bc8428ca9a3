import { readFile } from 'node:fs/promises'

/** Ticks a second, the same on every Linux. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const ticksPerSecond = 100
const interval = 50

interface Reading {
  /** Microseconds since 1970. */
  readonly time: number
  /** Microseconds of processor time that all processes together have used so far. */
  readonly used: number
}

/** Looks at the processor time of some processes again and again, so that it can be told for any part of that time. */
export class ProcessorWatch {
  readonly #pids: readonly number[]
  readonly #readings: Reading[] = []
  readonly #timer: NodeJS.Timeout

  constructor(pids: readonly number[]) {
    this.#pids = pids
    this.#timer = setInterval(() => void this.#read().catch(() => {}), interval)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Microseconds for each of what ended at these moments (microseconds since 1970, sorted), from the first of them to the last. NaN: too few to tell. */
  forEach(ends: Float64Array): number {
    const [start, end] = [ends.at(0) ?? 0, ends.at(-1) ?? 0]
    const within = this.#readings.filter(({ time }) => time >= start && time <= end)
    const [first, last] = [within[0], within.at(-1)]
    if (first === undefined || last === undefined || first === last) return Number.NaN
    return (last.used - first.used) / ends.filter((each) => each > first.time && each <= last.time).length
  }

  async #read(): Promise<void> {
    const used = await processorTime(this.#pids)
    this.#readings.push({ time: (performance.timeOrigin + performance.now()) * 1000, used })
  }
}

/** Microseconds of processor time that these processes together have used so far. */
export async function processorTime(pids: readonly number[]): Promise<number> {
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8')))
  return (texts.reduce((sum, text) => sum + ticksOf(text), 0) / ticksPerSecond) * 1e6
}

/** In user and in system mode; the name before them may hold spaces and parentheses. */
function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
