import { ExplainRequest, ExplainResponse } from '@hoop/contracts'
import { writeAdminLog } from '../store/admin-log.ts'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

/** A million characters of YAML, each escaped in JSON at worst. */
const bodyLimit = 6 * 1024 * 1024

export function policyRoutes(app: Api, { access, explainer, store }: ApiParts): void {
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
}
