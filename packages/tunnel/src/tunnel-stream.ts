import { Duplex } from 'node:stream'
import { Backlog } from './backlog.ts'
import { frameTypes, maxCredit, ProtocolViolation } from './frames.ts'
import type { MessageWriter } from './message-writer.ts'
import type { StreamReset } from './stream-reset.ts'

/** Credit that each side has on a new stream before any CREDIT frame, in bytes. */
const initialCredit = 256 * 1024
/** What the window of a stream may grow to, while its reader keeps up: a far network holds more than the first 256 KiB. */
const maxWindow = 1024 * 1024
/** Bytes of one stream in a row while others wait. */
const turnBytes = 64 * 1024

/** What a stream asks of its multiplexer. */
export interface Carrier {
  /** Has something to send now. */
  ready(stream: TunnelStream): void
  /** Has credit to grant. */
  grant(stream: TunnelStream): void
  /** Would hold this many bytes more for its reader: the answer is how many it may, all or none. */
  widen(bytes: number): number
  /** Is destroyed: will neither send nor take any more. */
  destroyed(stream: TunnelStream, error: Error | null): void
}

/** One byte stream of a tunnel. Half-open streams stay open; `destroy(error)` resets the peer's end. */
export class TunnelStream extends Duplex {
  readonly id: number
  readonly #carrier: Carrier

  /** The start of the OPEN frame, until that is sent. */
  #opening: Buffer | null
  #out: Buffer[] = []
  /** Bytes of the first of `#out` that are sent already. */
  #outOffset = 0
  #outLength = 0
  #outCredit = initialCredit
  #written: ((error?: Error | null) => void) | null = null
  #finish: ((error?: Error | null) => void) | null = null
  #finSent = false

  #backlog: Backlog | null = null
  /** The readable side asked, and got nothing yet. */
  #reading = false
  #received = 0
  #granted = initialCredit
  #window = initialCredit
  #finReceived = false
  #resetReceived = false

  constructor(carrier: Carrier, id: number, opening: Buffer | null) {
    // One byte: what waits, waits in the backlog, where it is bounded and counted.
    super({ allowHalfOpen: true, readableHighWaterMark: 1, writableHighWaterMark: initialCredit })
    this.id = id
    this.#carrier = carrier
    this.#opening = opening
    // A reset is the peer's to send at any time; it must not end the process of an owner that is not listening just then.
    this.on('error', () => {})
  }

