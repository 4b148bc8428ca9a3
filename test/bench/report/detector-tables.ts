import type { Figures } from '../figures.ts'
import { detectorsPoint, qualityPoint } from '../measures/detectors.ts'
import { number, spread } from './cells.ts'
import type { Table } from './table.ts'

/** How fast values are looked for, and what is found of each kind. */
export function detectorTables(figures: Figures): Table[] {
  const share = (kind: string, figure: string) => number(figures.median(qualityPoint, kind, figure), 3)
  return [
    {
      title: 'Detectors, all kinds over ordinary text, one core',
      columns: ['what looks', 'MB for each second of processor time'],
      rows: figures
        .candidates(detectorsPoint)
        .map((candidate) => [candidate, spread(figures.values(detectorsPoint, candidate, 'rate'))]),
    },
    {
      title: 'Detectors, what is found of a generated corpus, beside regular expressions',
      columns: ['kind', 'precision', 'recall', 'of expressions, precision', 'recall'],
      rows: figures
        .candidates(qualityPoint)
        .map((kind) => [
          kind,
          ...['precision', 'recall', 'regularPrecision', 'regularRecall'].map((figure) => share(kind, figure)),
        ]),
    },
  ]
}
