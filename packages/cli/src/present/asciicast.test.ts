import { expect, it } from 'vitest'
import type { EventWithBytes } from '../services/record.ts'
import { type TerminalEvent, terminalEvents } from '../services/terminal-recording.ts'
import { replay } from '../services/terminal-replay.ts'
import { asciicast } from './asciicast.ts'

type Channel = 'stdin' | 'stdout' | 'stderr' | 'resize' | 'error'

/** Chunks as the record has them, at these milliseconds. */
async function* chunks(...pieces: [at: number, channel: Channel, bytes: Buffer | string][]): AsyncGenerator<EventWithBytes> {
  for (const [seq, [at, channel, bytes]] of pieces.entries()) {
    const data = { segment: 0, offset: 0, length: bytes.length, sha256: '' }
    const time = new Date(1_790_000_000_000 + at).toISOString()
    const way = channel === 'stdin' || channel === 'resize' ? 'up' : 'down'
    yield {
      seq,
      time,
      prev: '',
      type: 'chunk',
      operation: 'op_1',
      way,
      data,
      channel,
      bytes: Buffer.from(bytes).toString('base64'),
    }
  }
}

const began = new Date(1_790_000_000_000).toISOString()
const euro = Buffer.from('€')
const session = () =>
  terminalEvents(
    chunks(
      [0, 'stdout', '$ '],
      [10, 'resize', '{"Width":120,"Height":40}'],
      [500, 'stdin', 'l'],
      [520, 'stdout', euro.subarray(0, 1)],
      [530, 'stdout', euro.subarray(1)],
      [9000, 'stderr', '\x1b]0;title\x07bad'],
      [9100, 'resize', 'no size'],
      [9200, 'error', '{"status":"Success"}'],
    ),
  )

async function lines(raw: boolean, events: () => AsyncGenerator<TerminalEvent> = session): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const line of asciicast({ text: 'GET /exec\n\n…', began, events }, { raw, idleLimit: 2000 }))
    all.push(JSON.parse(line))
  return all
}

it('is what asciinema plays, without what a terminal should not do', async () => {
  expect(await lines(false)).toEqual([
    {
      version: 2,
      width: 120,
      height: 40,
      timestamp: 1_790_000_000,
      idle_limit_time: 2,
      title: 'GET /exec',
      env: { TERM: 'xterm' },
    },
    [0, 'o', '$ '],
    [0.01, 'r', '120x40'],
    [0.5, 'i', 'l'],
    [0.53, 'o', '€'],
    [9, 'o', 'bad'],
  ])
  expect(await lines(true)).toContainEqual([9, 'o', '\x1b]0;title\x07bad'])
})

it('has a usual size where the terminal told none', async () => {
  expect(await lines(false, () => terminalEvents(chunks([0, 'stdout', 'x'])))).toMatchObject([
    { width: 80, height: 24 },
    [0, 'o', 'x'],
  ])
})

it('says that there is nothing to play where only digests were kept', async () => {
  async function* digests(): AsyncGenerator<EventWithBytes> {
    for await (const { bytes: _, ...event } of chunks([0, 'stdout', 'x'])) yield event
  }
  await expect(lines(false, () => terminalEvents(digests()))).rejects.toThrow('only the digests')
})

it('plays what was printed', async () => {
  let shown = ''
  const write = (text: string) => {
    shown += text
  }
  await replay(session(), { speed: 1000, idleLimit: 100, signal: new AbortController().signal, write })
  expect(shown).toBe('$ €\x1b]0;title\x07bad')
})
