import { RecordedEvent } from '@hoop/contracts'
import { readLines } from '@hoop/recording'

/** The caller's operations on a record, counted by the application that its streams logged in as. */
export async function operationsByApplication(record: string): Promise<ReadonlyMap<string, number>> {
  const applications = new Map<number, string>()
  const counts = new Map<string, number>()
  for await (const line of readLines(record, { after: -1, follow: false })) {
    if (!/"type":"(operation|stream.login)"/.test(line)) continue
    const event = RecordedEvent.parse(JSON.parse(line))
    if (event.type === 'stream.login') applications.set(event.stream, event.application ?? '')
    if (event.type !== 'operation' || event.by !== 'caller') continue
    const application = applications.get(event.stream) ?? ''
    counts.set(application, (counts.get(application) ?? 0) + 1)
  }
  return counts
}

/** The caller's requests on a record, counted by the `point` that their query names. */
export async function operationsByPoint(record: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for await (const line of readLines(record, { after: -1, follow: false })) {
    if (!line.includes('"type":"operation"')) continue
    const event = RecordedEvent.parse(JSON.parse(line))
    if (event.type !== 'operation' || event.by !== 'caller') continue
    const point = /[?&]point=([^& \n]*)/.exec(event.text)?.[1] ?? ''
    counts.set(decodeURIComponent(point), (counts.get(decodeURIComponent(point)) ?? 0) + 1)
  }
  return counts
}
