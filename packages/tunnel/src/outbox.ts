import { ProtocolViolation } from './frames.ts'

/** What may wait for the peer's acknowledgement; a far network has as much on its way. */
const maxBytes = 8 * 1024 * 1024

/** Messages that the peer has not acknowledged yet, in order: what a new WebSocket carries again. */
export class Outbox {
  readonly #onAcknowledged: (message: Buffer) => void
  #messages: Buffer[] = []
  #bytes = 0
  #acknowledged = 0
  /** Where in `#messages` sending again has come to; its length: all was sent. */
  #next = 0

  constructor(onAcknowledged: (message: Buffer) => void) {
    this.#onAcknowledged = onAcknowledged
  }

  /** Nothing more may be added until the peer acknowledges. */
  get full(): boolean {
    return this.#bytes >= maxBytes
  }
  get empty(): boolean {
    return this.#messages.length === 0
  }

  /** Keeps a message that is sent now. */
  add(message: Buffer): void {
    this.#messages.push(message)
    this.#bytes += message.length
    this.#next++
  }

  /** The peer has so many messages, from the first on. An acknowledgement that was sent again may be older than the last. */
  acknowledge(count: number): void {
    const more = count - this.#acknowledged
    if (more <= 0) return
    if (more > this.#next) throw new ProtocolViolation(`${count} messages acknowledged, which is not what was sent`)
    for (const message of this.#messages.splice(0, more)) {
      this.#bytes -= message.length
      this.#onAcknowledged(message)
    }
    this.#acknowledged = count
    this.#next -= more
  }

  /** The peer goes on behind so many messages: all others are to be sent again. */
  rewind(count: number): void {
    if (count < this.#acknowledged) throw new ProtocolViolation(`${count} messages received, fewer than were acknowledged`)
    this.acknowledge(count)
    this.#next = 0
  }

  /** The next message to send again. */
  again(): Buffer | undefined {
    const message = this.#messages[this.#next]
    if (message !== undefined) this.#next++
    return message
  }

  clear(): void {
    this.#messages = []
    this.#bytes = 0
    this.#next = 0
  }
}
