import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DataRange, EventBody, Maybe } from '@hoop/contracts'
import { genesis, type Head, link, segmentOpened, sha256 } from './chain.ts'
import { RecordError, wordsOf } from './errors.ts'
import { folderEntries, GroupSync } from './group-sync.ts'
import { chunkBytes, folderMode, lineBytes, segmentFolder } from './layout.ts'
import { grouped, lengthOf } from './pieces.ts'
import { closeSegment, createSegment, type Segment } from './segment.ts'
import type { Chunk, Entry, Last, Position, RecordOptions, SessionRecord } from './session-record.ts'

const defaultSegmentBytes = 64 * 1024 * 1024
/** What may wait for a flush; more is written at once. */
const gatherUpTo = 1024 * 1024

/** Begins the record of a session. Throws RecordError if it cannot be written, or if the folder holds a record already. */
export function openRecord(options: RecordOptions): SessionRecord {
  return new WrittenRecord(options)
}

interface Listener {
  readonly onLines: (lines: readonly string[]) => void
  readonly onEnd: () => void
}

/** What is to be written next, linked already: lines, and the bytes that they name. */
class Gathered {
  readonly lines: string[] = []
  readonly data: Uint8Array[] = []
  /** The end of the chain with these lines; null: there are none. */
  head: Head | null = null
  dataBytes = 0
  operations = 0
  #lineBytes = 0

  get empty(): boolean {
    return this.head === null && this.data.length === 0
  }
  get bytes(): number {
    return this.dataBytes + this.#lineBytes
  }

  add(line: string, head: Head): void {
    this.lines.push(line)
    this.head = head
    this.#lineBytes += line.length
  }

  keep(pieces: readonly Uint8Array[], length: number): void {
    for (const piece of pieces) this.data.push(piece)
    this.dataBytes += length
  }
}

class WrittenRecord implements SessionRecord {
  readonly folder: string
  readonly #options: RecordOptions
  readonly #listeners = new Set<Listener>()
  readonly #sync = new GroupSync((error) => this.#fail(error))
  readonly #retired = new Set<Promise<void>>()
  #segment: Segment
  #head: Head = genesis
  #gathered = new Gathered()
  #time = { milliseconds: 0, text: '' }
  #failed: RecordError | null = null
  #closing: Promise<void> | null = null
  #ended = false
  #retiredBytes = 0
  #operations = 0

  constructor(options: RecordOptions) {
    this.folder = options.folder
    this.#options = options
    let segment: Segment | null = null
    try {
      mkdirSync(dirname(options.folder), { recursive: true, mode: folderMode })
      // Made here, so that it is no link to elsewhere.
      mkdirSync(options.folder, { mode: folderMode })
      segment = createSegment(options.folder, 0)
      this.#segment = segment
      this.#sync.note(folderEntries(dirname(options.folder)))
      this.#beginSegment()
    } catch (error) {
      this.#sync.stop()
      segment?.events.closeSync()
      segment?.data.closeSync()
      throw this.#fail(error)
    }
  }

  get failed(): RecordError | null {
    return this.#failed
  }

  get ended(): boolean {
    return this.#ended
  }

  get head(): Head {
    return this.#head
  }

