import { close, closeSync, fdatasync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { fileMode } from './layout.ts'
import { lengthOf } from './pieces.ts'

const syncDescriptor = promisify(fdatasync)
const closeDescriptor = promisify(close)

/** Times that a write which was interrupted, or took nothing, is tried again before it counts as failed. */
const interruptions = 100

/** Pieces of more than this are written one by one, without a copy. */
const joinUpTo = 64 * 1024

/** A file that only grows, by whole writes: one that fails part-way is taken back. */
export class GrowingFile {
  readonly #descriptor: number
  #size: number

  private constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor
    this.#size = size
  }

  /** Throws if the file exists. */
  static create(path: string): GrowingFile {
    return new GrowingFile(openSync(path, 'ax', fileMode), 0)
  }

  /** Opens a file to go on after its first `size` bytes; what follows them is cut. Makes it where it is missing. */
  static reopen(path: string, size: number): GrowingFile {
    const descriptor = openSync(path, 'a', fileMode)
    ftruncateSync(descriptor, size)
    return new GrowingFile(descriptor, size)
  }

  get size(): number {
    return this.#size
  }

  /** When it returns, all pieces are in the file. When it throws, none are, unless the file system refuses to take back what it took. */
  write(...pieces: readonly Uint8Array[]): void {
    let written = 0
    try {
      for (const bytes of joined(pieces)) {
        for (let at = 0, tries = 0; at < bytes.length; ) {
          const taken = this.#writeSome(bytes, at)
          at += taken
          written += taken
          tries = taken === 0 ? tries + 1 : 0
          if (tries > interruptions) throw new Error('The file system took no more bytes.')
        }
      }
    } catch (error) {
      if (written > 0) this.#takeBack(error)
      throw error
    }
    this.#size += written
  }

  /** Resolves when every byte written before the call is on the disk. */
  sync(): Promise<void> {
    return syncDescriptor(this.#descriptor)
  }

  close(): Promise<void> {
    return closeDescriptor(this.#descriptor)
  }

  closeSync(): void {
    closeSync(this.#descriptor)
  }

  #writeSome(bytes: Uint8Array, from: number): number {
    try {
      return from === 0 ? writeSync(this.#descriptor, bytes) : writeSync(this.#descriptor, bytes, from)
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'EINTR' || error.code === 'EAGAIN')) return 0
      throw error
    }
  }

  #takeBack(because: unknown): void {
    try {
      ftruncateSync(this.#descriptor, this.#size)
    } catch (error) {
      throw new AggregateError([because, error], 'A write failed part-way and could not be taken back.')
    }
  }
}

function joined(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  return pieces.length > 1 && lengthOf(pieces) <= joinUpTo ? [Buffer.concat(pieces)] : pieces
}
