import { ChatLink, ChatLinkRequest, ChatUnlinked } from '@hoop/contracts'
import { z } from 'zod'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

const ByNotifier = z.object({ name: z.string().max(63) })
const requestsPerMinute = 600
const linksPerMinute = 20

/** Accounts of chats. */
export function chatLinkRoutes(app: Api, { chatLinks }: ApiParts): void {
  app.route({
    method: 'POST',
    url: '/v1/notify/link',
    // A code is short: it is not found by trying.
    config: { rateLimit: { max: linksPerMinute, timeWindow: '1 minute' } },
    schema: { body: ChatLinkRequest, response: { 200: ChatLink } },
    handler: async (request) => await chatLinks.link(callerOf(request), request.body.code, request.body.confirm),
  })
  app.route({
    method: 'POST',
    url: '/v1/notify/unlink',
    schema: { response: { 200: ChatUnlinked } },
    handler: async (request) => await chatLinks.unlink(callerOf(request)),
  })
}

/** What Slack sends when somebody uses a message. The signature over the body, as it came, is its proof. */
export async function slackRoute(app: Api, { slackRequests }: ApiParts): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 128 * 1024 },
      async (_: unknown, body: string | Buffer) => String(body),
    )
    scope.route({
      method: 'POST',
      url: '/v1/notify/slack/:name',
      config: { public: true, rateLimit: { max: requestsPerMinute, timeWindow: '1 minute' } },
      handler: async ({ params, body, headers }, reply) => {
        const header = (name: string) => [headers[name]].flat()[0] ?? ''
        const answer = await slackRequests.answer(ByNotifier.parse(params).name, {
          signature: header('x-slack-signature'),
          timestamp: header('x-slack-request-timestamp'),
          body: typeof body === 'string' ? body : '',
        })
        return answer === null ? reply.code(200).send() : reply.code(200).send(answer)
      },
    })
  })
}
