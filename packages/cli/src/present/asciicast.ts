import type { TerminalEvent, TerminalRecording } from '../services/terminal-recording.ts'
import { TerminalFilter } from './terminal-filter.ts'

/** Within so many milliseconds a terminal has told its size. */
const sizePatience = 1000
/** Of one that never did. */
const usualSize = { columns: 80, rows: 24 } as const

/**
 * A recording as asciinema plays it: a header, and an event a line. https://docs.asciinema.org/manual/asciicast/v2/
 * `raw`: what the program printed stays as it was, whatever a terminal would do with it.
 */
export async function* asciicast(
  recording: Pick<TerminalRecording, 'text' | 'began' | 'events'>,
  { raw, idleLimit }: { raw: boolean; idleLimit: number | null },
): AsyncGenerator<string> {
  const early: TerminalEvent[] = []
  const events = recording.events()
  for (let next = await events.next(); !next.done; next = await events.next()) {
    early.push(next.value)
    if (next.value.kind === 'resize' || next.value.at > sizePatience) break
  }
  const { columns, rows } = early.find((event) => event.kind === 'resize') ?? usualSize
  yield JSON.stringify({
    version: 2,
    width: columns,
    height: rows,
    timestamp: Math.floor(Date.parse(recording.began) / 1000),
    ...(idleLimit !== null && { idle_limit_time: idleLimit / 1000 }),
    title: recording.text.split('\n', 1)[0],
    // what container runtimes set for a terminal
    env: { TERM: 'xterm' },
  })
  const filter = new TerminalFilter()
  const line = (event: TerminalEvent): string | null => {
    if (event.kind === 'resize') return JSON.stringify([event.at / 1000, 'r', `${event.columns}x${event.rows}`])
    if (event.kind === 'input') return JSON.stringify([event.at / 1000, 'i', event.text])
    const text = raw ? event.text : filter.filter(event.text)
    return text === '' ? null : JSON.stringify([event.at / 1000, 'o', text])
  }
  for (const event of early) yield* some(line(event))
  for await (const event of events) yield* some(line(event))
}

function some(line: string | null): readonly string[] {
  return line === null ? [] : [line]
}