  /** OPEN has not left yet: the peer does not know of this stream. */
  get unopened(): boolean {
    return this.#opening !== null
  }
  /** Bytes that its next turn would send. */
  get sendable(): number {
    return Math.min(this.#outLength, this.#outCredit, turnBytes)
  }
  /** Bytes it may hold beyond those of every stream. */
  get widened(): number {
    return this.#window - initialCredit
  }
  /** Our direction ended with FIN. */
  get finSent(): boolean {
    return this.#finSent
  }
  /** The peer's direction ended. */
  get peerEnded(): boolean {
    return this.#finReceived || this.#resetReceived
  }
  get resetReceived(): boolean {
    return this.#resetReceived
  }

  // From the peer.

  receive(bytes: Buffer): void {
    if (this.#finReceived) throw new ProtocolViolation(`bytes after FIN on stream ${this.id}`)
    this.#received += bytes.length
    if (this.#received > this.#granted) throw new ProtocolViolation(`bytes beyond the credit of stream ${this.id}`)
    const idle = this.readableLength === 0 && (this.#backlog === null || this.#backlog.length === 0)
    if (idle && this.readableFlowing === true) {
      // As push() does, which would besides ask for more at the next tick: here it comes unasked.
      this.emit('data', bytes)
      this.#count()
    } else if (idle || this.#reading) {
      this.#deliver(bytes)
      this.#count()
    } else {
      this.#backlog ??= new Backlog()
      this.#backlog.add(bytes)
    }
  }

  receiveFin(): void {
    if (this.#finReceived) throw new ProtocolViolation(`a second FIN on stream ${this.id}`)
    this.#finReceived = true
    if (this.#backlog === null || this.#backlog.length === 0) this.push(null)
  }

  receiveCredit(credit: number): void {
    this.#outCredit += credit
    if (this.#outCredit > maxCredit) throw new ProtocolViolation(`too much credit on stream ${this.id}`)
    if (this.#outLength > 0) this.#carrier.ready(this)
  }

  /** The peer ended both directions. What came whole, before a FIN, may still be read. */
  receiveReset(reset: StreamReset): void {
    this.#resetReceived = true
    if (this.#finReceived && !this.readableEnded) this.once('end', () => this.destroy(reset))
    else this.destroy(reset)
  }

  // To the peer.

  /** Writes one turn of frames; answers whether there is more to send at once. */
  writeTo(message: MessageWriter): boolean {
    const opening = this.#opening
    const room = message.room(2) - (opening?.length ?? 0)
    const length = Math.min(this.sendable, room)
    if (opening !== null) {
      this.#opening = null
      message.header(frameTypes.open, this.id, opening.length + length)
      message.append(opening)
    } else if (length > 0) {
      message.header(frameTypes.data, this.id, length)
    }
    if (length > 0) this.#move(message, length)
    if (this.#finish !== null && !this.destroyed) {
      const finish = this.#finish
      this.#finish = null
      this.#finSent = true
      message.header(frameTypes.fin, this.id, 0)
      finish()
    }
    return this.#outLength > 0 && this.#outCredit > 0
  }

  /** The credit to grant now, which then counts as granted; 0: none. */
  takeGrant(): number {
    if (this.#finReceived) return 0
    if (this.#waiting === 0 && this.#window < maxWindow) this.#window += this.#carrier.widen(this.#window)
    const due = this.#creditDue()
    this.#granted += due
    return due
  }

  #move(message: MessageWriter, length: number): void {
    this.#outCredit -= length
    this.#outLength -= length
    let sent = 0
    let left = length
    for (const chunk of this.#out) {
      const end = Math.min(chunk.length, this.#outOffset + left)
      message.append(chunk, this.#outOffset, end)
      left -= end - this.#outOffset
      this.#outOffset = end
      if (end < chunk.length) break
      this.#outOffset = 0
      sent++
      if (left === 0) break
    }
    if (this.#outLength > 0) {
      this.#out.splice(0, sent)
      return
    }
    this.#out = []
    const written = this.#written
    this.#written = null
    written?.()
  }

  // What the reader has taken, and not what was pushed: in flowing mode push() hands over at once, otherwise it only stores.

  get #waiting(): number {
    return this.readableLength + (this.#backlog?.length ?? 0)
  }

  #creditDue(): number {
    return this.#received - this.#waiting + this.#window - this.#granted
  }

  #count(): void {
    if (this.#creditDue() * 2 >= this.#window && !this.#finReceived && !this.destroyed) this.#carrier.grant(this)
  }

  #deliver(bytes: Buffer): boolean {
    this.#reading = false
    return this.push(bytes)
  }

  override read(size?: number): Buffer | null {
    const bytes: Buffer | null = super.read(size)
    this.#count()
    return bytes
  }

  override _read(): void {
    const backlog = this.#backlog
    this.#reading = true
    if (backlog === null || backlog.length === 0) return
    for (let bytes = backlog.take(); bytes !== undefined; bytes = backlog.take()) {
      if (!this.#deliver(bytes) || this.destroyed) break
    }
    if (backlog.length === 0) {
      this.#backlog = null
      if (this.#finReceived) this.push(null)
    }
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#send([chunk], chunk.length, callback)
  }

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    const out = chunks.map(({ chunk }) => chunk)
    let length = 0
    for (const chunk of out) length += chunk.length
    this.#send(out, length, callback)
  }

  #send(out: Buffer[], length: number, callback: (error?: Error | null) => void): void {
    if (length === 0) {
      callback()
      return
    }
    this.#out = out
    this.#outOffset = 0
    this.#outLength = length
    this.#written = callback
    if (this.#outCredit > 0) this.#carrier.ready(this)
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#finish = callback
    this.#carrier.ready(this)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#carrier.destroyed(this, error)
    const written = this.#written
    this.#written = null
    this.#finish = null
    this.#out = []
    this.#outLength = 0
    this.#backlog = null
    callback(error)
    written?.(error ?? new Error('The stream was closed.'))
  }
}
