import swagger from '@fastify/swagger'
import * as contracts from '@hoop/contracts'
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { descriptions } from './descriptions.ts'
import type { Api } from './server.ts'

/** Answers that go on, one JSON value a line: their handlers write them themselves. */
const lines: ReadonlySet<string> = new Set(['GET /v1/sessions/:id/events', 'GET /v1/approvals/watch'])
const upgraded: ReadonlySet<string> = new Set(['GET /v1/tunnel', 'GET /v1/agent/tunnel'])
const form: ReadonlySet<string> = new Set(['POST /v1/oidc/backchannel-logout', 'POST /v1/notify/slack/:name'])

/**
 * Describes each route that is added from now on, by the very schemas that its requests and answers are checked with, and serves the document
 * (OpenAPI 3.1) at `/v1/openapi.json`.
 */
export async function describeApi(app: Api, { version }: { readonly version: string }): Promise<void> {
  const schemas = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(contracts)) if (schema instanceof z.ZodType) schemas.add(schema, { id })
  const options = { schemaRegistry: schemas, zodToJsonConfig: { unrepresentable: 'any' as const } }
  const transform = createJsonSchemaTransform(options)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'hoop gateway', version, license: { name: 'MIT', identifier: 'MIT' } },
      components: {
        securitySchemes: {
          dpop: {
            type: 'http',
            scheme: 'DPoP',
            description: 'An access token, with a proof of its key in the header DPoP (RFC 9449).',
          },
        },
      },
    },
    transform: (document) => {
      const { schema, url, route } = document
      const key = `${[route.method].flat()[0]} ${url}`
      const described = {
        ...schema,
        summary: descriptions[key] ?? '',
        ...(!route.config?.public && { security: [{ dpop: [] }] }),
        ...(form.has(key) && { consumes: ['application/x-www-form-urlencoded'] }),
        response: { ...answersOf(key, schema?.response), default: contracts.ApiError },
      }
      return transform({ ...document, schema: described })
    },
    transformObject: createJsonSchemaTransformObject(options),
  })
  app.route({ method: 'GET', url: '/v1/openapi.json', config: { public: true }, handler: () => app.swagger() })
}

/** What a route answers with, where its schema leaves that to its handler. */
function answersOf(key: string, declared: unknown): Record<string, unknown> {
  if (lines.has(key)) {
    return { 200: { description: 'One JSON value a line.', content: { 'application/x-ndjson': { schema: z.string() } } } }
  }
  if (upgraded.has(key))
    return { 101: { description: 'A WebSocket.', content: { 'application/octet-stream': { schema: z.string() } } } }
  return typeof declared === 'object' && declared !== null ? { ...declared } : { 200: z.unknown() }
}
