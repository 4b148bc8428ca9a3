import { ApplyRequest, ApplyResult, DocumentKind, DocumentName, DocumentsResponse } from '@hoop/contracts'
import { z } from 'zod'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

/** A million characters of YAML, each escaped in JSON at worst. */
const bodyLimit = 6 * 1024 * 1024
const ByKind = z.object({ kind: DocumentKind })
const ByName = z.object({ kind: DocumentKind, name: DocumentName })

export function documentRoutes(app: Api, { access, documentStore }: ApiParts): void {
  app.route({
    method: 'POST',
    url: '/v1/documents',
    bodyLimit,
    schema: { body: ApplyRequest, response: { 200: ApplyResult } },
    // Before the body is read: who may not write may not send a large one either.
    preParsing: async (request) => access.authorise(callerOf(request), { kind: 'document.write' }),
    handler: async (request) => await documentStore.apply(callerOf(request).identity, request.body.yaml, request.body.file),
  })
  app.route({
    method: 'GET',
    url: '/v1/documents/:kind',
    schema: { params: ByKind, response: { 200: DocumentsResponse } },
    handler: async (request) => {
      const caller = callerOf(request)
      access.authorise(caller, { kind: 'document.read' })
      return { yaml: await documentStore.print(caller.identity, request.params.kind, null) }
    },
  })
  app.route({
    method: 'GET',
    url: '/v1/documents/:kind/:name',
    schema: { params: ByName, response: { 200: DocumentsResponse } },
    handler: async (request) => {
      const caller = callerOf(request)
      access.authorise(caller, { kind: 'document.read' })
      return { yaml: await documentStore.print(caller.identity, request.params.kind, request.params.name) }
    },
  })
  app.route({
    method: 'DELETE',
    url: '/v1/documents/:kind/:name',
    schema: { params: ByName, response: { 204: z.undefined() } },
    handler: async (request, reply) => {
      const caller = callerOf(request)
      access.authorise(caller, { kind: 'document.write' })
      await documentStore.remove(caller.identity, request.params.kind, request.params.name)
      return reply.code(204).send()
    },
  })
}
