import type { Duplex } from 'node:stream'
import type { Maybe, Way } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import { failureWords, type RelayEnd, RelayRun } from '../http/relay-end.ts'
import { UpgradedSocket } from '../http/upgraded-socket.ts'
import { goAwayCodes, refusedStream, SpdyDecoder, SpdyEncoder, type SpdyFrame } from './spdy-frames.ts'
import { type SpdyStream, SpdyStreams } from './spdy-streams.ts'
import { mayGo, type OnStreamEvent, type UpgradePurpose } from './stream-event.ts'

const maxSettings = 64

export interface SpdyRelayOptions {
  readonly caller: Duplex
  readonly callerHead: Buffer
  readonly backend: Duplex
  readonly backendHead: Buffer
  /** Ends the relay; its reason is a HoopError. */
  readonly signal: AbortSignal
  readonly purpose: UpgradePurpose
  readonly onEvent: OnStreamEvent
  /** The backend ends a stream, or all: what a hook holds back of what came from there must leave before. */
  onEnding?(): Maybe<void>
  /** What the caller reads as the error of its command, where the relay ends for a reason of ours. */
  lastError?(words: string): Buffer
}

/**
 * Relays SPDY/3.1 as Kubernetes uses it: the caller opens streams, each known by its headers. Every frame is decoded on one side and encoded
 * anew on the other, with the same stream ids. Rejects never.
 *
 * Flow control windows are not kept here: updates and settings pass on. The one implementation that speaks this protocol in clients, API servers
 * and kubelets (spdystream) neither sends updates nor waits for them, so that an endpoint with windows would stand still after its first 64 KiB.
 * Who does keep windows keeps them with the other end, as without us. What holds a sender back is that we do not read: one chunk at a time
 * waits for its record on each way, and nothing else is buffered.
 */
export async function relaySpdy(options: SpdyRelayOptions): Promise<RelayEnd> {
  return new SpdyRelay(options).run()
}

interface Leg {
  readonly socket: UpgradedSocket
  readonly decoder: SpdyDecoder
  readonly encoder: SpdyEncoder
}

function leg(stream: Duplex, head: Buffer): Leg {
  return { socket: new UpgradedSocket(stream, head), decoder: new SpdyDecoder(), encoder: new SpdyEncoder() }
}

class SpdyRelay {
  readonly #options: SpdyRelayOptions
  readonly #caller: Leg
  readonly #backend: Leg
  readonly #streams: SpdyStreams
  readonly #relay = new RelayRun()

  constructor(options: SpdyRelayOptions) {
    this.#options = options
    this.#caller = leg(options.caller, options.callerHead)
    this.#backend = leg(options.backend, options.backendHead)
    this.#streams = new SpdyStreams(options.purpose)
  }

