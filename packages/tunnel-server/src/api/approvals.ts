import {
  type Approval,
  ApprovalList,
  ApprovalOriginal,
  Approval as ApprovalSchema,
  ApproveRequest,
  DecideRequest,
  ReasonRequest,
} from '@hoop/contracts'
import { z } from 'zod'
import { watchApprovals } from '../approvals/watch.ts'
import { callerOf } from './authentication.ts'
import { sendLines } from './ndjson.ts'
import type { Api, ApiParts } from './server.ts'

const ById = z.object({ id: z.string().max(100) })
const ListQuery = z.strictObject({ state: z.enum(['held', 'all']).default('held') })

export function approvalRoutes(app: Api, { approvals, sessions, standing, feed, closing }: ApiParts): void {
  app.route({
    method: 'GET',
    url: '/v1/approvals',
    schema: { querystring: ListQuery, response: { 200: ApprovalList } },
    handler: async (request) => ({ approvals: await approvals.list(callerOf(request), request.query.state) }),
  })
  app.route({
    method: 'POST',
    url: '/v1/approvals/:id/approve',
    schema: { params: ById, body: ApproveRequest, response: { 200: ApprovalSchema } },
    handler: async (request) => await approvals.decide(callerOf(request), request.params.id, 'approve', request.body),
  })
  app.route({
    method: 'POST',
    url: '/v1/approvals/:id/deny',
    schema: { params: ById, body: DecideRequest, response: { 200: ApprovalSchema } },
    handler: async (request) => await approvals.decide(callerOf(request), request.params.id, 'deny', request.body),
  })
  app.route({
    method: 'POST',
    url: '/v1/approvals/:id/break-glass',
    schema: { params: ById, body: ReasonRequest, response: { 200: ApprovalSchema } },
    handler: async (request) => await approvals.breakGlass(callerOf(request), request.params.id, request.body.reason),
  })
  app.route({
    method: 'POST',
    url: '/v1/approvals/:id/revoke',
    schema: { params: ById, body: ReasonRequest, response: { 200: ApprovalSchema } },
    handler: async (request) => await approvals.revoke(callerOf(request), request.params.id, request.body.reason),
  })
  app.route({
    method: 'POST',
    url: '/v1/approvals/:id/reveal',
    schema: { params: ById, response: { 200: ApprovalOriginal } },
    handler: async (request) => {
      const caller = callerOf(request)
      const { approval, original } = await approvals.reveal(caller, request.params.id)
      await sessions.noteRead(approval.session, caller.identity, `the original of ${approval.id}`)
      return original
    },
  })
  app.route({
    method: 'GET',
    url: '/v1/approvals/watch',
    handler: async (request, reply) => {
      const caller = callerOf(request)
      const held = standing.hold(caller)
      try {
        const until = AbortSignal.any([held.signal, closing])
        await sendLines(request, reply, (signal) => asLines(watchApprovals({ approvals, feed }, caller, signal)), until)
      } finally {
        held.release()
      }
    },
  })
}

async function* asLines(approvals: AsyncIterable<Approval>): AsyncIterable<string> {
  for await (const approval of approvals) yield JSON.stringify(ApprovalSchema.parse(approval))
}
