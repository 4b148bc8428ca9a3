import { ApiError, agentPaths, HoopError } from '@hoop/contracts'
import { z } from 'zod'
import type { Api } from './server.ts'

/**
 * Where WebSockets begin. They are taken off the listener before they get here: what arrives is a plain request, or one more than an address
 * may ask for in a minute.
 */
export function upgradeRoutes(app: Api): void {
  const tunnels = [
    ['/v1/tunnel', z.object({ id: z.uuid() }).loose()],
    [agentPaths.tunnel, z.looseObject({})],
  ] as const
  for (const [url, querystring] of tunnels) {
    app.route({
      method: 'GET',
      url,
      config: { public: true },
      schema: { querystring, response: { 400: ApiError, 429: ApiError } },
      handler: ({ headers }) => {
        if (headers.upgrade !== undefined)
          throw new HoopError('too_many_requests', 'Too many tunnels are asked for. Try again in a minute.')
        throw new HoopError('invalid_request', 'A tunnel is a WebSocket: this request asks for none.')
      },
    })
  }
}
