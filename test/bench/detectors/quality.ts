import type { DetectorKind, Detectors } from '@hoop/contracts'
import { baseline } from './baseline.ts'
import type { Sample } from './values.ts'

interface Range {
  readonly kind: string
  readonly start: number
  readonly end: number
}
/** What looks through one text. */
type Finder = (text: string) => readonly Range[]

/** Of one kind: how much of what was found is one, and how much of what is there was found. */
export interface Quality {
  readonly kind: DetectorKind
  readonly precision: number
  readonly recall: number
}

export function byDetectors(detectors: Detectors): Finder {
  return (text) => {
    const bytes = Buffer.from(text, 'latin1')
    return detectors.find(bytes, 0, bytes.length)
  }
}

export const byExpressions: Finder = (text) =>
  Object.entries(baseline).flatMap(([kind, expression]) =>
    [...text.matchAll(expression)].map(({ index, 0: found }) => ({ kind, start: index, end: index + found.length })),
  )

/** A value counts as found where something of its kind covers all of it; what covers no part of one of its kind is a false alarm. */
export function judge(samples: readonly Sample[], find: Finder): Quality[] {
  const counts = new Map<string, { there: number; found: number; alarms: number }>()
  const of = (kind: string) => {
    const known = counts.get(kind) ?? { there: 0, found: 0, alarms: 0 }
    counts.set(kind, known)
    return known
  }
  for (const { text, label } of samples) {
    const ranges = find(text)
    for (const range of ranges) {
      const right = label?.kind === range.kind && range.start < label.end && range.end > label.start
      if (!right) of(range.kind).alarms++
    }
    if (label === null) continue
    of(label.kind).there++
    if (ranges.some(({ kind, start, end }) => kind === label.kind && start <= label.start && end >= label.end))
      of(label.kind).found++
  }
  return [...counts]
    .filter(([, { there }]) => there > 0)
    .map(([kind, { there, found, alarms }]) => ({
      kind: kind as DetectorKind,
      precision: found + alarms === 0 ? 1 : found / (found + alarms),
      recall: found / there,
    }))
}
