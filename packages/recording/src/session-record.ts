import type { Channel, EventBody, Maybe, Way } from '@hoop/contracts'
import type { Head } from './chain.ts'
import type { RecordError } from './errors.ts'

/** Bytes of an operation's traffic as its caller sees them: kept in `data`, or only their digest, as the connection says. */
export interface Chunk {
  readonly type: 'chunk'
  readonly operation: string
  readonly way: Way
  readonly channel?: Channel
  /** The bytes, in pieces as they came: kept until they are written, and not to be changed before. */
  readonly pieces: readonly Uint8Array[]
}

type Outcome = Omit<Extract<EventBody, { type: 'outcome' }>, 'data'>

/** The end of an operation together with the last bytes for its caller: where they are few, the outcome names them itself. */
export interface Last {
  readonly type: 'last'
  readonly outcome: Outcome
  readonly pieces: readonly Uint8Array[]
}

/** What may be put on a record. The chain's own events are written by the record itself, and one that names bytes only together with them. */
export type Entry =
  | Exclude<EventBody, { type: 'chunk' | 'outcome' | 'segment.opened' | 'session.closed' }>
  | Outcome
  | Chunk
  | Last

/** The end of what is whole on the record: bytes of `events.ndjson` in its last segment. */
export interface Position {
  readonly segment: number
  readonly bytes: number
}

export interface RecordOptions {
  /** The folder of this session, made here; it must not hold a record yet. */
  readonly folder: string
  readonly session: string
  /** `ordered`: in the file when a call returns, on the disk within 50 ms. `synced`: on the disk when `durable` says so. */
  readonly durability: 'ordered' | 'synced'
  /** Of the bytes of chunks: kept whole, as length and SHA-256 only, or not at all. */
  readonly results: 'full' | 'digest' | 'none'
  /** A new segment begins when the files of one hold this many bytes; 64 MB. */
  readonly segmentBytes?: number
}

/** The record of one open session. After the first failure every method throws that same RecordError: there is no best effort. */
export interface SessionRecord {
  readonly folder: string
  /** Why nothing can be recorded any more. */
  readonly failed: RecordError | null
  /** Whether the last line is written, or can never be. */
  readonly ended: boolean
  readonly head: Head
  readonly position: Position
  /** Bytes in all files of the record. */
  readonly bytes: number
  /** Operations that the caller asked for. */
  readonly operations: number
  /**
   * Puts entries on the record, in this order and in one write of lines; bytes of chunks are in `data` before their lines are written.
   * Everything is in the files when it returns, what was gathered before included. Throws RecordError.
   */
  append(...entries: Entry[]): void
  /**
   * As `append`, but in the files only after the next `flush`, with all that was gathered until then: one write of many. Nothing may be done
   * that follows from these entries before. Throws RecordError.
   */
  gather(...entries: Entry[]): void
  /** Writes what was gathered. Throws RecordError. */
  flush(): void
  /**
   * Flushes. Nothing more to wait for (`ordered`), or a promise that resolves when everything put on the record so far is on the disk (`synced`).
   * Throws or rejects with RecordError.
   */
  durable(): Maybe<void>
  /** Calls `onLines` with the new lines of each write, once they are in the file, and `onEnd` once when there will be no more. Neither may throw or append. Returns the way out. */
  subscribe(onLines: (lines: readonly string[]) => void, onEnd?: () => void): () => void
  /**
   * Ends the record with `session.closed`; resolves when all of it is on the disk. Closing it again does nothing. Rejects with RecordError.
   * A record that failed is closed too: that is what gives its files back.
   */
  close(words: string): Promise<void>
}
