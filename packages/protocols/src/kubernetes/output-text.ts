import type { Detectors } from '@hoop/contracts'

/**
 * Bytes at the end of an output that wait for what follows, and as many before them that it is seen beside: a value that detectors find is not
 * longer, and stands in one line, but for what they call unfinished.
 */
const reach = 256
const newline = 0x0a
const noBytes = Buffer.alloc(0)

/** The text of one output with what detectors find in it blanked; of a line that goes on, up to 256 bytes wait, of a token or a key all of it (16 KiB). */
export class OutputText {
  readonly #detectors: Detectors
  /** The end of the text so far, as it came. */
  #kept: Buffer = noBytes
  /** How many bytes of it were shown. */
  #shown = 0

  constructor(detectors: Detectors) {
    this.#detectors = detectors
  }

  /** Whether something waits. */
  get holds(): boolean {
    return this.#shown < this.#kept.length
  }

  /** What may be shown by now. */
  write(chunk: Buffer): Buffer {
    const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk])
    return this.#show(bytes, false)
  }

  /** What waits. The rest of a value whose beginning is in it will be found as far as it is one with it. */
  rest(): Buffer {
    return this.#show(this.#kept, true)
  }

  #show(bytes: Buffer, all: boolean): Buffer {
    const from = this.#shown
    const findings = this.#detectors.find(bytes, 0, bytes.length)
    const line = bytes.lastIndexOf(newline) + 1
    const unfinished = this.#detectors.unfinished?.(bytes, 0, bytes.length) ?? bytes.length
    let cut = all ? bytes.length : Math.max(Math.min(Math.max(line, bytes.length - reach), unfinished), from)
    for (const { start, end } of findings) if (start < cut && cut < end) cut = Math.max(start, from)
    const before = Math.max(0, Math.min(cut - reach, unfinished))
    this.#kept = before === bytes.length ? noBytes : Buffer.from(bytes.subarray(before))
    this.#shown = cut - before
    const shown = findings.filter(({ start, end }) => end > from && start < cut)
    if (cut === from || shown.length === 0) return bytes.subarray(from, cut)
    const blanked = Buffer.from(bytes)
    this.#detectors.blank(blanked, shown)
    return blanked.subarray(from, cut)
  }
}
