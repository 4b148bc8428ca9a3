import { frameHeaderBytes, maxStreamHeaderBytes, writeFrameHeader } from './frames.ts'

/** Of one message, at most: one full read of a socket (64 KiB) with its header, and little room to waste behind it. */
const largeSlabBytes = 68 * 1024
/** What an idle tunnel keeps. */
const smallSlabBytes = 16 * 1024
/** Any control frame, or the largest OPEN and a FIN, fits in it. */
const leastRoom = maxStreamHeaderBytes + 256

/** Gathers frames into messages: one copy of each byte, small messages cut from a shared slab. */
export class MessageWriter {
  #slab = Buffer.alloc(0)
  #start = 0
  #end = 0

  /** No frame should be begun: `finish` first. */
  get full(): boolean {
    return this.#slab.length - this.#end < leastRoom && this.#end > this.#start
  }

  /** Bytes of the message that is being gathered. */
  get length(): number {
    return this.#end - this.#start
  }

  /** Bytes that fit after `frames` frame headers. */
  room(frames: number): number {
    return this.#slab.length - this.#end - frames * frameHeaderBytes
  }

  /** Before the first frame of a message, with the bytes that the first stream would send. */
  begin(wanted: number): void {
    const needed = Math.min(wanted + leastRoom, largeSlabBytes)
    if (this.#slab.length - this.#end >= needed) return
    this.#slab = Buffer.allocUnsafeSlow(needed > smallSlabBytes ? largeSlabBytes : smallSlabBytes)
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
