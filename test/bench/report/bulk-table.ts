import { type Masking, maskings } from '../candidates/masked.ts'
import type { Figures } from '../figures.ts'
import { bulkFormats, bulkPoint, bulkRows } from '../measures/bulk.ts'
import { countOf, names, none, number, spread } from './cells.ts'
import type { Table } from './table.ts'

export const bulkNames: Readonly<Record<Masking, string>> = {
  none: 'nothing masked',
  columns: 'two columns masked by name',
  detectors: 'detectors of all kinds on all columns',
}

/** The rate of a masked result of that of the same rows unmasked, both through hoop. */
export function bulkRatio(figures: Figures, format: (typeof bulkFormats)[number], masking: Masking): number {
  const seconds = (which: Masking) => figures.median(bulkPoint(format, which), 'hoop', 'seconds')
  return seconds('none') / seconds(masking)
}

export function bulkTable(figures: Figures): Table {
  return {
    title: `A select of ${number(bulkRows)} rows of ten columns`,
    columns: [
      'format',
      'what',
      'candidate',
      'seconds',
      'rate, of direct',
      'of unmasked',
      'processor time, s',
      'sent',
      'recorded',
    ],
    rows: bulkFormats.flatMap((format) =>
      maskings.flatMap((masking) => {
        const point = bulkPoint(format, masking)
        const direct = figures.median(bulkPoint(format, 'none'), 'direct', 'seconds')
        return figures
          .candidates(point)
          .map((name) => [
            format,
            bulkNames[masking],
            names[name] ?? name,
            spread(figures.values(point, name, 'seconds'), 2),
            number(direct / figures.median(point, name, 'seconds'), 2),
            name === 'hoop' ? number(bulkRatio(figures, format, masking), 2) : none,
            name === 'direct' ? none : spread(figures.values(point, name, 'processor'), 2),
            ...countOf(figures, name, [point]),
          ])
      }),
    ),
  }
}
