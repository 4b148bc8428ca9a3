import { type FileHandle, open } from 'node:fs/promises'
import type { DataRange, RecordedEvent } from '@hoop/contracts'
import { genesis, type Head, sha256 } from './chain.ts'
import { isMissing } from './errors.ts'
import { chunkBytes, dataFile, eventsFile, listSegments } from './layout.ts'
import { LineReader } from './line-reader.ts'
import { dataOf, readFully } from './read-data.ts'
import { verifyLine } from './verify-line.ts'

/** One thing that does not hold. `line` counts from 1 within the segment's `events.ndjson`; null: the segment as a whole. */
export interface Problem {
  readonly segment: number
  readonly line: number | null
  readonly words: string
}

export interface CheckResult {
  readonly ok: boolean
  readonly events: number
  /** Whether the last line is `session.closed`. One that is not is still open, was not recovered, or lost its end. */
  readonly closed: boolean
  /** The end of the chain: lines cut from the end, or a last line that was altered, show only against a head that someone else kept. */
  readonly head: Head
  /** In the order of the record; the first hundred. */
  readonly problems: readonly Problem[]
}

const reportedProblems = 100

/** Computes the chain and the hash of every chunk again, from the files alone, a line and a chunk at a time. Throws RecordError if there is no record. */
export async function checkRecord(record: string): Promise<CheckResult> {
  const segments = await listSegments(record)
  const check = new RecordCheck(record)
  const count = (segments.at(-1) ?? 0) + 1
  for (let segment = 0; segment < count; segment++) {
    if (segments.includes(segment)) await check.segment(segment, segment === count - 1)
    else check.problem(segment, null, 'is missing')
    if (check.full) break
  }
  return check.result()
}

class RecordCheck {
  readonly #record: string
  readonly #problems: Problem[] = []
  readonly #space = Buffer.allocUnsafeSlow(chunkBytes)
  #head: Head = genesis
  #events = 0
  #session: string | null = null
  #last: RecordedEvent | null = null
  #dataEnd = 0

  constructor(record: string) {
    this.#record = record
  }

  get full(): boolean {
    return this.#problems.length >= reportedProblems
  }

  result(): CheckResult {
    return {
      ok: this.#problems.length === 0,
      events: this.#events,
      closed: this.#last?.type === 'session.closed',
      head: this.#head,
      problems: this.#problems,
    }
  }

  problem(segment: number, line: number | null, words: string): void {
    if (!this.full) this.#problems.push({ segment, line, words })
  }

  async segment(segment: number, isLast: boolean): Promise<void> {
    const reader = await opened(LineReader.open(eventsFile(this.#record, segment)))
    const data = await opened(open(dataFile(this.#record, segment), 'r'))
    try {
      if (reader === null || data === null)
        return this.problem(segment, null, `has no ${reader === null ? 'events.ndjson' : 'data'}`)
      await this.#lines(segment, reader, data)
      await this.#unreferenced(segment, data, isLast)
    } finally {
      await reader?.close()
      await data?.close()
    }
  }

  async #lines(segment: number, reader: LineReader, data: FileHandle): Promise<void> {
    let line = 0
    this.#dataEnd = 0
    for await (const batch of reader.read(Number.POSITIVE_INFINITY)) {
      for (const bytes of batch) {
        const { event, head, problems } = verifyLine(this.#head, bytes)
        line++
        this.#events++
        this.#head = head
        for (const words of problems) this.problem(segment, line, words)
        if (event !== null) await this.#event(segment, line, event, data)
        if (this.full) return
      }
    }
    if (line === 0) this.problem(segment, null, 'has no line')
    if (reader.unfinishedBytes > 0) this.problem(segment, line + 1, `is unfinished, after ${reader.unfinishedBytes} bytes`)
  }

  async #event(segment: number, line: number, event: RecordedEvent, data: FileHandle): Promise<void> {
    if (this.#last?.type === 'session.closed') this.problem(segment, line, 'stands after the end of the session')
    if ((line === 1) !== (event.type === 'segment.opened')) {
      this.problem(segment, line, line === 1 ? 'does not open the segment' : 'opens a segment inside another')
    }
    if (event.type === 'segment.opened') {
      this.#session ??= event.session
      if (event.segment !== segment || event.session !== this.#session) {
        this.problem(segment, line, `opens segment ${event.segment} of session ${event.session}, which is not here`)
      }
    }
    const range = dataOf(event)
    if (range !== null) await this.#chunk(segment, line, range, data)
    this.#last = event
  }

  async #chunk(segment: number, line: number, range: DataRange, data: FileHandle): Promise<void> {
    if (range.segment !== segment) return this.problem(segment, line, 'names data of another segment')
    if (range.offset === -1) return
    if (range.offset !== this.#dataEnd || range.length < 1 || range.length > chunkBytes) {
      return this.problem(
        segment,
        line,
        `names data at ${range.offset}, ${range.length} bytes, where data at ${this.#dataEnd} follows`,
      )
    }
    this.#dataEnd += range.length
    const bytes = await readFully(data, range.offset, this.#space.subarray(0, range.length))
    if (bytes.length < range.length) this.problem(segment, line, 'names data that is missing')
    else if (sha256(bytes) !== range.sha256) this.problem(segment, line, 'names data that was altered')
  }

  /** Data that no line names is left only by a gateway that was killed between the two, in its last segment. */
  async #unreferenced(segment: number, data: FileHandle, isLast: boolean): Promise<void> {
    const unreferenced = (await data.stat()).size - this.#dataEnd
    const last = this.#last
    if (unreferenced <= 0 || (isLast && last?.type !== 'session.closed')) return
    if (last?.type === 'session.closed' && last.recovered?.unreferenced === unreferenced) return
    this.problem(segment, null, `has ${unreferenced} bytes of data that no line names`)
  }
}

async function opened<T>(opening: Promise<T>): Promise<T | null> {
  try {
    return await opening
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
