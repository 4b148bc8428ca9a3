import { seqOf } from './chain.ts'
import { isMissing, RecordError } from './errors.ts'
import { eventsFile, listSegments } from './layout.ts'
import { LineReader } from './line-reader.ts'
import type { Position, SessionRecord } from './session-record.ts'

/** Milliseconds; nobody who follows a session sees the difference. */
const gatherTime = 50

export interface ReadOptions {
  /** Begins after the line of this number; -1: at the first. */
  readonly after: number
  /** Goes on with lines as they are written, until the record ends; needs `live`. */
  readonly follow: boolean
  /** Ends the reading, quietly. */
  readonly signal?: AbortSignal
  /** The record, where this process still writes it. */
  readonly live?: SessionRecord
}

/**
 * The lines of a record, as on disk without newline, each once and in order; an unfinished last line is left out. Following reads the
 * files too, and the writer only says how far they are whole: so a slow reader costs no memory, and there is no seam at which a line
 * could be lost or doubled. Throws RecordError; if the record it follows fails, after the last line that was written.
 */
export async function* readLines(record: string, options: ReadOptions): AsyncGenerator<string, void, void> {
  for await (const lines of readBatches(record, options)) {
    for (const line of lines) {
      if (options.signal?.aborted) return
      yield line
    }
  }
}

/** As `readLines`, with as many lines at once as one read gives: for whoever passes them on. */
export async function* readBatches(record: string, options: ReadOptions): AsyncGenerator<string[], void, void> {
  const { after, follow, live, signal } = options
  const segments = await listSegments(record)
  /** Nothing that is wanted has come yet. */
  let before = true
  for (let segment = await segmentOf(record, segments, after + 1); ; segment++) {
    const reader = await openEvents(record, segment)
    if (reader === null) {
      if (segment < (segments.at(-1) ?? 0)) throw new RecordError(`Segment ${segment} of the record at ${record} is missing.`)
      return
    }
    try {
      for (;;) {
        // Looked at before reading: what is written meanwhile is seen in the next round.
        const position = live?.position
        const ended = live?.ended
        const growing = position?.segment === segment
        for await (const lines of reader.read(growing ? position.bytes : Number.POSITIVE_INFINITY)) {
          if (signal?.aborted) return
          if (before) lines.splice(0, countUpTo(lines, after))
          if (lines.length === 0) continue
          before = false
          yield lines.map((line) => line.toString())
        }
        if (live === undefined || !growing) break
        if (!follow) return
        if (ended && live.failed !== null) throw live.failed
        if (ended) return
        await growth(live, position, signal)
        if (signal?.aborted) return
      }
    } finally {
      await reader.close()
    }
  }
}

/** How many of these lines, which follow one another, are not behind the line of this number. */
function countUpTo(lines: readonly Buffer[], after: number): number {
  const first = lines.findIndex((line) => seqOf(line) > after)
  return first < 0 ? lines.length : first
}

/** The segment in which the line of this number stands, or will stand. */
async function segmentOf(record: string, segments: readonly number[], seq: number): Promise<number> {
  for (const segment of segments.toReversed()) {
    if (seq <= 0 || segment === 0) break
    const first = await firstLine(record, segment)
    if (first !== null && seqOf(first) <= seq) return segment
  }
  return 0
}

async function firstLine(record: string, segment: number): Promise<Buffer | null> {
  const reader = await openEvents(record, segment)
  if (reader === null) return null
  try {
    for await (const [line] of reader.read(Number.POSITIVE_INFINITY)) if (line !== undefined) return line
    return null
  } finally {
    await reader.close()
  }
}

async function openEvents(record: string, segment: number): Promise<LineReader | null> {
  try {
    return await LineReader.open(eventsFile(record, segment))
  } catch (error) {
    if (isMissing(error)) return null
    throw new RecordError(`Segment ${segment} of the record at ${record} cannot be read.`, { cause: error })
  }
}

/** Resolves when the record has grown past a position, has ended, or the signal aborts. */
/**
 * Waits for the next line, and a moment for those that follow it: a reader that is woken for each line of a busy session would cost
 * more than the session.
 */
function growth(live: SessionRecord, seen: Position, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const { segment, bytes } = live.position
    if (live.ended || signal?.aborted) return resolve()
    let gathering: NodeJS.Timeout | null = null
    const finish = () => {
      leave()
      signal?.removeEventListener('abort', finish)
      if (gathering !== null) clearTimeout(gathering)
      resolve()
    }
    const gather = () => {
      gathering ??= setTimeout(finish, gatherTime)
    }
    const leave = live.subscribe(gather, finish)
    signal?.addEventListener('abort', finish)
    if (segment !== seen.segment || bytes !== seen.bytes) gather()
  })
}
