import { ConnectionList } from '@hoop/contracts'
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
        connections: usable.map(({ name, protocol, labels, databases, agent }) => ({
          name,
          protocol,
          labels,
          databases,
          ...(agent !== undefined && { agent: { name: agent, online: reachable.has(agent) } }),
        })),
      }
    },
  })
}
