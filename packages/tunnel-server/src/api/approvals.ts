import { type Approval, ApprovalList, Approval as ApprovalSchema, DecideRequest } from '@hoop/contracts'
import { z } from 'zod'
import { watchApprovals } from '../approvals/watch.ts'
import { callerOf } from './authentication.ts'
import { sendLines } from './ndjson.ts'
import type { Api, ApiParts } from './server.ts'

const ById = z.object({ id: z.string().max(100) })
const ListQuery = z.strictObject({ state: z.enum(['held', 'all']).default('held') })

export function approvalRoutes(app: Api, { approvals, standing, feed, closing }: ApiParts): void {
  app.route({
    method: 'GET',
    url: '/v1/approvals',
    schema: { querystring: ListQuery, response: { 200: ApprovalList } },
    handler: async (request) => ({ approvals: await approvals.list(callerOf(request), request.query.state) }),
  })
  for (const verdict of ['approve', 'deny'] as const) {
    app.route({
      method: 'POST',
      url: `/v1/approvals/:id/${verdict}`,
      schema: { params: ById, body: DecideRequest, response: { 200: ApprovalSchema } },
      handler: async (request) => await approvals.decide(callerOf(request), request.params.id, verdict, request.body.reason),
    })
  }
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
