import { Pieces } from '../bytes.ts'
import { BodyError } from './body-rewriter.ts'
import { Utf8Check } from './json-encoding.ts'
import { numberBegin, numberEnds, numberStep } from './json-number.ts'

/** What a reader of JSON is told, in the order of the text. Positions are `[start, end)` in `bytes`, the quotes of a string included. */
export interface JsonHandler {
  open(array: boolean): void
  close(): void
  /** Whether the name that begins now is wanted: only then is it kept until it is whole, and given to `name`. */
  wantsName(): boolean
  /** As `wantsName`, of a string, a number, or `true`, `false`, `null`. */
  wantsScalar(): boolean
  /** `escaped`: there is a backslash in it. */
  name(bytes: Buffer, start: number, end: number, escaped: boolean): void
  scalar(kind: ScalarKind, bytes: Buffer, start: number, end: number, escaped: boolean): void
}
export type ScalarKind = 'string' | 'number' | 'literal'

export interface JsonLimits {
  /** How deep arrays and objects may stand in each other. */
  readonly depth: number
  /** How many bytes long a name or a scalar may be that is wanted. */
  readonly token: number
}
export const jsonLimits: JsonLimits = { depth: 256, token: 8 * 1024 * 1024 }

/** What may come next, outside of tokens. */
const expects = { value: 0, firstElement: 1, firstName: 2, name: 3, colon: 4, commaOrEnd: 5, nothing: 6, gap: 7 } as const
type Expects = (typeof expects)[keyof typeof expects]

const quote = 0x22
const backslash = 0x5c
const openArray = 0x5b
const closeArray = 0x5d
const openObject = 0x7b
const closeObject = 0x7d
const comma = 0x2c
const colon = 0x3a
const unicodeEscape = 0x75
const recordSeparator = 0x1e

