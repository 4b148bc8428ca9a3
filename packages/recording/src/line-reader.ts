import { type FileHandle, open } from 'node:fs/promises'
import { RecordError } from './errors.ts'
import { lineBytes } from './layout.ts'

const newline = 10
const readBytes = 64 * 1024

/** Reads a file of lines, as it grows, holding no more of it than one line and one read. */
export class LineReader {
  readonly #handle: FileHandle
  #position: number
  #unfinished: Buffer[] = []
  #unfinishedBytes = 0

  private constructor(handle: FileHandle, from: number) {
    this.#handle = handle
    this.#position = from
  }

  /** Begins at this byte, the first of a line. Rejects with the system's error. */
  static async open(path: string, from = 0): Promise<LineReader> {
    return new LineReader(await open(path, 'r'), from)
  }

  /** The byte behind the last newline seen. */
  get end(): number {
    return this.#position - this.#unfinishedBytes
  }

  /** Bytes after the last newline seen. */
  get unfinishedBytes(): number {
    return this.#unfinishedBytes
  }

  /** The lines (without newline) from where the last call stopped up to byte `end` or the end of the file, in batches. */
  async *read(end: number): AsyncGenerator<Buffer[], void, void> {
    while (this.#position < end) {
      const space = Buffer.allocUnsafeSlow(Math.min(readBytes, end - this.#position))
      const { bytesRead } = await this.#handle.read(space, 0, space.length, this.#position)
      if (bytesRead === 0) return
      this.#position += bytesRead
      const lines = this.#split(space.subarray(0, bytesRead))
      if (lines.length > 0) yield lines
    }
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  #split(bytes: Buffer): Buffer[] {
    const lines: Buffer[] = []
    let start = 0
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      lines.push(this.#finish(bytes.subarray(start, end)))
      start = end + 1
    }
    if (start < bytes.length) this.#hold(bytes.subarray(start))
    return lines
  }

  #finish(last: Buffer): Buffer {
    if (this.#unfinishedBytes === 0) return last
    this.#hold(last)
    const line = Buffer.concat(this.#unfinished, this.#unfinishedBytes)
    this.#unfinished = []
    this.#unfinishedBytes = 0
    return line
  }

  #hold(piece: Buffer): void {
    this.#unfinished.push(piece)
    this.#unfinishedBytes += piece.length
    if (this.#unfinishedBytes > lineBytes)
      throw new RecordError(`A line is longer than ${lineBytes} bytes: this is not a record.`)
  }
}
