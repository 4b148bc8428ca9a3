import { frameHeaderBytes, maxStreamHeaderBytes, writeFrameHeader } from './frames.ts'

/** Of one message, at most: one full read of a socket (64 KiB) with its header, and little room to waste behind it. */
const largeSlabBytes = 68 * 1024
/** What an idle tunnel keeps. */
const smallSlabBytes = 16 * 1024
/** Any control frame, or the largest OPEN and a FIN, fits in it. */
const leastRoom = maxStreamHeaderBytes + 256
/** Large slabs that are kept for messages to come: as many as are filled while the first ones are on their way. */
const maxSpare = 4

/** Messages are cut from it, one behind the other. */
interface Slab {
  readonly bytes: Buffer
  /** Messages that are not released yet. */
  messages: number
}

/** Gathers frames into messages: one copy of each byte, small messages cut from a shared slab, and slabs used again. */
export class MessageWriter {
  #slab: Slab = { bytes: Buffer.alloc(0), messages: 0 }
  #start = 0
  #end = 0
  /** By what their messages show of them, while there are any. */
  readonly #used = new Map<ArrayBufferLike, Slab>()
  readonly #spare: Slab[] = []

  /** No frame should be begun: `finish` first. */
  get full(): boolean {
    return this.#slab.bytes.length - this.#end < leastRoom && this.#end > this.#start
  }

  /** Bytes of the message that is being gathered. */
  get length(): number {
    return this.#end - this.#start
  }

  /** Bytes that fit after `frames` frame headers. */
  room(frames: number): number {
    return this.#slab.bytes.length - this.#end - frames * frameHeaderBytes
  }

  /** Before the first frame of a message, with the bytes that the first stream would send. */
  begin(wanted: number): void {
    const needed = Math.min(wanted + leastRoom, largeSlabBytes)
    if (this.#slab.bytes.length - this.#end >= needed) return
    const before = this.#slab
    this.#slab = needed > smallSlabBytes ? (this.#spare.pop() ?? slabOf(largeSlabBytes)) : slabOf(smallSlabBytes)
    this.#start = 0
    this.#end = 0
    this.#recycle(before)
  }

  header(type: number, stream: number, length: number): void {
    writeFrameHeader(this.#slab.bytes, this.#end, type, stream, length)
    this.#end += frameHeaderBytes
  }

  /** Copies `[start, end)` of the bytes. */
  append(bytes: Buffer, start = 0, end = bytes.length): void {
    bytes.copy(this.#slab.bytes, this.#end, start, end)
    this.#end += end - start
  }

  /** The message; null when nothing was written. */
  finish(): Buffer | null {
    if (this.#end === this.#start) return null
    const slab = this.#slab
    const message = slab.bytes.subarray(this.#start, this.#end)
    this.#start = this.#end
    if (slab.bytes.length === largeSlabBytes) {
      slab.messages++
      this.#used.set(slab.bytes.buffer, slab)
    }
    return message
  }

  /** Nobody needs this message any more: its place may be written anew. To be called once for each. */
  release(message: Buffer): void {
    const slab = this.#used.get(message.buffer)
    if (slab === undefined) return
    slab.messages--
    this.#recycle(slab)
  }

  #recycle(slab: Slab): void {
    if (slab === this.#slab || slab.messages > 0 || !this.#used.delete(slab.bytes.buffer)) return
    if (this.#spare.length < maxSpare) this.#spare.push(slab)
  }
}

function slabOf(length: number): Slab {
  return { bytes: Buffer.allocUnsafeSlow(length), messages: 0 }
}
