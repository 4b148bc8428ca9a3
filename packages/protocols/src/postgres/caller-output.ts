import type { Duplex } from 'node:stream'
import type { Maybe } from '@hoop/contracts'
import type { PostgresContext } from '../protocol.ts'
import type { Exchange } from './exchange.ts'

/** Output that waits for one write: more than this is written at once. */
const joinUpTo = 64 * 1024
/** A read this large is part of something larger: a TLS record is 16 KiB. */
const bulkRead = 12 * 1024
/** So much of it is recorded and written together. */
const gatherUpTo = 128 * 1024

/** A message of ours up to this size is copied to those before it, unless there are few. */
const smallMessage = 4096
const fewMessages = 4
const blockSize = 32 * 1024

/** A message in the buffer that it came in: `bytes[start, end)`. */
export interface Received {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

export interface CallerOutputParts {
  readonly client: Duplex
  readonly backend: Duplex
  readonly leave: PostgresContext['leave']
  readonly onFailure: (error: unknown) => void
}

/**
 * What goes to the caller: gathered, recorded, and only then written. While the caller does not read, or the record is not on the disk
 * yet, nothing more is taken from the backend.
 */
export class CallerOutput {
  readonly #client: Duplex
  readonly #backend: Duplex
  readonly #leave: CallerOutputParts['leave']
  readonly #onFailure: (error: unknown) => void
  #out: Buffer[] = []
  #outSize = 0
  #waits: Promise<void>[] = []
  /** Handed over, and not in the files of the record yet. */
  #ready: Buffer[] = []
  #leaving = false
  #lastWords: Buffer | null = null
  #waiting: (() => void)[] = []
  #paused: Promise<void> | null = null
  #run: { bytes: Buffer; start: number; end: number; exchange: Exchange | null } | null = null
  #current: Exchange | null = null
  /** Small messages since the last hand-over, and where those beyond the first few are copied to. */
  #small = 0
  #block: Buffer | null = null
  #used = 0
  #gathering: NodeJS.Immediate | null = null

  constructor(parts: CallerOutputParts) {
    this.#client = parts.client
    this.#backend = parts.backend
    this.#leave = parts.leave
    this.#onFailure = parts.onFailure
  }

  /** Our own words, between messages of the backend. */
  say(bytes: Buffer): void {
    this.put(bytes, null)
    this.handOver()
  }

  /** One read of this many bytes was handled: small answers leave at once, bulk is gathered for the turn of the event loop. */
  handled(bytes: number): void {
    if (bytes < bulkRead || this.#outSize > gatherUpTo) return this.handOver()
    this.#gathering ??= setImmediate(() => this.#handOverLater())
  }

  /** Where nobody above would hear of a failure. */
  #handOverLater(): void {
    try {
      this.handOver()
    } catch (error) {
      this.#onFailure(error)
    }
  }

  /** What has gathered for the current operation goes on the record, and then everything to the caller. */
  handOver(): void {
    if (this.#gathering !== null) clearImmediate(this.#gathering)
    this.#gathering = null
    this.#endRun()
    this.#small = 0
    this.#block = null
    const current = this.#current
    this.#current = null
    this.#record(() => current?.record())
    this.#flush()
  }

  /** Our last words, which leave even where what was to come before them cannot be recorded. */
  farewell(bytes: Buffer): void {
    this.#lastWords = bytes
    this.handOver()
  }

  /** Resolves once all that was said has been written. */
  async written(): Promise<void> {
    while (this.#paused !== null || this.#leaving) await (this.#paused ?? new Promise<void>((left) => this.#waiting.push(left)))
  }

  /** What cannot be put on the record does not leave. */
  #record(work: () => Maybe<void>): void {
    try {
      const recorded = work()
      if (recorded === undefined) return
      // It is waited for only once the bytes before it are gone; a rejection before that is not unheard.
      recorded.catch(() => undefined)
      this.#waits.push(recorded)
    } catch (error) {
      this.#drop()
      throw error
    }
  }

  #drop(): void {
    this.#out = []
    this.#outSize = 0
    this.#waits = []
  }

