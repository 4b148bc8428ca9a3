import { seqOf } from './chain.ts'
import { isMissing, RecordError } from './errors.ts'
import { eventsFile, listSegments } from './layout.ts'
import { LineReader } from './line-reader.ts'
import type { Position, SessionRecord } from './session-record.ts'
import { type LineView, Tail, WholeView } from './tail.ts'

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
 * files too, and the writer says how far they are whole: so a slow reader costs no memory. One that has read all of them gets the next few
 * from the writer, where they begin in the file at the very byte at which it stands. Throws RecordError; if the record it follows fails, after
 * the last line that was written.
 */
export async function* readLines(record: string, options: ReadOptions): AsyncGenerator<string, void, void> {
  for await (const lines of readBatches(record, options)) {
    for (const line of lines) {
      if (options.signal?.aborted) return
      yield line
    }
  }
}

/** As `readLines`, with as many lines at once as one read gives, or what a view makes of them: for whoever passes them on. */
export async function* readBatches(
  record: string,
  { after, follow, live, signal }: ReadOptions,
  view: LineView = new WholeView(),
): AsyncGenerator<string[], void, void> {
  const segments = await listSegments(record)
  let place: Position = { segment: await segmentOf(record, segments, after + 1), bytes: 0 }
  /** Nothing that is wanted has come yet. */
  let before = true
  const tail = follow && live !== undefined ? new Tail(live, view) : null
  try {
    for (;;) {
      // Looked at before reading: what is written meanwhile is seen in the next round.
      const ended = live?.ended
      const until = live?.position ?? null
      for await (const { lines, end } of readFiles(
        record,
        place,
        until ?? { segment: segments.at(-1) ?? 0, bytes: Number.POSITIVE_INFINITY },
      )) {
        if (signal?.aborted) return
        place = end
        for (const line of lines) {
          if (before && seqOf(line) <= after) continue
          before = false
          view.add(line.toString())
        }
        const shown = view.take()
        if (shown.length > 0) yield shown
      }
      if (tail === null || live === undefined) return
      if (ended && live.failed !== null) throw live.failed
      if (ended) return
      place = yield* tail.follow(place, after, signal)
      if (signal?.aborted) return
    }
  } finally {
    tail?.stop()
  }
}

interface Batch {
  readonly lines: readonly Buffer[]
  /** Where they end. */
  readonly end: Position
}

/** The lines between two places, over segments. */
async function* readFiles(record: string, from: Position, until: Position): AsyncGenerator<Batch, void, void> {
  for (let { segment, bytes } = from; segment <= until.segment; segment++, bytes = 0) {
    const reader = await openEvents(record, segment, bytes)
    if (reader === null) {
      if (segment < until.segment) throw new RecordError(`Segment ${segment} of the record at ${record} is missing.`)
      return
    }
    try {
      const stop = segment === until.segment ? until.bytes : Number.POSITIVE_INFINITY
      for await (const lines of reader.read(stop)) yield { lines, end: { segment, bytes: reader.end } }
    } finally {
      await reader.close()
    }
  }
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
  const reader = await openEvents(record, segment, 0)
  if (reader === null) return null
  try {
    for await (const [line] of reader.read(Number.POSITIVE_INFINITY)) if (line !== undefined) return line
    return null
  } finally {
    await reader.close()
  }
}

async function openEvents(record: string, segment: number, from: number): Promise<LineReader | null> {
  try {
    return await LineReader.open(eventsFile(record, segment), from)
  } catch (error) {
    if (isMissing(error)) return null
    throw new RecordError(`Segment ${segment} of the record at ${record} cannot be read.`, { cause: error })
  }
}