const noBytes = Buffer.alloc(0)
const literals = ['true', 'false', 'null'].map((word) => Buffer.from(word))
/** 1: the byte is not simply part of a string. */
const special = Uint8Array.from({ length: 256 }, (_, byte) => (byte < 0x20 || byte === quote || byte === backslash ? 1 : 0))
/** 1: stands behind a backslash, with nothing else to come. */
const shortEscape = Uint8Array.from({ length: 256 }, (_, byte) => ('"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0))
const hexDigit = Uint8Array.from({ length: 256 }, (_, byte) => (/[0-9a-f]/i.test(String.fromCharCode(byte)) ? 1 : 0))

/** Within a string: its plain bytes, the byte behind a backslash, and from there on how many hex digits are to come, less 1. */
const inString = { plain: 0, escape: 1, lastHexDigit: 2, firstHexDigit: 5 } as const

/**
 * Reads JSON (RFC 8259, to the letter) from bytes cut anywhere: one document, or `many` with or without white space between them. Keeps
 * nothing but the token that it is in, where that is wanted. Every method throws a BodyError, and is not to be called after that.
 */
export class JsonTokenizer {
  readonly #handler: JsonHandler
  readonly #limits: JsonLimits
  readonly #many: boolean
  readonly #encoding = new Utf8Check()
  /** 1 for an array, of each container that is open, from 1 on. */
  readonly #arrays: Uint8Array
  #depth = 0
  #expects: Expects = expects.value
  #token: ScalarKind | null = null
  #isName = false
  #wanted = false
  #escaped = false
  /** Where in the token. */
  #step = 0
  #literal: Buffer = noBytes
  /** Where the token begins in this chunk. */
  #start = 0
  readonly #held = new Pieces()
  /** Bytes in earlier chunks. */
  #before = 0
  #position = 0

  constructor(handler: JsonHandler, { many = false, limits = jsonLimits }: { many?: boolean; limits?: JsonLimits } = {}) {
    this.#handler = handler
    this.#many = many
    this.#limits = limits
    this.#arrays = new Uint8Array(limits.depth + 1)
  }

  /** While the handler is told of a token: where it ends in the chunk at hand. */
  get position(): number {
    return this.#position
  }

  /** Gives where in the chunk a wanted token begins that goes on in the next one; the length of the chunk: there is none. */
  write(chunk: Buffer): number {
    this.#encoding.write(chunk)
    this.#start = 0
    const end = chunk.length
    let at = this.#token === null ? 0 : this.#goOn(chunk, 0)
    while (at < end) {
      const byte = chunk[at] as number
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
        if (this.#expects === expects.gap) this.#expects = expects.value
        at++
      } else at = this.#next(chunk, at, byte)
    }
    this.#before += end
    if (this.#token === null || !this.#wanted) return end
    this.#check(this.#held.length + end - this.#start)
    this.#held.push(chunk.subarray(this.#start))
    return this.#start
  }

  end(): void {
    this.#encoding.end()
    this.#start = 0
    if (this.#token === 'number' && numberEnds(this.#step)) this.#finish(noBytes, 0)
    const between = this.#expects === expects.value || this.#expects === expects.gap
    const over = this.#many ? this.#depth === 0 && between : this.#expects === expects.nothing
    if (this.#token !== null || !over) throw new BodyError('the JSON ends in the middle')
  }

  /** Reads from the byte that begins something on: where that ends, or the chunk. */
  #next(chunk: Buffer, at: number, byte: number): number {
    switch (this.#expects) {
      case expects.commaOrEnd:
        if (byte === comma) {
          this.#expects = this.#arrays[this.#depth] === 1 ? expects.value : expects.name
          return at + 1
        }
        return this.#close(at, byte)
      case expects.firstName:
        return byte === quote ? this.#beginName(chunk, at) : this.#close(at, byte)
      case expects.name:
        if (byte !== quote) return this.#fail(at, 'a member name was expected')
        return this.#beginName(chunk, at)
      case expects.colon:
        if (byte !== colon) return this.#fail(at, 'a colon was expected')
        this.#expects = expects.value
        return at + 1
      case expects.firstElement:
        return byte === closeArray ? this.#close(at, byte) : this.#value(chunk, at, byte)
      case expects.value:
        return this.#value(chunk, at, byte)
      case expects.gap:
        return this.#fail(at, 'white space was expected')
      case expects.nothing:
        return this.#fail(at, 'nothing was expected behind the document')
    }
  }

  #value(chunk: Buffer, at: number, byte: number): number {
    if (byte === openObject || byte === openArray) {
      if (this.#depth === this.#limits.depth)
        return this.#fail(at, `more than ${this.#limits.depth} arrays and objects in each other`)
      const array = byte === openArray
      this.#handler.open(array)
      this.#arrays[++this.#depth] = array ? 1 : 0
      this.#expects = array ? expects.firstElement : expects.firstName
      return at + 1
    }
    if (byte === quote) return this.#begin(chunk, at, 'string', inString.plain)
    // Before each document of a JSON text sequence (RFC 7464).
    if (byte === recordSeparator && this.#many && this.#depth === 0) return at + 1
    const begun = numberBegin(byte)
    if (begun >= 0) return this.#begin(chunk, at, 'number', begun)
    const literal = literals.find((word) => word[0] === byte)
    if (literal === undefined) return this.#fail(at, this.#before + at === 0 ? firstByteWords(byte) : 'a value was expected')
    this.#literal = literal
    return this.#begin(chunk, at, 'literal', 1)
  }

  #begin(chunk: Buffer, at: number, token: ScalarKind, step: number): number {
    this.#isName = false
    this.#wanted = this.#handler.wantsScalar()
    this.#token = token
    this.#step = step
    this.#start = at
    this.#escaped = false
    return this.#goOn(chunk, at + 1)
  }

  #beginName(chunk: Buffer, at: number): number {
    this.#isName = true
    this.#wanted = this.#handler.wantsName()
    this.#token = 'string'
    this.#step = inString.plain
    this.#start = at
    this.#escaped = false
    return this.#string(chunk, at + 1)
  }

  #goOn(chunk: Buffer, at: number): number {
    if (this.#token === 'string') return this.#string(chunk, at)
    return this.#token === 'number' ? this.#number(chunk, at) : this.#word(chunk, at)
  }

  #string(chunk: Buffer, from: number): number {
    const end = chunk.length
    let at = from
    while (at < end) {
      if (this.#step === inString.plain) {
        while (at < end && special[chunk[at] as number] === 0) at++
        if (at === end) return at
        const byte = chunk[at++] as number
        if (byte === quote) return this.#finish(chunk, at)
        if (byte !== backslash) return this.#fail(at - 1, 'a control character stands in a string')
        this.#escaped = true
        this.#step = inString.escape
      } else {
        const byte = chunk[at++] as number
        if (this.#step !== inString.escape) {
          if (hexDigit[byte] === 0) return this.#fail(at - 1, 'a hex digit was expected')
          this.#step = this.#step === inString.lastHexDigit ? inString.plain : this.#step - 1
        } else if (byte === unicodeEscape) this.#step = inString.firstHexDigit
        else if (shortEscape[byte] === 1) this.#step = inString.plain
        else return this.#fail(at - 1, 'an escape was expected')
      }
    }
    return at
  }

  #number(chunk: Buffer, from: number): number {
    const end = chunk.length
    let step = this.#step
    for (let at = from; at < end; at++) {
      const next = numberStep(step, chunk[at] as number)
      if (next < 0) return numberEnds(step) ? this.#finish(chunk, at) : this.#fail(at, 'a digit was expected')
      step = next
    }
    this.#step = step
    return end
  }

  #word(chunk: Buffer, from: number): number {
    const word = this.#literal
    let at = from
    for (; at < chunk.length && this.#step < word.length; at++, this.#step++)
      if (chunk[at] !== word[this.#step]) return this.#fail(at, `“${word.toString()}” was expected`)
    return this.#step === word.length ? this.#finish(chunk, at) : at
  }

  /** The token ends before `at`. */
  #finish(chunk: Buffer, at: number): number {
    const kind = this.#token
    this.#token = null
    if (this.#wanted && kind !== null) {
      this.#check(this.#held.length + at - this.#start)
      this.#position = at
      let bytes = chunk
      let start = this.#start
      let end = at
      if (this.#held.length > 0) {
        this.#held.push(chunk.subarray(0, at))
        bytes = this.#held.take()
        start = 0
        end = bytes.length
      }
      if (this.#isName) this.#handler.name(bytes, start, end, this.#escaped)
      else this.#handler.scalar(kind, bytes, start, end, this.#escaped)
    }
    if (this.#isName) this.#expects = expects.colon
    else this.#valueEnds(kind !== 'string')
    return at
  }

  #close(at: number, byte: number): number {
    const array = this.#arrays[this.#depth] === 1
    if (byte !== (array ? closeArray : closeObject))
      return this.#fail(at, `a comma or the end of ${array ? 'an array' : 'an object'} was expected`)
    this.#depth--
    this.#handler.close()
    this.#valueEnds(false)
    return at + 1
  }

  /** `word`: its end is seen by what follows. */
  #valueEnds(word: boolean): void {
    if (this.#depth > 0) this.#expects = expects.commaOrEnd
    else if (!this.#many) this.#expects = expects.nothing
    else this.#expects = word ? expects.gap : expects.value
  }

  #check(length: number): void {
    if (length <= this.#limits.token) return
    throw new BodyError(`a value is longer than ${this.#limits.token} bytes, the most that can be looked at for masking`)
  }

  #fail(at: number, words: string): never {
    throw new BodyError(`this is not JSON: at byte ${this.#before + at} ${words}`)
  }
}

/** What a first byte tells that begins no JSON. */
function firstByteWords(byte: number): string {
  if (byte === 0xef) return 'is a byte order mark, which JSON does not have (RFC 8259, section 8.1)'
  return byte === 0xfe || byte === 0xff || byte === 0 ? 'begins UTF-16 or UTF-32, and JSON is UTF-8' : 'a value was expected'
}
