import type { Sample } from '../support/index.ts'
import type { Candidate } from './candidates/candidate.ts'
import type { Figures } from './figures.ts'

/** What every measure works with. */
export interface Stage {
  readonly sample: Sample
  readonly candidates: readonly Candidate[]
  readonly figures: Figures
  readonly rounds: number
  readonly seconds: number
  /** A folder for scripts and data. */
  readonly folder: string
}

/** Each candidate once a round, there and back, so that what else the machine does meets all alike. */
export async function inTurns<C>(candidates: readonly C[], rounds: number, turn: (candidate: C) => Promise<void>): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const candidate of round % 2 === 0 ? candidates : candidates.toReversed()) await turn(candidate)
  }
}
