import { parseArgs } from 'node:util'
import { type CandidateName, candidateNames } from './candidates/candidate.ts'

/** In the order in which they run. */
export const measureNames = ['start', 'memory', 'connect', 'statements', 'policies', 'copy', 'bulk', 'http', 'detectors'] as const
export type MeasureName = (typeof measureNames)[number]

export interface BenchOptions {
  readonly measures: readonly MeasureName[]
  /** Beside the direct connection. */
  readonly candidates: readonly CandidateName[]
  readonly rounds: number
  /** Of each turn of pgbench. */
  readonly seconds: number
  /** A file for all that was observed. */
  readonly json: string | null
  /** A page for the report. */
  readonly markdown: string | null
}

/** The tunnel alone is for whoever looks for where the time goes. */
const usual = candidateNames.filter((name) => name !== 'tunnel')

/** @throws with words where an argument is wrong. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '2' },
      json: { type: 'string' },
      markdown: { type: 'string' },
    },
  })
  const known: readonly string[] = [...measureNames, ...candidateNames]
  const unknown = values.only.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`--only ${unknown[0]}: it is one of ${known.join(', ')}`)
  const measures = measureNames.filter((name) => values.only.includes(name))
  const candidates = candidateNames.filter((name) => values.only.includes(name))
  return {
    measures: measures.length === 0 ? measureNames : measures,
    // The bare chain is what bounds are given against.
    candidates: candidates.length === 0 ? usual : candidateNames.filter((name) => name === 'bare' || candidates.includes(name)),
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    json: values.json ?? null,
    markdown: values.markdown ?? null,
  }
}

function positive(name: string, text: string): number {
  if (!/^[1-9][0-9]{0,3}$/.test(text)) throw new Error(`--${name} ${text}: it is a whole number from 1`)
  return Number(text)
}