  async run(): Promise<RelayEnd> {
    return await this.#relay.run({
      caller: this.#caller.socket,
      backend: this.#backend.socket,
      signal: this.#options.signal,
      pump: (way) => this.#pump(way),
      tell: (failure) => this.#tell(failure),
    })
  }

  async #pump(way: Way): Promise<void> {
    const [from, to] = way === 'up' ? [this.#caller, this.#backend] : [this.#backend, this.#caller]
    for await (const chunk of from.socket.chunks()) {
      from.decoder.push(chunk)
      for (let frame = from.decoder.next(); frame !== null; frame = from.decoder.next()) {
        if (this.#relay.over) return
        if (way === 'down' && isEnding(frame)) await this.#options.onEnding?.()
        const passed = this.#pass(frame, from, to, way)
        if (passed instanceof Promise) await passed
      }
    }
    if (way === 'down' && !this.#relay.over) await this.#options.onEnding?.()
    // Neither end knows of a half of a connection: one that has no more to say is gone.
    this.#relay.stop()
  }

  #pass(frame: SpdyFrame, from: Leg, to: Leg, way: Way): Maybe<void> {
    switch (frame.type) {
      case 'data':
        return this.#data(frame, to, way)
      case 'synStream':
        return way === 'up' ? this.#open(frame) : this.#refuse(from, frame.stream)
      case 'synReply':
        return this.#reply(frame, way)
      case 'rstStream':
        if (this.#streams.get(frame.stream) === undefined) return this.#late(frame.stream)
        this.#streams.close(frame.stream)
        break
      case 'headers':
        throw new ProtocolViolation('a HEADERS frame, which Kubernetes has no use for')
      case 'settings':
        if (frame.settings.length > maxSettings) throw new ProtocolViolation(`${frame.settings.length} settings at once`)
        break
      case 'windowUpdate':
        if (frame.stream !== 0 && this.#streams.get(frame.stream) === undefined) return this.#late(frame.stream)
        break
      case 'ping':
      case 'goAway':
        break
    }
    return this.#send(to, frame)
  }

  #open(frame: SpdyFrame & { readonly type: 'synStream' }): Maybe<void> {
    if (!this.#streams.take(frame.stream))
      throw new ProtocolViolation(`a new stream with the id ${frame.stream}, which is not free`)
    if (frame.associated !== 0 || frame.unidirectional) return this.#refuse(this.#caller, frame.stream)
    const opened = (stream: SpdyStream | null): Maybe<void> => {
      if (stream === null) return this.#refuse(this.#caller, frame.stream)
      const sent = this.#send(this.#backend, { ...frame, headers: stream.headers })
      if (frame.fin) this.#streams.end(frame.stream, 'up')
      return sent
    }
    const stream = this.#streams.open(frame.stream, frame.headers)
    return stream instanceof Promise ? stream.then(opened) : opened(stream)
  }

  #refuse(leg: Leg, stream: number): Maybe<void> {
    return this.#send(leg, { type: 'rstStream', stream, status: refusedStream })
  }

  #reply(frame: SpdyFrame & { readonly type: 'synReply' }, way: Way): Maybe<void> {
    const stream = this.#streams.get(frame.stream)
    if (stream === undefined) return this.#late(frame.stream)
    if (way === 'up' || stream.replied) throw new ProtocolViolation(`a reply to stream ${frame.stream} that nobody waits for`)
    stream.replied = true
    const sent = this.#send(this.#caller, { ...frame, headers: new Map() })
    if (frame.fin) this.#streams.end(frame.stream, 'down')
    return sent
  }

  #data(frame: SpdyFrame & { readonly type: 'data' }, to: Leg, way: Way): Maybe<void> {
    const stream = this.#streams.get(frame.stream)
    if (stream === undefined) return this.#late(frame.stream)
    const { channel, port, connection } = stream
    if (stream.ended[way] || (way === 'down' && !stream.replied)) {
      throw new ProtocolViolation(`data on stream ${frame.stream} when nothing may be sent on it`)
    }
    if (frame.bytes.length === 0) return this.#sendData(frame, frame.bytes, to, way)
    if (!mayGo(channel, way)) throw new ProtocolViolation(`bytes for ${channel} from the wrong side`)
    const place = { ...(port === undefined ? {} : { port }), ...(connection === undefined ? {} : { connection }) }
    const send = (bytes: Buffer): Maybe<void> => {
      if (!stream.ended[way]) return this.#sendData({ ...frame, fin: false }, bytes, to, way)
    }
    const event = this.#options.onEvent({ channel, ...place, way, bytes: frame.bytes }, send)
    const answer = frame.fin && way === 'down' ? this.#last(event) : event
    if (answer instanceof Promise) return answer.then((bytes) => this.#sendData(frame, bytes, to, way))
    return this.#sendData(frame, answer, to, way)
  }

  async #last(answer: Maybe<Buffer | null>): Promise<Buffer | null> {
    const bytes = await answer
    await this.#options.onEnding?.()
    return bytes
  }

  #sendData(frame: SpdyFrame & { readonly type: 'data' }, bytes: Buffer | null, to: Leg, way: Way): Maybe<void> {
    // It may have been reset while its bytes were looked at.
    if (this.#streams.get(frame.stream) === undefined) return
    if (bytes === null && !frame.fin) return
    this.#relay.bytes[way] += bytes?.length ?? 0
    const sent = this.#send(to, { ...frame, bytes: bytes ?? Buffer.alloc(0) })
    if (frame.fin) this.#streams.end(frame.stream, way)
    return sent
  }

  /** What comes for a stream that is closed was on its way; for one that never was, it is wrong. */
  #late(stream: number): void {
    if (!this.#streams.knows(stream)) throw new ProtocolViolation(`a frame of stream ${stream}, which there is not`)
  }

  #send(to: Leg, frame: SpdyFrame): Maybe<void> {
    if (this.#relay.over) return
    return to.socket.send(to.encoder.write(frame))
  }

  #tell(failure: unknown): void {
    const status = failure instanceof ProtocolViolation ? goAwayCodes.protocolError : goAwayCodes.internalError
    this.#tellCaller(failureWords(failure))
    void this.#send(this.#caller, { type: 'goAway', lastStream: 0, status })
    void this.#send(this.#backend, { type: 'goAway', lastStream: 0, status })
  }

  #tellCaller(words: string): void {
    const stream = this.#streams.find('error')
    const bytes = this.#options.lastError?.(words)
    if (bytes === undefined || stream === null) return
    const { replied, ended } = this.#streams.get(stream) ?? { replied: false, ended: { down: true } }
    if (replied && !ended.down) void this.#send(this.#caller, { type: 'data', stream, fin: true, bytes })
  }
}

/** Nothing more comes on its stream, or at all. */
function isEnding(frame: SpdyFrame): boolean {
  if (frame.type === 'data') return frame.fin && frame.bytes.length === 0
  return frame.type === 'rstStream' || frame.type === 'goAway'
}
