import type { ConnectionSummary } from '@hoop/contracts'
import { type Screen, table } from './screen.ts'

export function connectionTable(screen: Screen, connections: readonly ConnectionSummary[]): Promise<string> {
  const rows = connections.map(({ name, protocol, databases, labels, agent }) => [
    name,
    protocol,
    agent === undefined ? '' : agent.online ? agent.name : `${agent.name} (offline)`,
    databases.join(', '),
    Object.entries(labels)
      .map(([label, value]) => `${label}=${value}`)
      .join(', '),
  ])
  return table(screen, ['NAME', 'PROTOCOL', 'AGENT', 'DATABASES', 'LABELS'], rows, (cell, column) =>
    column === 0 ? screen.colour.bold(cell) : column === 2 && cell.endsWith('(offline)') ? screen.colour.yellow(cell) : cell,
  )
}
