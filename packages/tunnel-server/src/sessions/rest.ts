import type { HoopError } from '@hoop/contracts'

/** When one stream may be ended without breaking anything off: while it has no operation under way, and no transaction open. */
export class Rest {
  readonly #ending = new AbortController()
  #atRest = false
  #farewell: HoopError | null = null

  /** Aborts when the stream is to end; the reason is a HoopError. */
  get signal(): AbortSignal {
    return this.#ending.signal
  }

  /** Something begins. */
  disturb(): void {
    this.#atRest = false
  }

  /** All that was asked is answered, and nothing is left open. */
  begin(): void {
    this.#atRest = true
    if (this.#farewell !== null) this.#leave(this.#farewell)
  }

  /** Ends the stream as soon as it is at rest. */
  retire(farewell: HoopError): void {
    this.#farewell = farewell
    if (this.#atRest) this.#leave(farewell)
  }

  /** Ends the stream now. */
  end(reason: HoopError): void {
    this.#ending.abort(reason)
  }

  /** After what is being said to the caller just now; unless they were quicker. */
  #leave(farewell: HoopError): void {
    setImmediate(() => {
      if (this.#atRest) this.end(farewell)
    })
  }
}
