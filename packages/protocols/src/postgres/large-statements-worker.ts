import { parentPort } from 'node:worker_threads'
import type { Catalogue } from './catalogue.ts'
import type { ReadAnswer, ReadRequest } from './large-statements.ts'
import { loadParser, readStatement, StatementUnreadable } from './operations.ts'
import type { SessionNames } from './session-change.ts'

await loadParser()
let known: Catalogue | null = null

parentPort?.on('message', ({ id, text, catalogue, names }: ReadRequest) => {
  known = catalogue ?? known
  parentPort?.postMessage(answer(id, text, names))
})

function answer(id: number, text: string, names: SessionNames): ReadAnswer {
  try {
    if (known === null) return { id, failure: 'a text came before the catalogue' }
    return { id, statement: readStatement(text, known, names) }
  } catch (error) {
    if (error instanceof StatementUnreadable) return { id, unreadable: { message: error.message, position: error.position } }
    return { id, failure: String(error) }
  }
}
