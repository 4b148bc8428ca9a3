import type { Duplex } from 'node:stream'
import type { Maybe, Way } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import { failureWords, type RelayEnd, RelayRun } from './relay-end.ts'
import { UpgradedSocket } from './upgraded-socket.ts'
import {
  closeCodes,
  type WebSocketControl,
  WebSocketDecoder,
  WebSocketEncoder,
  type WebSocketPiece,
  WebSocketViolation,
} from './websocket-frames.ts'

/** Milliseconds that a peer has for its half of the closing handshake, after all that was on its way to it. */
const closingTime = 10_000

export interface WebSocketRelayOptions {
  readonly caller: Duplex
  /** What came behind the caller's request. */
  readonly callerHead: Buffer
  readonly backend: Duplex
  /** What came behind the backend's 101. */
  readonly backendHead: Buffer
  /** Ends the relay; its reason is a HoopError with words for the caller. */
  readonly signal: AbortSignal
  /** How a message goes on that came in pieces: in fragments, or each piece as a message of its own. Without: fragments. */
  readonly pieces?: 'fragments' | 'messages'
  /**
   * Takes each piece of a message before it moves on, one after another for each way: a promise is back-pressure. What it answers moves on in its
   * place (null: nothing; of text it must be UTF-8). What it throws ends the relay, with its words for the caller if it is a HoopError. `send`
   * sends a whole message to where the piece goes, now or later; only where each piece is a message.
   */
  onPiece(piece: WebSocketPiece, way: Way, send: (bytes: Buffer) => Maybe<void>): Maybe<Buffer | null>
  /** Nothing more comes from the backend: what `onPiece` holds back must leave now. */
  onEnding?(): Maybe<void>
  /** A last message for the caller, before the relay ends for a reason of ours; null: the close frame says it. */
  lastMessage?(words: string): Pick<WebSocketPiece, 'type' | 'bytes'> | null
}

/**
 * Relays a WebSocket (RFC 6455) behind its handshakes, in which no extension was agreed on: each frame is decoded on one side and encoded anew
 * on the other. Pings, pongs and close frames are passed on, so that the ends see one another. Rejects never.
 */
export async function relayWebSocket(options: WebSocketRelayOptions): Promise<RelayEnd> {
  return new WebSocketRelay(options).run()
}

interface Leg {
  readonly socket: UpgradedSocket
  readonly decoder: WebSocketDecoder
  readonly encoder: WebSocketEncoder
  /** It was sent a close frame: nothing may follow. */
  closing: boolean
  /** A message to it is under way. */
  inMessage: boolean
}

function leg(stream: Duplex, head: Buffer, peer: 'client' | 'server'): Leg {
  const codec = { decoder: new WebSocketDecoder(peer), encoder: new WebSocketEncoder(peer) }
  return { socket: new UpgradedSocket(stream, head), ...codec, closing: false, inMessage: false }
}

class WebSocketRelay {
  readonly #options: WebSocketRelayOptions
  readonly #caller: Leg
  readonly #backend: Leg
  readonly #relay = new RelayRun()
  #closingTimer: NodeJS.Timeout | null = null

  constructor(options: WebSocketRelayOptions) {
    this.#options = options
    this.#caller = leg(options.caller, options.callerHead, 'client')
    this.#backend = leg(options.backend, options.backendHead, 'server')
  }

  async run(): Promise<RelayEnd> {
    const end = await this.#relay.run({
      caller: this.#caller.socket,
      backend: this.#backend.socket,
      signal: this.#options.signal,
      pump: (way) => this.#pump(way),
      tell: (failure) => this.#tell(failure),
    })
    if (this.#closingTimer !== null) clearTimeout(this.#closingTimer)
    return end
  }

  async #pump(way: Way): Promise<void> {
    const [from, to] = way === 'up' ? [this.#caller, this.#backend] : [this.#backend, this.#caller]
    for await (const chunk of from.socket.chunks()) {
      from.decoder.push(chunk)
      for (let item = from.decoder.next(); item !== null; item = from.decoder.next()) {
        if (this.#relay.over) return
        if (item.kind === 'close' && way === 'down') await this.#options.onEnding?.()
        const sent = item.kind === 'piece' ? this.#pass(item, to, way) : this.#control(item, to)
        if (sent instanceof Promise) await sent
        if (item.kind === 'close') return
      }
    }
    if (way === 'down' && !this.#relay.over) await this.#options.onEnding?.()
    // Gone without a close frame: the other side need not wait for one.
    this.#close(to, closeCodes.goingAway, 'the other side is gone')
    this.#relay.stop()
  }

  #pass(piece: WebSocketPiece, to: Leg, way: Way): Maybe<void> {
    const whole = { ...piece, first: true, last: true }
    const answer = this.#options.onPiece(piece, way, (bytes) =>
      this.#relay.over ? undefined : this.#send(whole, bytes, to, way),
    )
    if (answer instanceof Promise) return answer.then((bytes) => this.#send(piece, bytes, to, way))
    return this.#send(piece, answer, to, way)
  }

  #send({ type, first, last }: WebSocketPiece, bytes: Buffer | null, to: Leg, way: Way): Maybe<void> {
    if (to.closing) return
    this.#relay.bytes[way] += bytes?.length ?? 0
    if (this.#options.pieces === 'messages') {
      if (bytes !== null) return to.socket.send(to.encoder.piece({ type, first: true, last: true, bytes }))
      return
    }
    if (bytes === null && first && last) return
    to.inMessage = !last
    return to.socket.send(to.encoder.piece({ type, first, last, bytes: bytes ?? Buffer.alloc(0) }))
  }

  #control(control: WebSocketControl, to: Leg): Maybe<void> {
    if (to.closing) return
    if (control.kind !== 'close') return to.socket.send(to.encoder[control.kind](control.bytes))
    this.#closingTimer ??= setTimeout(() => this.#relay.stop(), closingTime)
    return this.#close(to, control.code, control.reason)
  }

  #close(to: Leg, code: number | null, reason: string): Maybe<void> {
    if (to.closing) return
    to.closing = true
    return to.socket.send(to.encoder.close(code, reason))
  }

  /** What a peer sent wrong is told to both; of a refusal the backend learns only that its peer goes. */
  #tell(failure: unknown): void {
    const words = failureWords(failure)
    const violated = failure instanceof ProtocolViolation
    const code = failure instanceof WebSocketViolation ? failure.closeCode : closeCodes.protocolError
    if (violated) for (const leg of [this.#caller, this.#backend]) void this.#close(leg, code, words)
    else {
      // Who was told in a message needs no second reason: clients would show that one in its place.
      if (this.#sendLast(words)) void this.#close(this.#caller, closeCodes.normal, '')
      else void this.#close(this.#caller, closeCodes.policyViolation, words)
      void this.#close(this.#backend, closeCodes.goingAway, '')
    }
  }

  #sendLast(words: string): boolean {
    const { closing, inMessage, socket, encoder } = this.#caller
    const last = closing || inMessage ? null : (this.#options.lastMessage?.(words) ?? null)
    if (last === null) return false
    void socket.send(encoder.piece({ ...last, first: true, last: true }))
    return true
  }
}
