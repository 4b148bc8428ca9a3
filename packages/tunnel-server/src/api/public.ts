import { GatewayConfig, HoopError } from '@hoop/contracts'
import { z } from 'zod'
import type { Api, ApiParts } from './server.ts'

/** What needs no login: whether the gateway works, and how to log in. */
export function publicRoutes(app: Api, { config, flows, store, feed, health }: ApiParts): void {
  app.route({
    method: 'GET',
    url: '/v1/healthz',
    config: { public: true },
    schema: { response: { 200: z.object({ status: z.literal('ok') }) } },
    handler: async () => {
      await store.ping()
      if (!feed.fresh) throw new HoopError('unavailable', 'Changes in the store are not heard.')
      return { status: 'ok' as const }
    },
  })
  app.route({
    method: 'GET',
    url: '/healthz',
    config: { public: true },
    schema: { response: { 200: z.object({ status: z.literal('ok') }) } },
    handler: () => ({ status: 'ok' as const }),
  })
  app.route({
    method: 'GET',
    url: '/readyz',
    config: { public: true },
    schema: { response: { 200: z.object({ status: z.literal('ready') }), 503: z.object({ status: z.literal('not ready') }) } },
    // Why not is for those who run the gateway: its log says it, and the listener of its metrics.
    handler: async (_, reply) =>
      (await health.ready()) ? { status: 'ready' as const } : reply.code(503).send({ status: 'not ready' as const }),
  })
  app.route({
    method: 'GET',
    url: '/v1/config',
    config: { public: true },
    schema: { response: { 200: GatewayConfig } },
    handler: async () => ({ ...config, flows: await flows.offered() }),
  })
}
