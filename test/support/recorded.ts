import { createSecretKey, type KeyObject } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type EventBody, RecordedEvent } from '@hoop/contracts'
import { checkRecord, readLines } from '@hoop/recording'

type EventOf<Type extends EventBody['type']> = Extract<RecordedEvent, { type: Type }>

/** One operation of a record with what came of it. */
export interface RecordedOperation {
  readonly session: string
  readonly operation: EventOf<'operation'>
  readonly held: EventOf<'held'> | null
  readonly decided: EventOf<'decided'> | null
  readonly outcome: EventOf<'outcome'> | null
}

/** All events of one record, from its files. */
export async function readEvents(record: string): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  for await (const line of readLines(record, { after: -1, follow: false })) events.push(RecordedEvent.parse(JSON.parse(line)))
  return events
}

/** The operations of one record, in its order. */
export function operationsOf(session: string, events: readonly RecordedEvent[]): RecordedOperation[] {
  const operations = new Map<string, RecordedOperation>()
  for (const event of events) {
    if (event.type === 'operation') {
      operations.set(event.id, { session, operation: event, held: null, decided: null, outcome: null })
    } else if (event.type === 'held' || event.type === 'decided' || event.type === 'outcome') {
      const known = operations.get(event.operation)
      if (known === undefined) throw new Error(`${session} has the ${event.type} of ${event.operation}, which it does not have`)
      operations.set(event.operation, { ...known, [event.type]: event })
    }
  }
  return [...operations.values()]
}

/** Whatever does not hold in one record, in words; `closed` is whether it must have its end. */
export async function flawsOf(record: string, closed: boolean): Promise<string[]> {
  const check = await checkRecord(record)
  const flaws = check.problems.map(({ segment, line, words }) => `${record}: segment ${segment} line ${line}: ${words}`)
  if (closed && !check.closed) flaws.push(`${record} has no end`)
  return flaws
}

/** The sessions that have a record in this folder. */
export async function sessionsIn(records: string): Promise<string[]> {
  return (await readdir(records)).filter((name) => name.startsWith('ses_')).sort()
}

/** The key of the digests in the records of the gateway with this data folder. */
export async function digestKeyOf(dataFolder: string): Promise<KeyObject> {
  return createSecretKey((await readFile(join(dataFolder, 'keys', 'digest'), 'utf8')).trim(), 'hex')
}
