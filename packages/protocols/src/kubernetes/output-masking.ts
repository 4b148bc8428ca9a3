import type { Detectors } from '@hoop/contracts'
import { OutputText } from './output-text.ts'
import type { SendBytes, StreamChannel, StreamEvent } from './stream-event.ts'

/** Milliseconds for which the end of a line waits for what follows: then it is shown, as prompts must be. */
const holdTime = 50

type Put = (bytes: Buffer, channel: StreamChannel) => Promise<void>

/**
 * Blanks what detectors find in the output of a program, also where a value is cut over two pieces that come within 50 ms of one another. What
 * it shows leaves through the event's own `send`, one after another over all channels.
 */
export class OutputMasking {
  readonly #detectors: Detectors
  readonly #put: Put
  readonly #outputs = new Map<StreamChannel, Output>()
  /** Rejected from the first failure on: what could not be recorded ends the relay with the next event. */
  #turn: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | null = null
  #closed = false

  /** `put` records bytes before they leave. */
  constructor(detectors: Detectors, put: Put) {
    this.#detectors = detectors
    this.#put = put
  }

  /** Takes a piece; resolves when what may be shown by now has left. */
  write({ channel, bytes }: StreamEvent, send: SendBytes): Promise<void> {
    return this.#next(async () => {
      const output = this.#outputs.get(channel) ?? { text: new OutputText(this.#detectors), send }
      this.#outputs.set(channel, { ...output, send })
      await this.#show(channel, output.text.write(bytes), send)
      if (output.text.holds && !this.#closed) this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), holdTime)
    })
  }

  /** Shows what waits. */
  flush(): Promise<void> {
    this.#stopTimer()
    return this.#next(async () => {
      for (const [channel, { text, send }] of this.#outputs) await this.#show(channel, text.rest(), send)
    })
  }

  /** Nothing leaves any more when it resolves. */
  async close(): Promise<void> {
    this.#closed = true
    this.#stopTimer()
    await this.#turn.catch(() => undefined)
    this.#stopTimer()
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work)
    // Whoever waits for it is told; of a timer nobody does.
    this.#turn.catch(() => undefined)
    return this.#turn
  }

  async #show(channel: StreamChannel, bytes: Buffer, send: SendBytes): Promise<void> {
    if (bytes.length === 0) return
    await this.#put(bytes, channel)
    await send(bytes)
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}

interface Output {
  readonly text: OutputText
  readonly send: SendBytes
}
