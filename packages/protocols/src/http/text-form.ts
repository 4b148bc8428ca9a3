import type { Detectors } from '@hoop/contracts'
import { Pieces } from '../bytes.ts'
import { BodyError, type BodyRewriter } from './body-rewriter.ts'

const ampersand = 0x26
const equals = 0x3d
const percent = 0x25
const plus = 0x2b
const space = 0x20
const longest = 8 * 1024 * 1024

/**
 * Blanks what detectors find in the decoded names and values of `application/x-www-form-urlencoded`
 * (https://url.spec.whatwg.org/#application/x-www-form-urlencoded); what holds nothing keeps its bytes.
 */
export function formRewriter(detectors: Detectors): BodyRewriter {
  return new FormRewriter(detectors)
}

class FormRewriter implements BodyRewriter {
  readonly masked: Record<string, number> = {}
  readonly #detectors: Detectors
  /** The beginning of a name or a value. */
  readonly #held = new Pieces()

  constructor(detectors: Detectors) {
    this.#detectors = detectors
  }

  write(chunk: Buffer): readonly Buffer[] {
    const out: Buffer[] = []
    let start = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (byte !== ampersand && byte !== equals) continue
      this.#hold(chunk.subarray(start, at))
      out.push(this.#shown(this.#held.take()), chunk.subarray(at, at + 1))
      start = at + 1
    }
    this.#hold(chunk.subarray(start))
    return out.length === 0 ? out : [Buffer.concat(out)]
  }

  end(): readonly Buffer[] {
    return this.#held.length === 0 ? [] : [this.#shown(this.#held.take())]
  }

  #hold(piece: Buffer): void {
    if (this.#held.length + piece.length > longest)
      throw new BodyError(
        `a name or a value in the form is longer than ${longest} bytes, the most that can be looked at for masking`,
      )
    this.#held.push(piece)
  }

  #shown(written: Buffer): Buffer {
    const bytes = decoded(written)
    const findings = this.#detectors.find(bytes, 0, bytes.length)
    if (findings.length === 0) return written
    this.#detectors.blank(bytes, findings)
    for (const { rule } of findings) this.masked[rule] = (this.masked[rule] ?? 0) + 1
    return encoded(bytes)
  }
}

/** A percent sign without two hex digits stands for itself. */
function decoded(written: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(written.length)
  let to = 0
  for (let at = 0; at < written.length; at++) {
    const byte = written[at] as number
    const hex = byte === percent ? written.toString('latin1', at + 1, at + 3) : ''
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      bytes[to++] = Number.parseInt(hex, 16)
      at += 2
    } else bytes[to++] = byte === plus ? space : byte
  }
  return bytes.subarray(0, to)
}

function encoded(bytes: Buffer): Buffer {
  let text = ''
  for (const byte of bytes) {
    const letter = String.fromCharCode(byte)
    if (byte === space) text += '+'
    else text += /[0-9A-Za-z*._-]/.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return Buffer.from(text, 'latin1')
}
