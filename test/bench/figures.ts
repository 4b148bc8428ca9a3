import type { Candidate } from './candidates/candidate.ts'

/** What one turn of one candidate gave at one point: `simple, 8 clients`, `COPY out`, … */
export interface Observation {
  /** Also the name that the application logs in under: the record is counted by it. */
  readonly point: string
  readonly candidate: string
  readonly figures: Readonly<Record<string, number>>
  /** Sent meanwhile. */
  readonly statements: number
}

/** What a candidate was sent at one point, and what its record has of it: the same, or figures are worth nothing. */
export interface Count {
  readonly candidate: string
  readonly point: string
  readonly sent: number
  readonly recorded: number
}

/** All that was observed in a run. */
export class Figures {
  readonly observations: Observation[] = []
  readonly counts: Count[] = []

  add(observation: Observation): void {
    this.observations.push(observation)
  }

  /** Which have been observed at a point, in the order in which they came. */
  candidates(point: string): string[] {
    return [...new Set(this.observations.filter((each) => each.point === point).map(({ candidate }) => candidate))]
  }

  values(point: string, candidate: string, figure: string): number[] {
    return this.observations
      .filter((each) => each.point === point && each.candidate === candidate)
      .flatMap(({ figures }) => figures[figure] ?? [])
  }

  /** All points of a candidate. */
  points(candidate: string): string[] {
    return [...new Set(this.observations.filter((each) => each.candidate === candidate).map(({ point }) => point))]
  }

  /** Points of a candidate that no record was counted for yet. */
  uncounted(candidate: string): string[] {
    const isCounted = (point: string) => this.counts.some((count) => count.candidate === candidate && count.point === point)
    return this.points(candidate).filter((point) => !isCounted(point))
  }

  /** NaN where nothing was observed. */
  median(point: string, candidate: string, figure: string): number {
    return median(this.values(point, candidate, figure))
  }

  /** Of the medians, in one run. */
  ratio(point: string, figure: string, candidate: string, to: string): number {
    return this.median(point, candidate, figure) / this.median(point, to, figure)
  }

  /** Counts these points of a candidate that keeps a record, and whatever else is on that record. */
  async count({ name, recorded }: Pick<Candidate, 'name' | 'recorded'>, points: readonly string[]): Promise<void> {
    if (recorded === null) return
    const operations = await recorded()
    for (const point of new Set([...points, ...operations.keys()])) {
      const sent = this.observations
        .filter((each) => each.candidate === name && each.point === point && points.includes(point))
        .reduce((sum, { statements }) => sum + statements, 0)
      this.counts.push({ candidate: name, point, sent, recorded: operations.get(point) ?? 0 })
    }
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN
}

/** NaN where nothing was observed. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
