import type { Duplex } from 'node:stream'
import type { StreamHeader } from '@hoop/contracts'
import { decodeFrames, encodeFrame, encodeStreamHeader, type Frame, ProtocolViolation, pingTokenBytes } from './frames.ts'
import { MessageWriter } from './message-writer.ts'
import { Outbox } from './outbox.ts'
import { resetCodes, resetFor, StreamReset } from './stream-reset.ts'
import { type Carrier, TunnelStream } from './tunnel-stream.ts'

export interface MultiplexerOptions {
  /** Which end this is: the dialler opens streams with odd numbers, the acceptor with even ones. */
  readonly side: 'dialler' | 'acceptor'
  /** Takes a message; false when no more should come before `drained` is called. The message is not changed before the peer has acknowledged it. */
  send(message: Buffer): boolean
  /** Runs the callback once, soon: what is written until then leaves as one message. */
  schedule(flush: () => void): void
  /** Runs the callback once, later: what was received until then is acknowledged, if nothing else did it. */
  delay(acknowledge: () => void): void
  /** A stream of the peer's. Without it, all are refused. */
  readonly onStream?: ((header: StreamHeader, stream: Duplex) => void) | undefined
  /** The peer takes no new streams. */
  onGoaway(words: string): void
  /** The peer broke the protocol: all streams are reset; a GOAWAY has been sent; the transport must be closed. */
  onViolation(words: string): void
  /** Open at once, of either side's opening. */
  readonly maxStreams?: number | undefined
}

const defaultMaxStreams = 1024
/** Bytes that the streams of a tunnel may hold for their readers beyond 256 KiB each. */
const spareWindow = 32 * 1024 * 1024
const lastStreamId = 2 ** 32 - 1
/** Streams that we have reset and the peer has not: it may be slow to answer, but not for ever. */
const maxUnansweredResets = 16 * 1024

/** Acknowledged at once, and not with the next CREDIT or the timer. */
const acknowledgeAfter = { messages: 128, bytes: 128 * 1024 }

/**
 * Many streams over a transport of messages, which may be replaced by another: what the peer has not acknowledged is sent again there. Messages
 * with a frame of a stream are counted, by both sides; the others are of the moment. Pure: what it is given in, what it answers out.
 */
export class Multiplexer implements Carrier {
  readonly #options: MultiplexerOptions
  readonly #maxStreams: number
  readonly #writer = new MessageWriter()
  readonly #flush = () => this.flush()
  /** What the peer has acknowledged it has read, and no transport needs it again. */
  readonly #outbox = new Outbox((message) => this.#writer.release(message))

  readonly #streams = new Map<number, TunnelStream>()
  #nextId: number
  #lastPeerId = 0
  /** Why the tunnel ended; null while it lives. */
  #ended: string | null = null
  /** Why the peer takes no new streams. */
  #peerGoesAway: string | null = null

  // What waits to be sent. Each is bounded: at most one entry a stream, one answer to the latest ping.
  readonly #ready = new Set<TunnelStream>()
  readonly #grants = new Set<TunnelStream>()
  readonly #resets = new Map<number, { readonly code: number; readonly words: string }>()
  #ping: Buffer | null = null
  #pings = 0
  #pong: Buffer | null = null
  #goaway: string | null = null
  /** Why we take no new streams: told again over each new transport. */
  #goesAway: string | null = null
  #acknowledge = false

  /** `greeting`: RESUME is sent, and the peer's has not come. */
  #transport: 'up' | 'greeting' | 'down' = 'up'
  /** Counted messages of the peer's, and how far they are acknowledged. */
  #received = 0
  #acknowledged = 0
  #unacknowledgedBytes = 0
  #delayed = false
  readonly #delayOver = () => {
    this.#delayed = false
    if (this.#received > this.#acknowledged) this.#acknowledgeSoon()
  }

  /** Reset by us, and the peer's direction has not ended yet: bytes still under way are dropped. */
  readonly #unanswered = new Set<number>()
  #spareWindow = spareWindow
  #scheduled = false
  #flushing = false
  #congested = false
  /** Bytes at the start of the message being written that are of no stream. */
  #controlBytes = 0

