import { ExplainRequest, ExplainResponse, ReplayRequest, ReplayResponse } from '@hoop/contracts'
import { writeAdminLog } from '../store/admin-log.ts'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

/** A million characters of YAML, each escaped in JSON at worst. */
const bodyLimit = 6 * 1024 * 1024
const replayTime = 240_000

export function policyRoutes(app: Api, { access, explainer, replayer, sessions, store, closing }: ApiParts): void {
  app.route({
    method: 'POST',
    url: '/v1/policy/explain',
    bodyLimit,
    schema: { body: ExplainRequest, response: { 200: ExplainResponse } },
    // Before the body is read: who may not ask may not send a large question either.
    preParsing: async (request) => access.authorise(callerOf(request), { kind: 'document.read' }),
    handler: async (request) => {
      const { identity } = callerOf(request)
      const names = [...new Set(request.body.questions.map(({ connection }) => connection))]
      await store.run(async (db) => {
        for (const name of names) {
          const detail = `${request.body.questions.length} statements in all`
          await writeAdminLog(db, { by: identity, action: 'policy.explain', target: `Connection/${name}`, detail })
        }
      })
      return await explainer.explain(identity, request.body)
    },
  })
  app.route({
    method: 'POST',
    url: '/v1/policy/replay',
    bodyLimit,
    schema: { body: ReplayRequest, response: { 200: ReplayResponse } },
    preParsing: async (request) => {
      const caller = callerOf(request)
      access.authorise(caller, { kind: 'document.read' })
      access.authorise(caller, { kind: 'session.list', of: null })
    },
    handler: async (request) => {
      const caller = callerOf(request)
      const { sessions: found, more } = await replayer.sessionsOf(request.body)
      for (const session of found) access.authorise(caller, { kind: 'session.read', session })
      const by = caller.identity
      await store.run(async (db) => {
        for (const { id } of found) await writeAdminLog(db, { by, action: 'policy.replay', target: id })
      })
      for (const { id } of found) await sessions.noteRead(id, by, 'its operations, to judge them by other documents')
      const answer = await replayer.replay(request.body, found, AbortSignal.any([closing, AbortSignal.timeout(replayTime)]))
      return { ...answer, more: answer.more || more }
    },
  })
}