  get position(): Position {
    return { segment: this.#segment.number, bytes: this.#segment.events.size }
  }

  get bytes(): number {
    return this.#retiredBytes + this.#segmentBytes
  }

  get operations(): number {
    return this.#operations
  }

  append(...entries: Entry[]): void {
    this.gather(...entries)
    this.flush()
  }

  gather(...entries: Entry[]): void {
    this.#assertOpen()
    this.#attempt(() => this.#gather(entries))
    if (this.#gathered.bytes > gatherUpTo) this.flush()
  }

  flush(): void {
    this.#assertWhole()
    if (!this.#gathered.empty) this.#attempt(() => this.#write())
  }

  durable(): Maybe<void> {
    this.flush()
    if (this.#options.durability === 'ordered' || this.#sync.settled) return
    return this.#settle()
  }

  subscribe(onLines: (lines: readonly string[]) => void, onEnd: () => void = () => {}): () => void {
    const listener = { onLines, onEnd }
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(words: string): Promise<void> {
    this.#closing ??= this.#close(words)
    return this.#closing
  }

  get #segmentBytes(): number {
    return this.#segment.events.size + this.#segment.data.size
  }

  #assertWhole(): void {
    if (this.#failed !== null) throw this.#failed
  }

  #assertOpen(): void {
    this.#assertWhole()
    if (this.#closing !== null) throw new RecordError(`The record of session ${this.#options.session} is closed.`)
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      throw this.#fail(error)
    }
  }

  #gather(entries: readonly Entry[]): void {
    const full = this.#segmentBytes >= (this.#options.segmentBytes ?? defaultSegmentBytes)
    if (full && this.#gathered.empty) this.#rotate()
    for (const entry of entries) {
      if (entry.type === 'chunk') this.#keep(entry)
      else if (entry.type === 'last') this.#keepLast(entry)
      else this.#link(entry)
      if (entry.type === 'operation' && entry.by === 'caller') this.#gathered.operations++
    }
  }

  /** Keeps the bytes of a chunk for `data`, and the events that name them. */
  #keep({ operation, way, pieces, channel }: Chunk): void {
    if (this.#options.results === 'none') return
    for (const group of grouped(pieces, chunkBytes))
      this.#link({ type: 'chunk', operation, way, data: this.#range(group), ...(channel && { channel }) })
  }

  /** One line for both, where one chunk can hold what is left. */
  #keepLast({ outcome, pieces }: Last): void {
    const { operation } = outcome
    const [only, more] = this.#options.results === 'none' ? [] : grouped(pieces, chunkBytes)
    if (only === undefined) return this.#link(outcome)
    if (more === undefined) return this.#link({ ...outcome, data: this.#range(only) })
    this.#keep({ type: 'chunk', operation, way: 'down', pieces })
    this.#link(outcome)
  }

  /** Where these bytes, of one chunk, will stand in `data`. */
  #range(group: readonly Uint8Array[]): DataRange {
    const kept = this.#options.results === 'full'
    const { number: segment, data } = this.#segment
    const range = {
      segment,
      offset: kept ? data.size + this.#gathered.dataBytes : -1,
      length: lengthOf(group),
      sha256: sha256(...group),
    }
    if (kept) this.#gathered.keep(group, range.length)
    return range
  }

  #link(body: EventBody): void {
    const head = this.#gathered.head ?? this.#head
    const line = link(head, body, this.#now())
    if (line.length > lineBytes / 3 && Buffer.byteLength(line) > lineBytes)
      throw new RecordError('An event is longer than a line may be.')
    this.#gathered.add(line, { seq: head.seq + 1, hash: sha256(line) })
  }

  /** Events of one millisecond share its text. */
  #now(): string {
    const milliseconds = Date.now()
    if (milliseconds !== this.#time.milliseconds) this.#time = { milliseconds, text: new Date(milliseconds).toISOString() }
    return this.#time.text
  }

  #write(): void {
    const { lines, data, head, operations } = this.#gathered
    this.#gathered = new Gathered()
    const segment = this.#segment
    if (data.length > 0) {
      segment.data.write(...data)
      this.#sync.note(segment.data)
    }
    if (head === null) return
    segment.events.write(Buffer.from(`${lines.join('\n')}\n`))
    this.#sync.note(segment.events)
    this.#head = head
    this.#operations += operations
    for (const { onLines } of this.#listeners) onLines(lines)
  }

  #beginSegment(): void {
    this.#sync.note(folderEntries(this.folder))
    this.#sync.note(folderEntries(segmentFolder(this.folder, this.#segment.number)))
    this.#link(segmentOpened(this.#options.session, this.#segment.number))
    this.#write()
  }

  #rotate(): void {
    const full = this.#segment
    this.#retiredBytes += this.#segmentBytes
    this.#segment = createSegment(this.folder, full.number + 1)
    const retired = this.#settle()
      .finally(() => closeSegment(full))
      .catch((error: unknown) => void this.#fail(error))
      .finally(() => this.#retired.delete(retired))
    this.#retired.add(retired)
    this.#beginSegment()
  }

  /** What everyone sees once something could not be written: the first failure, for good. */
  #fail(error: unknown): RecordError {
    if (this.#failed === null) {
      const words = `The record of session ${this.#options.session} cannot be written: ${wordsOf(error)}`
      this.#failed = new RecordError(words, { cause: error })
      this.#end()
    }
    return this.#failed
  }

  #end(): void {
    this.#ended = true
    for (const { onEnd } of this.#listeners) onEnd()
    this.#listeners.clear()
  }

  async #settle(): Promise<void> {
    try {
      await this.#sync.settle()
    } catch (error) {
      throw this.#fail(error)
    }
  }

  async #close(words: string): Promise<void> {
    try {
      this.#assertWhole()
      this.#attempt(() => {
        this.#link({ type: 'session.closed', words })
        this.#write()
      })
      this.#end()
      await this.#settle()
    } finally {
      await this.#release()
    }
    this.#assertWhole()
  }

  async #release(): Promise<void> {
    await this.#settle().catch(() => {}) // one that failed still used the descriptors
    this.#sync.stop()
    await Promise.all(this.#retired)
    await closeSegment(this.#segment).catch((error: unknown) => void this.#fail(error))
  }
}
