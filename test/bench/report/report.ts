import { availableParallelism } from 'node:os'
import type { Figures } from '../figures.ts'
import type { BenchOptions } from '../options.ts'
import { boundsTable } from './bounds.ts'
import { bulkTable } from './bulk-table.ts'
import { number } from './cells.ts'
import { detectorTables } from './detector-tables.ts'
import { httpTables } from './http-tables.ts'
import { markdown } from './table.ts'
import { connectTable, copyTable, memoryTable, policiesTable, startTable, statementsTables } from './tables.ts'

/** What a run found, as Markdown: how it was taken, a table for each measure, the bounds, and the two counts. */
export function report(figures: Figures, { rounds, seconds }: BenchOptions): string {
  const tables = [
    boundsTable(figures),
    ...statementsTables(figures),
    policiesTable(figures),
    copyTable(figures),
    bulkTable(figures),
    connectTable(figures),
    memoryTable(figures),
    ...httpTables(figures),
    startTable(figures),
    ...detectorTables(figures),
  ]
  const sum = (which: 'sent' | 'recorded') => number(figures.counts.reduce((total, each) => total + each[which], 0))
  const wrong = figures.counts.filter(({ sent, recorded }) => sent !== recorded)
  return [
    `Medians (least to most), ${rounds} rounds, ${seconds} s of load each; Node ${process.versions.node}, ${availableParallelism()} processors for everything.`,
    '',
    ...tables.filter(({ rows }) => rows.length > 0).map(markdown),
    `Statements sent through hoop: ${sum('sent')}; operations recorded: ${sum('recorded')}.`,
    ...wrong.map(({ candidate, point, sent, recorded }) => `**${candidate}, ${point}: ${sent} sent, ${recorded} recorded**`),
    '',
  ].join('\n')
}
