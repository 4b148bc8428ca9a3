import { Pieces } from './bytes.ts'

const empty = Buffer.alloc(0)

/** Bytes that come in any cut and are taken in known lengths. What is taken is a view where it came as one. */
export class ByteQueue {
  #bytes: Buffer = empty
  #at = 0
  readonly #later = new Pieces()

  get length(): number {
    return this.#bytes.length - this.#at + this.#later.length
  }

  push(chunk: Buffer): void {
    this.#later.push(chunk)
  }

  /** The next bytes, which stay; null: so many have not come yet. */
  peek(length: number): Buffer | null {
    if (this.#bytes.length - this.#at < length) {
      if (this.length < length) return null
      this.#bytes = this.#later.take(this.#bytes.subarray(this.#at))
      this.#at = 0
    }
    return this.#bytes.subarray(this.#at, this.#at + length)
  }

  /** The next bytes; null: so many have not come yet. */
  take(length: number): Buffer | null {
    const bytes = this.peek(length)
    if (bytes !== null) this.#at += length
    return bytes
  }
}
