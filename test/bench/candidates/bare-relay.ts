import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

/** Stream and length of what follows, both 32 bits; length 0: the stream's end. */
const headerBytes = 8
/** Of what waits in this process for one socket or for the WebSocket: from there on no more is read, until all of it has left. */
const congestedBytes = 1024 * 1024
const sendOptions = { binary: true, compress: false } as const

/**
 * One end of a relay that carries many sockets over one WebSocket, as good as one would write it without looking at a byte: the frames of
 * one turn of the event loop leave as one message; back-pressure is that of the WebSocket and of the sockets, for all streams together.
 */
export class BareRelay {
  readonly #webSocket: WebSocket
  readonly #dial: (() => Duplex) | null
  readonly #sockets = new Map<number, Duplex>()
  #frames: Buffer[] = []
  #frameBytes = 0
  #full = 0
  #congested = false

  /** `dial` makes the socket of a stream that the other end began; null: it begins none. */
  constructor(webSocket: WebSocket, dial: (() => Duplex) | null) {
    this.#webSocket = webSocket
    this.#dial = dial
    webSocket.on('message', (message: Buffer) => this.#receive(message))
  }

  add(stream: number, socket: Duplex): void {
    this.#sockets.set(stream, socket)
    socket.on('data', (bytes: Buffer) => this.#send(stream, bytes))
    socket.on('end', () => this.#send(stream, null))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#sockets.delete(stream)
      if (!socket.readableEnded) this.#send(stream, null)
    })
    if (this.#congested) socket.pause()
  }

  #send(stream: number, bytes: Buffer | null): void {
    const header = Buffer.allocUnsafe(headerBytes)
    header.writeUInt32BE(stream, 0)
    header.writeUInt32BE(bytes?.length ?? 0, 4)
    // Behind all that this turn of the event loop still reads.
    if (this.#frames.length === 0) setImmediate(this.#flush)
    this.#frames.push(header)
    if (bytes !== null) this.#frames.push(bytes)
    this.#frameBytes += headerBytes + (bytes?.length ?? 0)
  }

  readonly #flush = (): void => {
    this.#webSocket.send(Buffer.concat(this.#frames, this.#frameBytes), sendOptions, this.#sent)
    this.#frames = []
    this.#frameBytes = 0
    if (this.#congested || this.#webSocket.bufferedAmount < congestedBytes) return
    this.#congested = true
    for (const socket of this.#sockets.values()) socket.pause()
  }

  readonly #sent = (): void => {
    if (!this.#congested || this.#webSocket.bufferedAmount > 0) return
    this.#congested = false
    for (const socket of this.#sockets.values()) socket.resume()
  }

  #receive(message: Buffer): void {
    for (let at = 0; at < message.length; ) {
      const stream = message.readUInt32BE(at)
      const end = at + headerBytes + message.readUInt32BE(at + 4)
      const bytes = message.subarray(at + headerBytes, end)
      at = end
      const socket = this.#sockets.get(stream) ?? this.#begin(stream, bytes)
      if (socket === undefined) continue
      if (bytes.length === 0) socket.end()
      else if (!socket.write(bytes) && socket.writableLength >= congestedBytes) this.#waitFor(socket)
    }
  }

  /** The end of a stream that is gone here begins no other. */
  #begin(stream: number, bytes: Buffer): Duplex | undefined {
    if (this.#dial === null || bytes.length === 0) return undefined
    const socket = this.#dial()
    this.add(stream, socket)
    return socket
  }

  /** While any socket has not taken what came, no more is read. */
  #waitFor(socket: Duplex): void {
    if (socket.listenerCount('drain') > 0) return
    if (this.#full++ === 0) this.#webSocket.pause()
    const taken = () => {
      socket.off('drain', taken).off('close', taken)
      if (--this.#full === 0) this.#webSocket.resume()
    }
    socket.on('drain', taken).on('close', taken)
  }
}
