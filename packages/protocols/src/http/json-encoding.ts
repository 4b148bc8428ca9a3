import { isUtf8 } from 'node:buffer'
import { BodyError } from './body-rewriter.ts'

/** Checks that bytes cut anywhere are UTF-8, as JSON must be between systems (RFC 8259, section 8.1). */
export class Utf8Check {
  /** The first bytes of a character whose others have not come yet. */
  #begun: Buffer | null = null

  /** Throws a BodyError. */
  write(chunk: Buffer): void {
    const bytes = this.#begun === null ? chunk : Buffer.concat([this.#begun, chunk])
    const whole = bytes.length - begunAtEnd(bytes)
    this.#begun = whole === bytes.length ? null : Buffer.from(bytes.subarray(whole))
    if (!isUtf8(whole === bytes.length ? bytes : bytes.subarray(0, whole))) throw new BodyError('the text is not UTF-8')
  }

  /** Throws a BodyError. */
  end(): void {
    if (this.#begun !== null) throw new BodyError('the text ends in the middle of a UTF-8 character')
  }
}

/** How many bytes at the end are a character that lacks its last ones. */
function begunAtEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}
