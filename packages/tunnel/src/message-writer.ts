import { frameHeaderBytes, maxStreamHeaderBytes, writeFrameHeader } from './frames.ts'

/** Of one message, at most: large enough for few system calls, small enough for others to come in between. */
const slabBytes = 64 * 1024
/** Any control frame, or the largest OPEN and a FIN, fits in it. */
const leastRoom = 2 * maxStreamHeaderBytes

/** Gathers frames into messages: one copy of each byte, small messages cut from a shared slab. */
export class MessageWriter {
  #slab = Buffer.alloc(0)
  #start = 0
  #end = 0

  /** No frame should be begun: `finish` first. */
  get full(): boolean {
    return this.#slab.length - this.#end < leastRoom && this.#end > this.#start
  }

  /** Bytes that fit after `frames` frame headers. */
  room(frames: number): number {
    return this.#slab.length - this.#end - frames * frameHeaderBytes
  }

  /** Before the first frame of a message. */
  begin(): void {
    if (this.#slab.length - this.#end >= leastRoom) return
    this.#slab = Buffer.allocUnsafeSlow(slabBytes)
    this.#start = 0
    this.#end = 0
  }

  header(type: number, stream: number, length: number): void {
    writeFrameHeader(this.#slab, this.#end, type, stream, length)
    this.#end += frameHeaderBytes
  }

  /** Copies `[start, end)` of the bytes. */
  append(bytes: Buffer, start = 0, end = bytes.length): void {
    bytes.copy(this.#slab, this.#end, start, end)
    this.#end += end - start
  }

  /** The message; null when nothing was written. */
  finish(): Buffer | null {
    if (this.#end === this.#start) return null
    const message = this.#slab.subarray(this.#start, this.#end)
    this.#start = this.#end
    return message
  }
}
