import { BodyError } from './body-rewriter.ts'
import { numberValue } from './json-number.ts'
import { stringText } from './json-strings.ts'
import { type JsonHandler, JsonTokenizer, type ScalarKind } from './json-tokenizer.ts'

/** A document, parsed, with the place of each scalar. */
export interface JsonDocument {
  /** `__proto__` is a member as any other; of doubles of a member the last stands here, as programs mostly have it. */
  readonly value: unknown
  readonly scalars: readonly JsonScalar[]
  /** The first member that its object has twice. Programs differ in which of them they take. */
  readonly duplicate: JsonPath | null
}

/** `[start, end)` in UTF-16 units of the text, quotes included. An integer of 64 bits that no double holds is a bigint. */
export interface JsonScalar {
  readonly start: number
  readonly end: number
  readonly path: JsonPath
  readonly value: string | number | bigint | boolean | null
}

/** From the root: names of members and indexes of elements. */
export type JsonPath = readonly (string | number)[]

const mostValues = 200_000
/** In all paths together. */
const mostSteps = 2_000_000

/** Reads one whole document, to the letter of RFC 8259. Throws a BodyError, also where there are too many values in it to look at each. */
export function readJson(bytes: Buffer): JsonDocument {
  const reader = new DocumentReader(bytes)
  const tokenizer = new JsonTokenizer(reader)
  tokenizer.write(bytes)
  tokenizer.end()
  return reader
}

/** An object or an array that is open. */
interface Container {
  readonly members: Map<string, unknown> | null
  readonly elements: unknown[]
}

class DocumentReader implements JsonDocument, JsonHandler {
  value: unknown = null
  readonly scalars: JsonScalar[] = []
  duplicate: JsonPath | null = null
  readonly #bytes: Buffer
  readonly #open: Container[] = []
  /** Of each open container what is being read in it: the name of the last member, or the index of the element. */
  readonly #path: (string | number)[] = []
  #values = 0
  #steps = 0
  /** Up to where UTF-16 units were counted. */
  #byte = 0
  #unit = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  open(array: boolean): void {
    this.#count()
    this.#open.push({ members: array ? null : new Map(), elements: [] })
    this.#path.push(array ? 0 : '')
  }

  close(): void {
    const container = this.#open.pop()
    this.#path.pop()
    // Makes own properties of all names.
    this.#put(container?.members ? Object.fromEntries(container.members) : container?.elements)
  }

  wantsName(): boolean {
    return true
  }

  wantsScalar(): boolean {
    return true
  }

  name(bytes: Buffer, start: number, end: number, escaped: boolean): void {
    const name = wellFormed(stringText(bytes, start, end, escaped))
    this.#path[this.#path.length - 1] = name
    if (this.#open.at(-1)?.members?.has(name)) this.duplicate ??= [...this.#path]
  }

  scalar(kind: ScalarKind, bytes: Buffer, start: number, end: number, escaped: boolean): void {
    this.#count()
    this.#steps += this.#path.length
    if (this.#steps > mostSteps) throw new BodyError(tooMany)
    const value = scalarValue(kind, bytes, start, end, escaped)
    this.scalars.push({ start: this.#units(start), end: this.#units(end), path: [...this.#path], value })
    this.#put(value)
  }

  #put(value: unknown): void {
    const container = this.#open.at(-1)
    const last = this.#path.length - 1
    if (container === undefined) this.value = value
    else if (container.members) container.members.set(String(this.#path[last]), value)
    else this.#path[last] = container.elements.push(value)
  }

  #count(): void {
    if (++this.#values > mostValues) throw new BodyError(tooMany)
  }

  #units(byte: number): number {
    const bytes = this.#bytes
    for (let at = this.#byte; at < byte; at++) {
      const first = bytes[at] as number
      // A byte that goes on with a character counts nothing, and a character of four bytes is a surrogate pair.
      if (first < 0x80 || first >= 0xc0) this.#unit += first >= 0xf0 ? 2 : 1
    }
    this.#byte = byte
    return this.#unit
  }
}

const tooMany = `the JSON has more than ${mostValues} values, or they stand too deep, to look at each: send it in parts`

function scalarValue(kind: ScalarKind, bytes: Buffer, start: number, end: number, escaped: boolean): JsonScalar['value'] {
  if (kind === 'string') return wellFormed(stringText(bytes, start, end, escaped))
  const text = bytes.toString('latin1', start, end)
  if (kind === 'number') return numberValue(text)
  return text === 'null' ? null : text === 'true'
}

/** Of half a surrogate pair some programs make U+FFFD: two names would be one. */
function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new BodyError('a string in the JSON has half of a surrogate pair')
  return text
}