  /** Nothing leaves before the record has it. */
  #flush(): void {
    if (this.#paused !== null) return
    if (this.#waits.length > 0) return this.#pause(Promise.all(this.#waits.splice(0)))
    if (this.#out.length === 0 && this.#lastWords === null) return
    for (const piece of this.#out) this.#ready.push(piece)
    this.#out = []
    this.#outSize = 0
    if (this.#leaving) return
    this.#leaving = true
    this.#leave((recorded) => {
      try {
        this.#left(recorded)
      } catch (error) {
        this.#onFailure(error)
      }
    })
  }

  #left(recorded: boolean): void {
    this.#leaving = false
    const pieces = recorded ? this.#ready : []
    this.#ready = []
    if (!recorded) this.#drop()
    if (this.#lastWords !== null) pieces.push(this.#lastWords)
    this.#lastWords = null
    if (!this.#client.destroyed) this.#write(pieces)
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #write(pieces: readonly Buffer[]): void {
    let size = 0
    for (const { length } of pieces) size += length
    if (size === 0) return
    let roomy = true
    if (pieces.length === 1 || size > joinUpTo) for (const piece of pieces) roomy = this.#client.write(piece)
    else roomy = this.#client.write(Buffer.concat(pieces, size))
    if (!roomy) this.#pause(drained(this.#client))
  }

  #pause(until: Promise<unknown>): void {
    this.#backend.pause()
    this.#paused = until.then(
      () => {
        this.#paused = null
        this.#backend.resume()
        this.#handOverLater()
      },
      (error: unknown) => {
        this.#paused = null
        this.#drop()
        this.#onFailure(error)
      },
    )
  }

  /** A message goes on as it came. */
  pass({ bytes, start, end }: Received, exchange: Exchange | null): void {
    const run = this.#run
    if (run !== null && run.bytes === bytes && run.end === start && run.exchange === exchange) run.end = end
    else {
      this.#endRun()
      this.#run = { bytes, start, end, exchange }
    }
  }

  #endRun(): void {
    const run = this.#run
    if (run === null) return
    this.#run = null
    this.#emit(run.bytes.subarray(run.start, run.end), run.exchange)
  }

  /** A message of ours. Small ones that follow one another, as the rows of a masked result do, are put together. */
  put(bytes: Buffer, exchange: Exchange | null): void {
    if (bytes.length === 0) return
    if (bytes.length > smallMessage || this.#small++ < fewMessages) {
      this.#endRun()
      this.#emit(bytes, exchange)
      return
    }
    bytes.copy(this.reserve(bytes.length), this.#used)
    this.wrote(bytes.length, exchange)
  }

  /** Whether a message of this size is one of many small ones, which are written into one buffer. */
  gathers(bytes: number): boolean {
    return bytes <= smallMessage && this.#small >= fewMessages
  }

  /** A buffer in which a message of ours of up to so many bytes may be written, from `position` on; `wrote` puts it to what is said. */
  reserve(bytes: number): Buffer {
    if (this.#block === null || this.#used + bytes > this.#block.length) {
      this.#block = Buffer.allocUnsafeSlow(Math.max(bytes, blockSize))
      this.#used = 0
    }
    return this.#block
  }

  /** Where the next message goes in the buffer that was reserved last. */
  get position(): number {
    return this.#used
  }

  /** A message of so many bytes was written there. */
  wrote(bytes: number, exchange: Exchange | null): void {
    if (this.#block === null) return
    const start = this.#used
    this.#used += bytes
    this.pass({ bytes: this.#block, start, end: this.#used }, exchange)
  }

  #emit(bytes: Buffer, exchange: Exchange | null): void {
    if (bytes.length === 0) return
    this.#out.push(bytes)
    this.#outSize += bytes.length
    if (exchange === null || exchange.ended) return
    if (this.#current !== exchange) {
      const before = this.#current
      this.#current = exchange
      this.#record(() => before?.record())
    }
    exchange.down(bytes)
  }

  end(exchange: Exchange, kind: 'done' | 'not-run' | 'no-reply'): void {
    this.#endRun()
    if (this.#current === exchange) this.#current = null
    this.#record(() => exchange.end(kind))
  }
}

function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.on('drain', done)
    stream.on('close', done)
  })
}
