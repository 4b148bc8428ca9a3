import { RecordedEvent } from '@hoop/contracts'

/** One operation of a caller, with what the events before it say of it. */
export interface RecordedOperation {
  readonly event: Extract<RecordedEvent, { type: 'operation' }>
  /** Something of its text or parameters is not on the record as it was sent. */
  readonly masked: boolean
  /** Of its stream; null: it is not known. */
  readonly database: string | null
  /** The connection could be used by an access only that was asked for. */
  readonly granted: boolean
}

/** What callers asked, of the lines of one record, but for what the backend rejected before it was judged. */
export async function* recordedOperations(lines: AsyncIterable<string>): AsyncGenerator<RecordedOperation> {
  const databases = new Map<number, string>()
  let granted = false
  for await (const some of lines) {
    for (const line of some.split('\n')) {
      if (!/"type":"(session\.opened|stream\.login|operation)"/.test(line)) continue
      const event = RecordedEvent.parse(JSON.parse(line))
      if (event.type === 'session.opened') granted = (event.grants ?? []).length > 0
      else if (event.type === 'stream.login') databases.set(event.stream, event.database)
      else if (event.type === 'operation' && event.by === 'caller' && !event.reasons.some(({ rule }) => rule === 'hoop/parse')) {
        yield { event, masked: isMasked(event), database: databases.get(event.stream) ?? null, granted }
      }
    }
  }
}

function isMasked({ digest, parameters }: RecordedOperation['event']): boolean {
  return digest !== null || parameters.some((parameter) => parameter.digest !== null)
}
