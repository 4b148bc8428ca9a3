import { policyCount } from '../candidates/policies.ts'
import type { Figures } from '../figures.ts'
import { connectPoints, roundTrip } from '../measures/connect.ts'
import { copyMegabytes, copyPoints } from '../measures/copy.ts'
import { idleStreams, memoryPoint } from '../measures/memory.ts'
import { policyClients, policyPoints } from '../measures/policies.ts'
import { bareNode, startPoint } from '../measures/start.ts'
import { clientCounts, modes, statementsPoint } from '../measures/statements.ts'
import { countOf, micros, names, none, number, spread } from './cells.ts'
import type { Table } from './table.ts'

/** One table for each protocol. */
export function statementsTables(figures: Figures): Table[] {
  const titles = { simple: 'Statements, simple protocol, each text another', prepared: 'Statements, prepared' }
  const columns = [
    'clients',
    'candidate',
    'tps',
    'of direct',
    'of bare',
    'added p50',
    'added p99',
    'processor time',
    'of bare',
    'sent',
    'recorded',
  ]
  return modes.map((mode) => ({
    title: titles[mode],
    columns,
    rows: clientCounts.flatMap((clients) => {
      const point = statementsPoint(mode, clients)
      return figures.candidates(point).map((name) => statementsRow(figures, point, String(clients), name))
    }),
  }))
}

function statementsRow(figures: Figures, point: string, clients: string, name: string): string[] {
  const added = (figure: string) => figures.median(point, name, figure) - figures.median(point, 'direct', figure)
  const ratio = (figure: string, to: string) => number(figures.ratio(point, figure, name, to), 2)
  const direct = name === 'direct'
  return [
    clients,
    names[name] ?? name,
    spread(figures.values(point, name, 'tps')),
    ratio('tps', 'direct'),
    ratio('tps', 'bare'),
    direct ? none : micros(added('p50')),
    direct ? none : micros(added('p99')),
    direct ? none : micros(figures.median(point, name, 'processor')),
    direct ? none : ratio('processor', 'bare'),
    ...countOf(figures, name, [point]),
  ]
}

export function copyTable(figures: Figures): Table {
  const size = ` of ${copyMegabytes} MB`
  return {
    title: 'COPY',
    columns: ['what', 'candidate', 'seconds', 'time, of direct', 'rate, of bare', 'sent', 'recorded'],
    rows: Object.values(copyPoints).flatMap((point) =>
      figures
        .candidates(point)
        .map((name) => [
          point === copyPoints.masked ? point : `${point}${size}`,
          names[name] ?? name,
          spread(figures.values(point, name, 'seconds'), 2),
          number(figures.ratio(point, 'seconds', name, 'direct'), 2),
          number(figures.ratio(point, 'seconds', 'bare', name), 2),
          ...countOf(figures, name, [point]),
        ]),
    ),
  }
}

/** What hoop judges, and what judging adds. */
export function policiesTable(figures: Figures): Table {
  const clients = (count: number) => `${count} client${count === 1 ? '' : 's'}`
  const more = `${policyCount} more policies`
  const what = {
    [policyPoints.without]: `prepared, ${clients(policyClients)}`,
    [policyPoints.with]: `prepared, ${clients(policyClients)}, ${more}`,
    [policyPoints.known]: `1 KB, simple, ${clients(1)}, ${more}; the same text again`,
    [policyPoints.unseen]: `1 KB, simple, ${clients(1)}, ${more}; each text never seen`,
  }
  return {
    title: 'Policies',
    columns: ['statement', 'tps', 'p50', 'p99', 'processor time', 'sent', 'recorded'],
    rows: Object.values(policyPoints)
      .filter((point) => figures.candidates(point).length > 0)
      .map((point) => [
        what[point],
        spread(figures.values(point, 'hoop', 'tps')),
        ...['p50', 'p99', 'processor'].map((figure) => micros(figures.median(point, 'hoop', figure))),
        ...countOf(figures, 'hoop', [point]),
      ]),
  }
}

/** What reading and judging a text for the first time adds to its statement, as its client sees it. */
export function unseenMilliseconds(figures: Figures): number {
  const p50 = (point: string) => figures.median(point, 'hoop', 'p50')
  return (p50(policyPoints.unseen) - p50(policyPoints.known)) / 1000
}

export function connectTable(figures: Figures): Table {
  const { driver, near, far } = connectPoints
  return {
    title: 'A new connection and its first answer',
    columns: ['candidate', 'a driver, ms', 'psql, ms', `psql, ${roundTrip} ms away`, 'round trips', 'sent', 'recorded'],
    rows: figures
      .candidates(driver)
      .map((name) => [
        names[name] ?? name,
        spread(figures.values(driver, name, 'ms'), 1),
        spread(figures.values(near, name, 'ms'), 1),
        spread(figures.values(far, name, 'ms'), 1),
        number(roundTrips(figures, name), 1),
        ...countOf(figures, name, [driver, near, far]),
      ]),
  }
}

/** Of a new psql connection up to its first answer. The shortest times are those that the machine disturbed least. */
export function roundTrips(figures: Figures, name: string): number {
  const shortest = (point: string) => Math.min(...figures.values(point, name, 'ms'))
  return (shortest(connectPoints.far) - shortest(connectPoints.near)) / roundTrip
}

export function memoryTable(figures: Figures): Table {
  const taken = figures.observations.filter(({ point }) => point === memoryPoint)
  return {
    title: `Memory of an idle stream, of ${idleStreams} that are logged in`,
    columns: ['candidate', 'program', 'in use, garbage collected', 'resident'],
    rows: taken.flatMap(({ candidate, figures: kilobytes }) =>
      Object.entries(kilobytes)
        .filter(([what]) => what.endsWith(', resident'))
        .map(([what, resident]) => {
          const program = what.replace(', resident', '')
          const inUse = kilobytes[program]
          return [names[candidate] ?? candidate, program, inUse === undefined ? none : kb(inUse), kb(resident)]
        }),
    ),
  }
}

function kb(value: number): string {
  return `${number(value)} KB`
}

export function startTable(figures: Figures): Table {
  return {
    title: 'The command line until it says its first word',
    columns: ['command', 'ms', 'of Node that does nothing'],
    rows: figures
      .candidates(startPoint)
      .map((line) => [
        `\`${line}\``,
        spread(figures.values(startPoint, line, 'ms')),
        number(figures.ratio(startPoint, 'ms', line, bareNode), 1),
      ]),
  }
}
