import type { PostgresContext, PostgresUpstream, Protocol } from '../protocol.ts'
import { Catalogues } from './catalogues.ts'
import { login } from './login.ts'
import { loadParser } from './parser.ts'
import { relay } from './session.ts'

/** PostgreSQL, protocol 3.0 and 3.2. https://www.postgresql.org/docs/current/protocol.html */
export const postgres: Protocol<PostgresUpstream> = {
  async serve(context: PostgresContext): Promise<void> {
    const ready = await login(context)
    if (ready === null) return
    await loadParser()
    const { database } = ready.startup
    const catalogues = context.shared.get(`postgres ${context.connection} ${database}`, () => new Catalogues())
    await relay({ ...context, client: ready.client }, ready, catalogues)
  },
}
