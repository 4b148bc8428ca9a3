import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import type { CancelHandle, Cancels } from '@hoop/protocols'

/** A key of protocol 3.0 has 32 bits only: whoever guesses gets this many tries a minute in one session. */
const triesPerMinute = 60

/** The cancel keys of one session. Another session's key is not known here, so it cancels nothing. */
export class SessionCancels implements Cancels {
  readonly #known = new Map<number, { secret: Buffer; cancel: () => void }>()
  #failures = 0
  #minute = 0

  register(cancel: () => void, secretLength: number): CancelHandle {
    let processId = randomInt(1, 2 ** 31 - 1)
    while (this.#known.has(processId)) processId = randomInt(1, 2 ** 31 - 1)
    const secret = randomBytes(secretLength)
    this.#known.set(processId, { secret, cancel })
    return { processId, secret, release: () => this.#known.delete(processId) }
  }

  cancel(processId: number, secret: Buffer): void {
    const minute = Math.floor(Date.now() / 60_000)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#failures = 0
    }
    if (this.#failures >= triesPerMinute) return
    const found = this.#known.get(processId)
    if (found === undefined || secret.length !== found.secret.length || !timingSafeEqual(secret, found.secret)) {
      this.#failures++
      return
    }
    found.cancel()
  }
}