  constructor(options: MultiplexerOptions) {
    this.#options = options
    this.#maxStreams = options.maxStreams ?? defaultMaxStreams
    this.#nextId = options.side === 'dialler' ? 1 : 2
  }

  /** Streams that are open. */
  get size(): number {
    return this.#streams.size
  }

  /**
   * Opens a stream; the first bytes travel with its header. Where none can be opened, the stream fails with a StreamReset.
   * @throws RangeError for a header that no OPEN frame could carry.
   */
  openStream(header: StreamHeader, firstBytes?: Buffer): Duplex {
    const stream = new TunnelStream(this, this.#nextId, encodeStreamHeader(header))
    const refusal = this.#whyNotOpen()
    if (refusal !== null) return stream.destroy(refusal)
    this.#nextId += 2
    this.#streams.set(stream.id, stream)
    this.ready(stream)
    if (firstBytes !== undefined && firstBytes.length > 0) stream.write(firstBytes)
    return stream
  }

  #whyNotOpen(): StreamReset | null {
    if (this.#ended !== null) return new StreamReset(resetCodes.tunnelClosed, this.#ended)
    if (this.#peerGoesAway !== null) return new StreamReset(resetCodes.refused, this.#peerGoesAway)
    if (this.#streams.size >= this.#maxStreams) return new StreamReset(resetCodes.refused, this.#tooManyStreams())
    if (this.#nextId > lastStreamId) return new StreamReset(resetCodes.refused, 'The tunnel has used up its stream numbers.')
    return null
  }

  #tooManyStreams(): string {
    return `The tunnel carries its most streams already (${this.#maxStreams}).`
  }

  /** Takes one message of the peer's. */
  receive(message: Buffer): void {
    if (this.#ended !== null) return
    let counted = false
    try {
      decodeFrames(message, (frame) => {
        if ('stream' in frame) counted = true
        // A reader that got the frame before may have ended the tunnel.
        if (this.#ended === null) this.#take(frame)
      })
      if (counted) this.#count(message.length)
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      this.violation(error.message)
    }
  }

  /** Ends the tunnel because the peer broke its protocol. */
  violation(what: string): void {
    if (this.#ended !== null) return
    const words = `The other side broke the tunnel's protocol: ${what}.`
    this.goaway(words)
    this.end(words)
    this.#options.onViolation(words)
  }

  #count(bytes: number): void {
    this.#received++
    this.#unacknowledgedBytes += bytes
    const due =
      this.#received - this.#acknowledged >= acknowledgeAfter.messages || this.#unacknowledgedBytes >= acknowledgeAfter.bytes
    if (due) this.#acknowledgeSoon()
    else if (!this.#delayed) {
      this.#delayed = true
      this.#options.delay(this.#delayOver)
    }
  }

  #acknowledgeSoon(): void {
    this.#acknowledge = true
    this.#schedule()
  }

  /** Whether the peer owes an acknowledgement. */
  get owed(): boolean {
    return !this.#outbox.empty
  }

  /** The transport is gone: all streams stand still, and nobody is told. */
  suspend(): void {
    this.#transport = 'down'
    this.#ping = null
    this.#pong = null
  }

  /** Goes on over a new transport, once both sides have said what they have. */
  resume(): void {
    if (this.#ended !== null) return
    this.#transport = 'greeting'
    this.#goaway = this.#goesAway
    this.#told()
    this.#congested = !this.#options.send(encodeFrame({ type: 'resume', count: this.#received }))
  }

  #told(): void {
    this.#acknowledged = this.#received
    this.#unacknowledgedBytes = 0
    this.#acknowledge = false
  }

  /** The transport takes messages again. */
  drained(): void {
    this.#congested = false
    this.flush()
  }

  /** Asks for a sign of life. */
  ping(): void {
    this.#ping = Buffer.alloc(pingTokenBytes)
    this.#ping.writeUInt32BE(++this.#pings >>> 0, 4)
    this.#schedule()
  }

  /** Says that no new streams are taken, and why, at once and behind all that can be sent now. */
  goaway(words: string): void {
    if (this.#ended !== null) return
    this.#goesAway = words
    if (this.#transport === 'up') this.flush()
    this.#goaway = words
    if (this.#transport !== 'up') return
    // An owner may say so from inside a flush: what that has written goes first.
    this.#hand()
    this.#writer.begin(0)
    this.#writeControl()
    this.#hand()
  }

  /** Resets every stream with these words; nothing is sent or taken any more. */
  end(words: string): void {
    if (this.#ended !== null) return
    this.#ended = words
    const reset = new StreamReset(resetCodes.tunnelClosed, words)
    for (const stream of this.#streams.values()) stream.destroy(reset)
    this.#streams.clear()
    this.#ready.clear()
    this.#grants.clear()
    this.#resets.clear()
    this.#unanswered.clear()
    this.#outbox.clear()
  }

  #take(frame: Frame): void {
    if ((frame.type === 'resume') !== (this.#transport === 'greeting')) {
      throw new ProtocolViolation(`${frame.type.toUpperCase()} ${frame.type === 'resume' ? 'out of place' : 'before RESUME'}`)
    }
    switch (frame.type) {
      case 'open':
        this.#accept(frame.stream, frame.header, frame.bytes)
        return
      case 'data': {
        const stream = this.#stream(frame.stream)
        if (stream !== null) stream.receive(frame.bytes)
        else if (!this.#unanswered.has(frame.stream))
          throw new ProtocolViolation(`DATA on stream ${frame.stream}, which is not open`)
        return
      }
      case 'fin': {
        const stream = this.#stream(frame.stream)
        if (stream !== null) stream.receiveFin()
        else if (!this.#unanswered.delete(frame.stream)) {
          throw new ProtocolViolation(`FIN on stream ${frame.stream}, which is not open`)
        }
        return
      }
      // The last two may cross the end of their stream.
      case 'credit':
        this.#stream(frame.stream)?.receiveCredit(frame.credit)
        return
      case 'reset':
        this.#unanswered.delete(frame.stream)
        this.#stream(frame.stream)?.receiveReset(new StreamReset(frame.code, frame.words))
        return
      case 'ping':
        // Copied: it would keep its whole message while the transport is congested. Only the latest is answered.
        this.#pong = Buffer.from(frame.token)
        this.#schedule()
        return
      case 'pong':
        return
      case 'goaway':
        this.#peerGoesAway = frame.words
        this.#options.onGoaway(frame.words)
        return
      case 'ack': {
        const { full } = this.#outbox
        this.#outbox.acknowledge(frame.count)
        if (full) this.#schedule()
        return
      }
      case 'resume':
        this.#outbox.rewind(frame.count)
        this.#transport = 'up'
        this.#schedule()
        return
    }
  }

  /** The stream; null when it was opened once and is gone. */
  #stream(id: number): TunnelStream | null {
    const stream = this.#streams.get(id)
    if (stream === undefined) {
      const opened = this.#isOurs(id) ? id < this.#nextId : id <= this.#lastPeerId
      if (opened) return null
    } else if (!stream.unopened) return stream
    throw new ProtocolViolation(`a frame on stream ${id}, which was never opened`)
  }

  #isOurs(id: number): boolean {
    return id % 2 === this.#nextId % 2
  }

  #accept(id: number, header: StreamHeader, bytes: Buffer): void {
    if (this.#isOurs(id)) throw new ProtocolViolation(`OPEN of stream ${id}, which is not the peer's to open`)
    if (id <= this.#lastPeerId) throw new ProtocolViolation(`OPEN of stream ${id} out of order`)
    this.#lastPeerId = id
    const { onStream } = this.#options
    if (onStream === undefined || this.#streams.size >= this.#maxStreams) {
      const words = onStream === undefined ? 'This side takes no streams.' : this.#tooManyStreams()
      this.#reset(id, { code: resetCodes.refused, words }, false)
      return
    }
    const stream = new TunnelStream(this, id, null)
    this.#streams.set(id, stream)
    if (bytes.length > 0) stream.receive(bytes)
    onStream(header, stream)
  }

  #reset(id: number, reset: { readonly code: number; readonly words: string }, peerEnded: boolean): void {
    this.#resets.set(id, reset)
    if (!peerEnded) this.#unanswered.add(id)
    // The peer may answer before it has taken any: what waits to be sent counts, too. Not thrown: a stream's `destroy` would swallow it.
    if (Math.max(this.#unanswered.size, this.#resets.size) <= maxUnansweredResets) this.#schedule()
    else this.violation('too many resets without an answer')
  }

  // Carrier: what streams ask for.

  ready(stream: TunnelStream): void {
    if (this.#ended !== null) return
    this.#ready.add(stream)
    this.#schedule()
  }

  grant(stream: TunnelStream): void {
    if (this.#ended !== null) return
    this.#grants.add(stream)
    this.#schedule()
  }

  widen(bytes: number): number {
    if (bytes > this.#spareWindow) return 0
    this.#spareWindow -= bytes
    return bytes
  }

  destroyed(stream: TunnelStream, error: Error | null): void {
    if (this.#ended !== null || this.#streams.get(stream.id) !== stream) return
    this.#streams.delete(stream.id)
    this.#spareWindow += stream.widened
    this.#ready.delete(stream)
    this.#grants.delete(stream)
    // A direction ends with FIN or RESET. A RESET is answered unless our direction has ended, so that both sides know when all is said.
    const over = stream.finSent && stream.peerEnded
    if (!over && !stream.unopened) this.#reset(stream.id, resetFor(error), stream.peerEnded)
  }

  #schedule(): void {
    if (this.#scheduled || this.#congested || this.#transport !== 'up' || this.#ended !== null) return
    this.#scheduled = true
    this.#options.schedule(this.#flush)
  }

  /** Sends what waits, as far as the transport takes it. */
  flush(): void {
    this.#scheduled = false
    if (this.#flushing) return
    this.#flushing = true
    try {
      while (!this.#congested && this.#transport === 'up' && this.#ended === null && (this.#sendAgain() || this.#sendMessage()));
    } finally {
      this.#flushing = false
    }
  }

  #sendAgain(): boolean {
    const message = this.#outbox.again()
    if (message === undefined) return false
    this.#congested = !this.#options.send(message)
    return true
  }

  #sendMessage(): boolean {
    const [first] = this.#ready
    this.#writer.begin(first?.sendable ?? 0)
    this.#writeControl()
    if (!this.#outbox.full) this.#writeStreams()
    return this.#hand()
  }

  /** Sends what is written; false when nothing is. */
  #hand(): boolean {
    const counted = this.#writer.length > this.#controlBytes
    this.#controlBytes = 0
    const message = this.#writer.finish()
    if (message === null) return false
    if (counted) {
      this.#outbox.add(message)
      this.#congested = !this.#options.send(message)
    } else {
      // Nobody acknowledges it.
      this.#congested = !this.#options.send(Buffer.from(message))
      this.#writer.release(message)
    }
    return true
  }

  /** What is of no stream, and not sent again over another transport. */
  #writeControl(): void {
    const writer = this.#writer
    if (this.#goaway !== null) writer.append(encodeFrame({ type: 'goaway', words: this.#goaway }))
    if (this.#ping !== null) writer.append(encodeFrame({ type: 'ping', token: this.#ping }))
    if (this.#pong !== null) writer.append(encodeFrame({ type: 'pong', token: this.#pong }))
    this.#goaway = null
    this.#ping = null
    this.#pong = null
    const rides = this.#grants.size > 0 && this.#received > this.#acknowledged
    if (this.#acknowledge || rides) {
      this.#told()
      writer.append(encodeFrame({ type: 'ack', count: this.#received }))
    }
    this.#controlBytes = writer.length
  }

  #writeStreams(): void {
    const writer = this.#writer
    for (const [stream, reset] of this.#resets) {
      if (writer.full) return
      this.#resets.delete(stream)
      writer.append(encodeFrame({ type: 'reset', stream, code: reset.code, words: reset.words }))
    }
    for (const stream of this.#grants) {
      if (writer.full) return
      this.#grants.delete(stream)
      const credit = stream.takeGrant()
      if (credit > 0) writer.append(encodeFrame({ type: 'credit', stream: stream.id, credit }))
    }
    // A set is walked in the order of insertion, and what is added meanwhile comes last: round robin.
    for (const stream of this.#ready) {
      if (writer.full) return
      this.#ready.delete(stream)
      if (stream.writeTo(writer)) this.#ready.add(stream)
    }
  }
}
