import type { Figures } from '../figures.ts'
import { httpConnections, httpPoints, requestsPoint } from '../measures/http.ts'
import { countOf, micros, names, none, number, spread } from './cells.ts'
import type { Table } from './table.ts'

/** In the tables of HTTP there is a proxy at the end of the bare chain. */
const httpNames: typeof names = { ...names, bare: 'bare proxy, bare chain' }

export function httpTables(figures: Figures): Table[] {
  return [requestsTable(figures), bodiesTable(figures), watchTable(figures)]
}

function requestsTable(figures: Figures): Table {
  const points = [
    ...httpConnections.map((count) => requestsPoint(count)),
    ...httpConnections.map((count) => requestsPoint(count, true)),
  ]
  return {
    title: 'HTTP: requests',
    columns: [
      'requests',
      'candidate',
      'a second',
      'of direct',
      'of the proxy alone',
      'of bare',
      'p50',
      'p99',
      'processor time',
      'sent',
      'recorded',
    ],
    rows: points.flatMap((point) =>
      figures
        .candidates(point)
        .map((name) => [
          point,
          httpNames[name] ?? name,
          spread(figures.values(point, name, 'rate')),
          ...['direct', 'proxy', 'bare'].map((to) => number(figures.ratio(point, 'rate', name, to), 2)),
          micros(figures.median(point, name, 'p50')),
          micros(figures.median(point, name, 'p99')),
          name === 'direct' ? none : micros(figures.median(point, name, 'processor')),
          ...countOf(figures, name, [point]),
        ]),
    ),
  }
}

function bodiesTable(figures: Figures): Table {
  return {
    title: 'HTTP: bodies',
    columns: ['what', 'candidate', 'seconds', 'rate, of direct', 'of the proxy alone', 'of bare', 'sent', 'recorded'],
    rows: [httpPoints.down, httpPoints.up, httpPoints.array].flatMap((point) =>
      figures
        .candidates(point)
        .map((name) => [
          point,
          httpNames[name] ?? name,
          spread(figures.values(point, name, 'seconds'), 2),
          ...['direct', 'proxy', 'bare'].map((to) => number(figures.ratio(point, 'seconds', to, name), 2)),
          ...countOf(figures, name, [point]),
        ]),
    ),
  }
}

function watchTable(figures: Figures): Table {
  const point = httpPoints.watch
  return {
    title: 'HTTP: a watch',
    columns: ['what', 'candidate', 'seconds', 'of direct', 'an event on its way, p50', 'p99', 'sent', 'recorded'],
    rows: figures
      .candidates(point)
      .map((name) => [
        point,
        httpNames[name] ?? name,
        spread(figures.values(point, name, 'seconds'), 2),
        number(figures.ratio(point, 'seconds', name, 'direct'), 2),
        micros(figures.median(point, name, 'p50')),
        micros(figures.median(point, name, 'p99')),
        ...countOf(figures, name, [point]),
      ]),
  }
}
