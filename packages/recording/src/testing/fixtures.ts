import { type EventBody, RecordedEvent } from '@hoop/contracts'
import { readLines } from '../read-lines.ts'
import type { Last } from '../session-record.ts'

export const words = "SELECT name FROM users WHERE id = 7 -- '\n\u2028"

export function operation(
  id: string,
  more: Partial<Extract<EventBody, { type: 'operation' }>> = {},
): Extract<EventBody, { type: 'operation' }> {
  return {
    type: 'operation',
    id,
    stream: 1,
    by: 'caller',
    text: words,
    digest: 'a'.repeat(64),
    parameters: [{ type: 'int4', value: '7', digest: null }],
    fingerprint: '50fde20626009aba',
    effects: ['read'],
    objects: [{ kind: 'table', name: 'public.users', access: 'read' }],
    functions: [],
    runs: [],
    verdict: 'permit',
    policyVersion: 'p1',
    reasons: [{ rule: 'Access/engineers', matched: true, words: 'engineers may use it' }],
    refusal: null,
    ...more,
  }
}

export function outcome(operation: string): Last['outcome'] {
  return { type: 'outcome', operation, kind: 'done', tag: 'SELECT 1', error: null, rows: 1, masked: {}, duration: 1200 }
}

export async function linesOf(record: string, after = -1): Promise<string[]> {
  const lines: string[] = []
  for await (const line of readLines(record, { after, follow: false })) lines.push(line)
  return lines
}

export async function eventsOf(record: string): Promise<RecordedEvent[]> {
  return (await linesOf(record)).map((line) => RecordedEvent.parse(JSON.parse(line)))
}
