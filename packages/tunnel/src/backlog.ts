const slabBytes = 16 * 1024

/**
 * Bytes that wait for a slow reader, first in, first out. What is held is in proportion to what waits: a small slice of a large message is
 * copied, since it would keep the whole message, and small pieces are gathered, since each would cost more than its bytes.
 */
export class Backlog {
  #pieces: Buffer[] = []
  /** The last piece has `#room` bytes of its slab left behind it. */
  #room = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  add(bytes: Buffer): void {
    this.#length += bytes.length
    if (bytes.length >= slabBytes / 2 && bytes.length * 2 >= bytes.buffer.byteLength) {
      this.#pieces.push(bytes)
      this.#room = 0
      return
    }
    const last = this.#pieces.at(-1)
    if (last !== undefined && bytes.length <= this.#room) {
      const grown = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length)
      bytes.copy(grown, last.length)
      this.#pieces[this.#pieces.length - 1] = grown
      this.#room -= bytes.length
      return
    }
    const slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, bytes.length))
    bytes.copy(slab)
    this.#pieces.push(slab.subarray(0, bytes.length))
    this.#room = slab.length - bytes.length
  }

  /** The first piece; undefined when nothing waits. */
  take(): Buffer | undefined {
    const piece = this.#pieces.shift()
    if (piece === undefined) return undefined
    if (this.#pieces.length === 0) this.#room = 0
    this.#length -= piece.length
    return piece
  }
}
