import type { Readable } from 'node:stream'
import { HoopError } from '@hoop/contracts'

type Arrival = Buffer | 'end'

/** What comes on a stream, taken one by one: no more is read than was asked for, and a stream that breaks off never ends. */
export class Arrivals {
  readonly #stream: Readable
  #ended = false
  #broken: unknown = null
  #wake: (() => void) | null = null

  constructor(stream: Readable) {
    this.#stream = stream
    stream.on('readable', this.#tell)
    stream.once('end', () => {
      this.#ended = true
      this.#tell()
    })
    const broken = (error: unknown): void => {
      this.#broken ??= error ?? new HoopError('connection_unavailable', 'The answer of the service broke off.')
      this.#tell()
    }
    stream.once('error', broken)
    stream.once('close', () => {
      if (!this.#ended) broken(null)
    })
  }

  /** What is there; null: nothing yet. Throws what the stream broke by. */
  next(): Arrival | null {
    const chunk: Buffer | null = this.#stream.read()
    if (chunk !== null) return chunk
    if (this.#ended) return 'end'
    if (this.#broken !== null) throw this.#broken
    return null
  }

  async wait(): Promise<Arrival> {
    for (;;) {
      const next = this.next()
      if (next !== null) return next
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** `later`: nothing came until the end of this turn of the event loop. */
  async waitInTurn(): Promise<Arrival | 'later'> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    return this.next() ?? 'later'
  }

  readonly #tell = (): void => {
    this.#wake?.()
    this.#wake = null
  }
}
