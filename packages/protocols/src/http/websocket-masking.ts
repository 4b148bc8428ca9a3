import type { Detectors } from '@hoop/contracts'
import type { BodyRewriter } from './body-rewriter.ts'
import { textRewriter } from './text-rewriter.ts'
import type { WebSocketPiece } from './websocket-frames.ts'

/** Blanks what detectors find in the text messages of one way, each by itself, also where frames cut a value. What is binary is not looked into. */
export class WebSocketMasking {
  readonly #detectors: Detectors
  /** Of the message under way; null: none is, or it is binary. */
  #text: BodyRewriter | null = null

  constructor(detectors: Detectors) {
    this.#detectors = detectors
  }

  /** What may go on by now: the last piece takes with it whatever waited. */
  shown({ type, first, last, bytes }: WebSocketPiece): Buffer {
    if (type === 'binary') return bytes
    if (first) this.#text = textRewriter(this.#detectors)
    const text = this.#text
    if (text === null) return bytes
    const shown = text.write(bytes)
    if (!last) return joined(shown)
    this.#text = null
    return joined([...shown, ...text.end()])
  }
}

function joined(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces
  return only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces)
}
