import { RecordedEvent } from '@hoop/contracts'
import { dataOf, readData } from '@hoop/recording'

/**
 * The events of one operation, each a line; those that name bytes have them besides, as `bytes` (base64), where the connection keeps results. One
 * piece is in memory at a time.
 */
export async function* withBytes(record: string, lines: readonly string[], operation: string): AsyncGenerator<string> {
  for (const line of lines) {
    if (!line.includes(operation)) continue
    const event = RecordedEvent.parse(JSON.parse(line))
    const about = event.type === 'operation' ? event.id : 'operation' in event ? event.operation : null
    if (about !== operation) continue
    const range = dataOf(event)
    const kept = range !== null && range.offset >= 0
    yield kept ? JSON.stringify({ ...event, bytes: (await readData(record, range)).toString('base64') }) : line
  }
}
