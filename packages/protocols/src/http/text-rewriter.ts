import type { Detectors, Finding } from '@hoop/contracts'
import { BodyError, type BodyRewriter } from './body-rewriter.ts'

/** Looked at on both sides of where a text is cut: a value that detectors find is not longer, and stands in one line, but for what they call unfinished. */
const reach = 256
const newline = 0x0a
const noBytes = Buffer.alloc(0)

/**
 * Blanks what detectors find in a text of any kind whose characters below U+0080 are bytes. Of a line that goes on, up to 256 bytes wait; of a
 * token or a key that goes on, all of it, up to 16 KiB.
 */
export function textRewriter(detectors: Detectors): BodyRewriter {
  return new TextRewriter(detectors)
}

class TextRewriter implements BodyRewriter {
  readonly masked: Record<string, number> = {}
  readonly #detectors: Detectors
  /** The end of the text so far, as it came. */
  #kept: Buffer = noBytes
  /** How many bytes of it have been shown: they are there for what follows to be seen beside them. */
  #shown = 0
  #begun = false

  constructor(detectors: Detectors) {
    this.#detectors = detectors
  }

  write(chunk: Buffer): readonly Buffer[] {
    const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk])
    if (!this.#begun && bytes.length > 1) {
      this.#begun = true
      if (isUtf16(bytes)) throw new BodyError('the text is in UTF-16, which is not looked into: ask for UTF-8')
    }
    const findings = this.#find(bytes)
    const line = bytes.lastIndexOf(newline) + 1
    const unfinished = this.#detectors.unfinished?.(bytes, this.#shown, bytes.length) ?? bytes.length
    let cut = Math.max(Math.min(Math.max(line, bytes.length - reach), unfinished), this.#shown)
    for (const { start, end } of findings) if (start < cut && cut < end) cut = Math.max(start, this.#shown)
    const shown = this.#show(bytes, findings, cut)
    const before = cut === line ? cut : Math.max(0, cut - reach)
    this.#kept = before === bytes.length ? noBytes : Buffer.from(bytes.subarray(before))
    this.#shown = cut - before
    return shown
  }

  end(): readonly Buffer[] {
    const bytes = this.#kept
    this.#kept = noBytes
    return this.#show(bytes, this.#find(bytes), bytes.length)
  }

  #find(bytes: Buffer): readonly Finding[] {
    return this.#detectors.find(bytes, 0, bytes.length)
  }

  /** Gives what was not shown yet before `cut`; does not write into the bytes. */
  #show(bytes: Buffer, findings: readonly Finding[], cut: number): readonly Buffer[] {
    const from = this.#shown
    if (cut === from) return []
    const shown = findings.filter(({ start, end }) => end > from && start < cut)
    if (shown.length === 0) return [from === 0 && cut === bytes.length ? bytes : bytes.subarray(from, cut)]
    const blanked = Buffer.from(bytes)
    this.#detectors.blank(blanked, shown)
    for (const { rule } of shown) this.masked[rule] = (this.masked[rule] ?? 0) + 1
    return [blanked.subarray(from, cut)]
  }
}

function isUtf16(bytes: Buffer): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
}
