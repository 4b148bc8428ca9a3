import { ConnectionList } from '@hoop/contracts'
import { summaryOf } from '../connections/summary.ts'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

export function connectionRoutes(app: Api, { access, documents, reachable }: ApiParts): void {
  app.route({
    method: 'GET',
    url: '/v1/connections',
    schema: { response: { 200: ConnectionList } },
    handler: (request) => {
      const usable = access.usable(callerOf(request).identity, documents.current().connections.values())
      return {
        connections: usable.map((connection) => ({
          ...summaryOf(connection),
          ...(connection.agent !== undefined && { agent: { name: connection.agent, online: reachable.has(connection.agent) } }),
        })),
      }
    },
  })
}
