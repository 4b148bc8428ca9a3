import type { ConnectionDocument, ConnectionSummary } from '@hoop/contracts'

/** What those who may use a connection see of it. */
export function summaryOf(connection: ConnectionDocument): ConnectionSummary {
  const { name, protocol, labels } = connection
  return { name, protocol, labels, databases: connection.protocol === 'postgres' ? connection.databases : [] }
}
