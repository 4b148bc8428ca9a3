import { KillRequest, OpenSessionRequest, OpenSessionResponse, SessionList, SessionSummary } from '@hoop/contracts'
import { z } from 'zod'
import { writeAdminLog } from '../store/admin-log.ts'
import { callerOf } from './authentication.ts'
import { sendLines } from './ndjson.ts'
import type { Api, ApiParts } from './server.ts'

const ById = z.object({ id: z.string().max(100) })
const ListQuery = z.strictObject({
  connection: z.string().max(100).optional(),
  identity: z.string().max(2000).optional(),
  state: z.enum(['open', 'closed']).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
})
const EventsQuery = z.strictObject({
  after: z.coerce.number().int().min(-1).default(-1),
  follow: z.stringbool().default(false),
  live: z.stringbool().default(false),
  bytes_of: z
    .string()
    .regex(/^op_[a-z0-9_]{1,64}$/)
    .optional(),
})

export function sessionRoutes(app: Api, { sessions, access, standing, documents, store, closing }: ApiParts): void {
  app.route({
    method: 'POST',
    url: '/v1/sessions',
    schema: { body: OpenSessionRequest, response: { 200: OpenSessionResponse } },
    handler: async (request) => {
      const caller = callerOf(request)
      const name = request.body.connection
      access.authorise(caller, { kind: 'connection.use', connection: documents.connection(name), name })
      return await sessions.open(caller, request.body, request.ip)
    },
  })
  app.route({
    method: 'GET',
    url: '/v1/sessions',
    schema: { querystring: ListQuery, response: { 200: SessionList } },
    handler: async (request) => {
      const caller = callerOf(request)
      const { connection = null, state = null, limit } = request.query
      // Without a name: everybody's for those who may see them, else one's own.
      const everybody = access.may(caller, { kind: 'session.list', of: null })
      const identity = request.query.identity ?? (everybody ? null : caller.identity.id)
      access.authorise(caller, { kind: 'session.list', of: identity })
      return { sessions: await sessions.list({ identity, connection, state, limit }) }
    },
  })
  app.route({
    method: 'GET',
    url: '/v1/sessions/:id',
    schema: { params: ById, response: { 200: SessionSummary } },
    handler: async (request) => {
      const session = await sessions.get(request.params.id)
      access.authorise(callerOf(request), { kind: 'session.read', session })
      return session
    },
  })
  app.route({
    method: 'POST',
    url: '/v1/sessions/:id/end',
    schema: { params: ById, body: KillRequest.nullish(), response: { 204: z.undefined() } },
    handler: async (request, reply) => {
      const session = await sessions.get(request.params.id)
      access.authorise(callerOf(request), { kind: 'session.end', session })
      await sessions.end(session.id, request.body?.reason ?? `hoop ${session.via} ended.`)
      return reply.code(204).send()
    },
  })
  app.route({
    method: 'POST',
    url: '/v1/sessions/:id/kill',
    schema: { params: ById, body: KillRequest.nullish(), response: { 204: z.undefined() } },
    handler: async (request, reply) => {
      const caller = callerOf(request)
      const session = await sessions.get(request.params.id)
      access.authorise(caller, { kind: 'session.kill', session })
      const words = `The session was ended by ${caller.identity.name}${request.body?.reason ? `: ${request.body.reason}` : '.'}`
      await store.run((db) =>
        writeAdminLog(db, { by: caller.identity, action: 'session.kill', target: session.id, detail: words }),
      )
      await sessions.end(session.id, words)
      return reply.code(204).send()
    },
  })
  app.route({
    method: 'GET',
    url: '/v1/sessions/:id/events',
    config: { guarded: true },
    schema: { params: ById, querystring: EventsQuery },
    handler: async (request, reply) => {
      const caller = callerOf(request)
      const { after, follow, live, bytes_of: bytesOf = null } = request.query
      const session = await sessions.get(request.params.id)
      const action = { kind: 'session.read', session } as const
      access.authorise(caller, action)
      const what = `events after ${after}${follow ? ', following' : ''}${bytesOf === null ? '' : `, with the bytes of ${bytesOf}`}`
      await store.run((db) =>
        writeAdminLog(db, { by: caller.identity, action: 'session.read', target: session.id, detail: what }),
      )
      await sessions.noteRead(session.id, caller.identity, what)
      const held = standing.hold(caller, () => {
        access.authorise(caller, action)
        return null
      })
      try {
        const until = AbortSignal.any([held.signal, closing])
        await sendLines(request, reply, (signal) => sessions.events(session.id, { after, follow, live, bytesOf, signal }), until)
      } finally {
        held.release()
      }
    },
  })
}
