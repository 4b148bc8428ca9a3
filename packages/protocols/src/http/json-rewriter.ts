import type { Detectors, ValueMask } from '@hoop/contracts'
import type { BodyRewriter } from './body-rewriter.ts'
import { type DocumentNode, stricter } from './field-nodes.ts'
import { JsonMasking } from './json-masking.ts'
import { stringText } from './json-strings.ts'
import { type JsonHandler, type JsonLimits, JsonTokenizer, type ScalarKind } from './json-tokenizer.ts'

export interface JsonRewriting {
  /** What is masked by name in each document; null: nothing. */
  readonly root: DocumentNode | null
  readonly detectors: Detectors | null
  /** Any number of documents, with or without white space between them: newline-delimited JSON, the events of a watch. */
  readonly many?: boolean
  readonly limits?: JsonLimits
}

/**
 * Masks JSON on its tokens: what is not masked keeps its bytes (white space, the order and doubles of members, the spelling of numbers). A
 * scalar at a masked place becomes a string, a number and a boolean too, or `null` where the mask gives that; `null` stays. The names below a
 * masked place are shown. A value that spans chunks waits for its end, and all else leaves with its chunk.
 */
export function jsonRewriter(rewriting: JsonRewriting): BodyRewriter {
  return new JsonRewriter(rewriting)
}

class JsonRewriter implements BodyRewriter, JsonHandler {
  readonly #root: DocumentNode | null
  readonly #masking: JsonMasking
  readonly #tokenizer: JsonTokenizer
  readonly #detecting: boolean
  /** Of each container that is open and looked into, from 1 on. */
  readonly #nodes: (DocumentNode | null)[] = [null]
  readonly #masks: (ValueMask | null)[] = [null]
  /** Of an array the index of its next element; -1: an object. */
  readonly #indexes: number[] = [0]
  #depth = 0
  /** Containers that are open below one in which nothing is masked, itself included. */
  #over = 0
  /** The place of the member whose name was read last. */
  #member: DocumentNode | null = null
  /** The place of the value at hand. */
  #node: DocumentNode | null = null
  #mask: ValueMask | null = null
  #chunk: Buffer = Buffer.alloc(0)
  /** What was given so far of the chunk, or left out. */
  #shown = 0
  #out: Buffer[] = []

  constructor({ root, detectors, many = false, limits }: JsonRewriting) {
    this.#root = root
    this.#detecting = detectors !== null
    this.#masking = new JsonMasking(detectors, (text, inner) => {
      const rewriter = new JsonRewriter({ root: inner, detectors, ...(limits && { limits }) })
      const shown = [...rewriter.write(Buffer.from(text)), ...rewriter.end()]
      return { text: Buffer.concat(shown).toString(), masked: rewriter.masked }
    })
    this.#tokenizer = new JsonTokenizer(this, { many, ...(limits && { limits }) })
  }

  get masked(): Readonly<Record<string, number>> {
    return this.#masking.masked
  }

  write(chunk: Buffer): readonly Buffer[] {
    this.#chunk = chunk
    this.#shown = 0
    const end = this.#tokenizer.write(chunk)
    if (this.#shown < end) this.#out.push(this.#shown === 0 && end === chunk.length ? chunk : chunk.subarray(this.#shown, end))
    return this.#take()
  }

  end(): readonly Buffer[] {
    this.#chunk = Buffer.alloc(0)
    this.#shown = 0
    this.#tokenizer.end()
    return this.#take()
  }

  #take(): readonly Buffer[] {
    const out = this.#out
    this.#out = []
    return out.length < 2 ? out : [Buffer.concat(out)]
  }

  open(array: boolean): void {
    if (this.#over > 0) {
      this.#over++
      return
    }
    this.#enter()
    if (this.#node === null && this.#mask === null && !this.#detecting) {
      this.#over = 1
      return
    }
    const depth = ++this.#depth
    this.#nodes[depth] = this.#node
    this.#masks[depth] = this.#mask
    this.#indexes[depth] = array ? 0 : -1
  }

  close(): void {
    if (this.#over > 0) this.#over--
    else this.#depth--
  }

  wantsName(): boolean {
    this.#member = null
    return this.#detecting || (this.#over === 0 && (this.#nodes[this.#depth] ?? null) !== null)
  }

  wantsScalar(): boolean {
    if (this.#over > 0) return false
    this.#enter()
    return this.#detecting || this.#mask !== null || this.#node?.form !== undefined
  }

  name(bytes: Buffer, start: number, end: number, escaped: boolean): void {
    const node = this.#nodes[this.#depth] ?? null
    const text = node === null ? '' : stringText(bytes, start, end, escaped)
    this.#member = node === null ? null : node.member(text)
    const instead = node?.shownName?.(text) ?? null
    this.#show(
      bytes,
      start,
      end,
      instead === null ? this.#masking.string(bytes, start, end, escaped) : this.#masking.name(instead),
    )
  }

  scalar(kind: ScalarKind, bytes: Buffer, start: number, end: number, escaped: boolean): void {
    this.#show(bytes, start, end, this.#masking.scalar(kind, bytes, start, end, escaped, this.#mask, this.#node?.form))
  }

  /** Finds the place of the value that begins. */
  #enter(): void {
    const depth = this.#depth
    if (depth === 0) {
      this.#node = this.#root
      this.#mask = this.#root?.mask ?? null
      return
    }
    const index = this.#indexes[depth] as number
    if (index < 0) this.#node = this.#member
    else {
      this.#indexes[depth] = index + 1
      this.#node = this.#nodes[depth]?.element(index) ?? null
    }
    const above = this.#masks[depth] ?? null
    this.#mask = this.#node === null ? above : stricter(above, this.#node.mask)
  }

  /** Shows the token, or what stands in its place. */
  #show(bytes: Buffer, start: number, end: number, instead: string | null): void {
    if (bytes !== this.#chunk) {
      this.#out.push(instead === null ? bytes : Buffer.from(instead))
      this.#shown = this.#tokenizer.position
    } else if (instead !== null) {
      if (this.#shown < start) this.#out.push(bytes.subarray(this.#shown, start))
      this.#out.push(Buffer.from(instead))
      this.#shown = end
    }
  }
}
