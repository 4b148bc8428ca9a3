import { setFlagsFromString } from 'node:v8'
import { fingerprintSync, hasSqlDetails, loadModule, parsePlPgSQLSync, parseSync, type RawStmt, scanSync } from 'libpg-query'
import { plainTokens } from './plain-tokens.ts'

/** The parser rejects the text, or the text is one that no server would read as we do. */
export class StatementUnreadable extends Error {
  /** Where in the text, in UTF-16 units from 0. */
  readonly position: number
  /** `unavailable`: the text may be well, but what its names mean cannot be looked up. */
  readonly code: 'unreadable' | 'unavailable'
  constructor(message: string, position: number, code: StatementUnreadable['code'] = 'unreadable') {
    super(message)
    this.name = 'StatementUnreadable'
    this.position = position
    this.code = code
  }
}

/** Loads PostgreSQL's own parser; call it once before anything else here, calling it again costs nothing. */
export function loadParser(): Promise<void> {
  // V8 would compile it a second time, for speed: that takes 0.6 GB for a moment, as the grammar is one function, and gains 10 µs a text.
  setFlagsFromString('--no-wasm-tier-up')
  setFlagsFromString('--no-wasm-dynamic-tiering')
  return loadModule()
}

/** The parse trees of all statements in the text. Throws {@link StatementUnreadable}. */
export function parse(text: string): readonly RawStmt[] {
  const nul = text.indexOf('\0')
  if (nul >= 0) throw new StatementUnreadable('the statement contains a NUL character', nul)
  if (!text.isWellFormed()) throw new StatementUnreadable('the statement is not valid Unicode', 0)
  if (text === '') return []
  try {
    const { version, stmts } = parseSync(text)
    if (!version || !stmts) throw new Error('the parser gave no answer')
    return stmts
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const characters = hasSqlDetails(error) ? (error.sqlDetails?.cursorPosition ?? 0) : 0
    throw new StatementUnreadable(error.message, characterToUtf16(text, characters))
  }
}

/** Fingerprints by what is left of a text without its constants: known for every text that differs in those only. */
const fingerprints = new Map<string, string | null>()
const maxFingerprints = 4096
const maxSkeleton = 2048

/** The tree of a CREATE FUNCTION or DO in PL/pgSQL, as libpg_query prints it. Throws {@link StatementUnreadable}. */
export function parseProcedural(text: string): unknown {
  try {
    return parsePlPgSQLSync(text)
  } catch (error) {
    throw new StatementUnreadable(error instanceof Error ? error.message : String(error), 0)
  }
}

/** Equal for texts that differ in constants only; null where the parser gives none. */
export function fingerprint(text: string): string | null {
  const skeleton = text.length > maxSkeleton ? undefined : plainTokens(text)?.skeleton
  if (skeleton === undefined) return fingerprintOf(text)
  const known = fingerprints.get(skeleton)
  if (known !== undefined) return known
  const found = fingerprintOf(text)
  if (fingerprints.size >= maxFingerprints) fingerprints.clear()
  fingerprints.set(skeleton, found)
  return found
}

function fingerprintOf(text: string): string | null {
  try {
    return text === '' ? null : fingerprintSync(text)
  } catch {
    return null
  }
}

/** A constant, a parameter, a comment or a quoted name as the scanner sees it, `[start, end)` in bytes of UTF-8. */
export interface ConstantToken {
  readonly start: number
  readonly end: number
  readonly kind: 'constant' | 'parameter' | 'comment' | 'name'
  /** Where the sign before a number stands, which the grammar takes for its start; null without one. */
  readonly sign: number | null
}

/** Token numbers of the grammar (gram.y, PostgreSQL 18): the scanner names only some of them. */
const constants = new Set([260, 261, 262, 263, 264, 266]) // FCONST SCONST USCONST BCONST XCONST ICONST
const numbers = new Set([260, 266])
const signs = new Set([43, 45])
const parameter = 267
const comments = new Set([275, 276])
const names = new Set([258, 259]) // IDENT UIDENT

/** Every constant, parameter, comment and quoted name of a text that {@link parse} accepts, in order. Throws {@link StatementUnreadable}. */
export function constantTokens(text: string): readonly ConstantToken[] {
  if (!/['"$0-9]|--|\/\*/.test(text)) return []
  const plain = plainTokens(text)
  if (plain !== null) return plain.constants
  const found: ConstantToken[] = []
  let sign: number | null = null
  for (const { start, end, tokenType, text: token } of tokens(text)) {
    if (constants.has(tokenType)) found.push({ start, end, kind: 'constant', sign: numbers.has(tokenType) ? sign : null })
    else if (tokenType === parameter) found.push({ start, end, kind: 'parameter', sign: null })
    else if (comments.has(tokenType)) found.push({ start, end, kind: 'comment', sign: null })
    else if (names.has(tokenType) && quoted.test(token)) found.push({ start, end, kind: 'name', sign: null })
    sign = signs.has(tokenType) ? start : null
  }
  return found
}

const quoted = /^(u&)?"/i

/** Every token of a text that {@link parse} accepts, `[start, end)` in bytes of UTF-8. Throws {@link StatementUnreadable}. */
export function tokens(text: string): ReturnType<typeof scanSync>['tokens'] {
  if (text === '') return []
  const { version, tokens: found } = scanSync(text.replace(controls, withoutControl))
  // So the scanner says that it ran out of memory; without its tokens a record could not be masked.
  if (version === 0) throw new StatementUnreadable('the statement is too long to be read', 0)
  return found
}

/**
 * The scanner's answer is JSON in which it leaves these as they are, and so cannot be read. In an accepted text they stand in literals,
 * quoted names and comments, the first two between tokens as well: tokens keep their places.
 */
const controls = /[\v\f\x01-\x08\x0e-\x1f]/g
function withoutControl(character: string): string {
  return character === '\v' || character === '\f' ? ' ' : '?'
}

/** Turns the parser's byte offsets into offsets of the text; cheap while they ascend. */
export class Offsets {
  readonly #text: string
  readonly #ascii: boolean
  #byte = 0
  #unit = 0

  constructor(text: string) {
    this.#text = text
    this.#ascii = Buffer.byteLength(text) === text.length
  }

  /** The UTF-16 offset of a byte offset that lies on a character's border. */
  at(byte: number): number {
    if (this.#ascii) return Math.min(byte, this.#text.length)
    if (byte < this.#byte) this.#byte = this.#unit = 0
    while (this.#byte < byte && this.#unit < this.#text.length) {
      const code = this.#text.codePointAt(this.#unit) ?? 0
      this.#byte += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
      this.#unit += code < 0x10000 ? 1 : 2
    }
    return this.#unit
  }
}

/** The parser counts errors in characters. */
function characterToUtf16(text: string, characters: number): number {
  let unit = 0
  for (let seen = 0; seen < characters && unit < text.length; seen++) unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1
  return unit
}
