import { HoopError } from '@hoop/contracts'
import type { PostgresUpstream } from '../protocol.ts'
import type { OpenReading } from '../reading.ts'
import { type CatalogueContext, Catalogues, type SessionView } from './catalogues.ts'
import { loadParser, StatementUnreadable } from './parser.ts'
import { noSessionNames } from './session-change.ts'
import { unreadStatement } from './unreadable.ts'

/** Reads texts outside of a session by the code that sessions read them with, and by the catalogue of now. */
export const openReading: OpenReading<PostgresUpstream> = async (context) => {
  const { databases } = await context.upstream()
  const [first = ''] = databases
  const database = context.database ?? first
  if (!databases.includes(database)) {
    throw new HoopError('invalid_request', `The connection offers no database ${database}.`, {
      hint: `It offers ${databases.join(', ')}.`,
    })
  }
  await loadParser()
  const catalogues = new Catalogues()
  const reading: CatalogueContext = { ...context, own: () => undefined }
  const view: SessionView = {
    uncertain: false,
    temporary: new Map(),
    types: [],
    searchPath: null,
    names: () => noSessionNames,
    parameterTypes: [],
    transparent: context.profile === 'transparent',
  }
  return async (text) => {
    try {
      const { operation } = await catalogues.statement(reading, database, text, view)
      return { ...operation, parameters: [] }
    } catch (error) {
      if (error instanceof StatementUnreadable) return { ...unreadStatement(text, error).operation, parameters: [] }
      throw error
    }
  }
}
