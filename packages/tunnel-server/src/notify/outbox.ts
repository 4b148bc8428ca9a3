import { randomUUID } from 'node:crypto'
import { type ConnectionDocument, type Identity, NotifiedEvent, type NotifierDocument } from '@hoop/contracts'
import { isAbout } from '@hoop/policy'
import type { Logger } from 'pino'
import type { Documents } from '../documents/documents.ts'
import type { Database } from '../store/database.ts'
import { addNotifications } from '../store/notifications.ts'
import { noticeOf } from './notice.ts'
import type { Notifier, Occasion } from './notifier.ts'

/** Notes in the store what people are to be told, for each Notifier that is about it. */
export class Outbox implements Notifier {
  readonly #documents: Pick<Documents, 'current'>
  readonly #log: Logger

  constructor(parts: { documents: Pick<Documents, 'current'>; log: Logger }) {
    this.#documents = parts.documents
    this.#log = parts.log
  }

  async tell(db: Database, occasion: Occasion): Promise<void> {
    const { event } = occasion
    const { id, connection, requester } = 'approval' in occasion ? occasion.approval : occasion.grant
    try {
      const { documents, connections } = this.#documents.current()
      const notifiers = documents.filter(
        (document) => document.kind === 'Notifier' && tells(document, event, requester, connections.get(connection)),
      )
      if (notifiers.length === 0) return
      const notice = noticeOf(occasion)
      const added = notifiers.map(({ name }) => ({ id: `nt_${randomUUID()}`, notifier: name, event, subject: id, notice }))
      await addNotifications(db, added)
    } catch (error) {
      this.#log.error({ err: error, event, subject: id }, 'nobody can be told of this')
    }
  }
}

function tells(
  notifier: NotifierDocument,
  event: NotifiedEvent,
  by: Identity,
  connection: ConnectionDocument | undefined,
): boolean {
  const events = notifier.events ?? NotifiedEvent.options
  return events.includes(event) && isAbout(notifier, by, connection ?? null)
}
