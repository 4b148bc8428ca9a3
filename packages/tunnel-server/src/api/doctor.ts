import { DoctorReport, DocumentName, HoopError } from '@hoop/contracts'
import { z } from 'zod'
import { writeAdminLog } from '../store/admin-log.ts'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

const ByName = z.object({ name: DocumentName })

export function doctorRoutes(app: Api, { access, documents, doctor, store }: ApiParts): void {
  app.route({
    method: 'POST',
    url: '/v1/connections/:name/doctor',
    schema: { params: ByName, response: { 200: DoctorReport } },
    handler: async (request) => {
      const caller = callerOf(request)
      const { identity } = caller
      const { name } = request.params
      const connection = documents.connection(name)
      const all = access.may(caller, { kind: 'connection.inspect' })
      if (!all) access.authorise(caller, { kind: 'connection.use', connection, name })
      if (connection === null)
        throw new HoopError('not_found', `There is no Connection/${name}.`, {
          hint: 'hoop get connection shows those that there are.',
        })
      const entry = {
        by: identity,
        action: 'connection.check',
        target: `Connection/${name}`,
        detail: all ? 'everything' : 'as a user',
      } as const
      await store.run((db) => writeAdminLog(db, entry))
      return await (all ? doctor.report(connection) : doctor.reportFor(connection, identity))
    },
  })
}
