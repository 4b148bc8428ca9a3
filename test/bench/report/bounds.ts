import { policyCount } from '../candidates/policies.ts'
import type { Figures } from '../figures.ts'
import { bulkFormats } from '../measures/bulk.ts'
import { connectPoints } from '../measures/connect.ts'
import { copyPoints } from '../measures/copy.ts'
import { detectorsCandidates, detectorsPoint } from '../measures/detectors.ts'
import { httpConnections, httpPoints, requestsPoint } from '../measures/http.ts'
import { memoryPoint } from '../measures/memory.ts'
import { policyPoints } from '../measures/policies.ts'
import { bareNode, startLines, startPoint } from '../measures/start.ts'
import { clientCounts, modes, statementsPoint } from '../measures/statements.ts'
import { bulkNames, bulkRatio } from './bulk-table.ts'
import { number } from './cells.ts'
import type { Table } from './table.ts'
import { roundTrips, unseenMilliseconds } from './tables.ts'

interface Bound {
  readonly what: string
  readonly least?: number
  readonly most?: number
  readonly unit: string
  readonly digits: number
  readonly measured: number
}

/** One line of the table of bounds. */
export interface Judged {
  readonly what: string
  readonly bound: string
  readonly measured: string
  readonly within: boolean
}

/** What the project holds itself to, as far as it was measured. It is told, and never a failure: times depend on the machine. */
export function judgeBounds(figures: Figures): Judged[] {
  return bounds(figures)
    .filter(({ measured }) => Number.isFinite(measured))
    .map(({ what, least, most, unit, digits, measured }) => {
      // Judged as it is printed.
      const value = Number(measured.toFixed(digits))
      const within = value >= (least ?? Number.NEGATIVE_INFINITY) && value <= (most ?? Number.POSITIVE_INFINITY)
      const bound = least === undefined ? `≤ ${number(most ?? Number.NaN, digits)}` : `≥ ${number(least, digits)}`
      return { what, bound: `${bound}${unit}`, measured: `${number(value, digits)}${unit}`, within }
    })
}

export function boundsTable(figures: Figures): Table {
  return {
    title: 'Bounds',
    columns: ['what', 'bound', 'measured', 'within'],
    rows: judgeBounds(figures).map(({ what, bound, measured, within }) => [what, bound, measured, within ? 'yes' : '**no**']),
  }
}

function bounds(figures: Figures): Bound[] {
  const ratio = { unit: '×', digits: 2 }
  const { driver } = connectPoints
  const startBound = Math.max(150, 2 * figures.median(startPoint, bareNode, 'ms'))
  const slowest = Math.max(...startLines.map((line) => figures.median(startPoint, line, 'ms')))
  return [
    ...modes.map((mode) => ({
      ...ratio,
      what: `tps of the bare chain, ${statementsPoint(mode, 8)}`,
      least: 0.6,
      measured: figures.ratio(statementsPoint(mode, 8), 'tps', 'hoop', 'bare'),
    })),
    ...modes.flatMap((mode) =>
      clientCounts.map((clients) => ({
        ...ratio,
        what: `processor time of the bare chain, ${statementsPoint(mode, clients)}`,
        most: 1.8,
        measured: figures.ratio(statementsPoint(mode, clients), 'processor', 'hoop', 'bare'),
      })),
    ),
    {
      ...ratio,
      what: `tps with ${policyCount} more policies, of without them`,
      least: 0.9,
      measured: figures.median(policyPoints.with, 'hoop', 'tps') / figures.median(policyPoints.without, 'hoop', 'tps'),
    },
    {
      what: `a statement of 1 KB that was never seen, ${policyCount} policies`,
      most: 1,
      unit: ' ms',
      digits: 2,
      measured: unseenMilliseconds(figures),
    },
    ...[copyPoints.out, copyPoints.in].map((point) => ({
      ...ratio,
      what: `${point}, rate of the bare chain`,
      least: 0.6,
      measured: figures.ratio(point, 'seconds', 'bare', 'hoop'),
    })),
    {
      ...ratio,
      what: `${copyPoints.masked}, time of direct`,
      most: 1.7,
      measured: figures.ratio(copyPoints.masked, 'seconds', 'hoop', 'direct'),
    },
    ...bulkFormats.flatMap((format) =>
      (['columns', 'detectors'] as const).map((masking) => ({
        ...ratio,
        what: `${bulkNames[masking]}, ${format}: rate of the same rows unmasked`,
        least: masking === 'columns' ? 0.5 : 0.4,
        measured: bulkRatio(figures, format, masking),
      })),
    ),
    ...httpConnections.map((count) => ({
      ...ratio,
      what: `HTTP requests a second, of the bare proxy behind the bare chain, ${requestsPoint(count)}`,
      least: 0.6,
      measured: figures.ratio(requestsPoint(count), 'rate', 'hoop', 'bare'),
    })),
    ...[httpPoints.down, httpPoints.up].map((point) => ({
      ...ratio,
      what: `HTTP, ${point}, rate of the same`,
      least: 0.7,
      measured: figures.ratio(point, 'seconds', 'bare', 'hoop'),
    })),
    {
      ...ratio,
      what: `HTTP, ${httpPoints.watch}, time of direct`,
      most: 1.05,
      measured: figures.ratio(httpPoints.watch, 'seconds', 'hoop', 'direct'),
    },
    {
      what: 'a new connection and its first answer: twice direct and 5 ms',
      most: 2 * figures.median(driver, 'direct', 'ms') + 5,
      unit: ' ms',
      digits: 1,
      measured: figures.median(driver, 'hoop', 'ms'),
    },
    { what: 'the same from far away by psql', most: 4, unit: ' round trips', digits: 0, measured: roundTrips(figures, 'hoop') },
    {
      what: 'memory of an idle stream in the gateway',
      most: 40,
      unit: ' KB',
      digits: 0,
      measured: figures.median(memoryPoint, 'hoop', 'gateway'),
    },
    {
      what: 'detectors of all kinds over ordinary text, one core',
      least: 300,
      unit: ' MB/s',
      digits: 0,
      measured: figures.median(detectorsPoint, detectorsCandidates.detectors, 'rate'),
    },
    { what: 'the slowest command: 150 ms, or twice Node', most: startBound, unit: ' ms', digits: 0, measured: slowest },
  ]
}
