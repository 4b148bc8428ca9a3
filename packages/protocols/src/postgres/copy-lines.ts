import { maskGrowth, type ValueMask } from '@hoop/contracts'
import { type ColumnMasks, type CopyFormat, lineReadings } from './copy-format.ts'
import { isTextType } from './values.ts'

const newline = 0x0a
const carriageReturn = 0x0d
const backslash = 0x5c

/** Masks whole lines of COPY data in text format from byte to byte, as far as they are plain. */
export interface TextLines {
  /** How much longer a line may become. */
  readonly growth: number
  /** The rules of the values that the last line was written without. */
  readonly masked: readonly string[]
  /** Writes the line `bytes[start, end)`, its newline included, into `into` from `at` on: where it ends there, or one of `lineReadings`. */
  write(bytes: Buffer, start: number, end: number, into: Buffer, at: number): number
}

type AsciiMask = ValueMask & Required<Pick<ValueMask, 'ascii'>>

/** Null where one of the masks cannot be written so. */
export function textLines({ format, options, columns }: CopyFormat, masks: ColumnMasks): TextLines | null {
  if (format !== 'text' || masks === 'all' || !plainDelimiter.test(options.delimiter)) return null
  const ascii: (AsciiMask | null)[] = []
  for (const [i, mask] of masks.entries()) {
    const column = columns?.[i] ?? null
    if (mask !== null && (!isAscii(mask) || !(column === null || isTextType(column.typeOid)))) return null
    ascii.push(mask)
  }
  return new PlainLines(ascii, options.delimiter.charCodeAt(0), Buffer.from(options.null))
}

/** Of which no masked form is made. */
const plainDelimiter = /^[\t ,;|:!~^]$/

function isAscii(mask: ValueMask): mask is AsciiMask {
  return mask.ascii !== undefined
}

class PlainLines implements TextLines {
  readonly growth: number
  readonly masked: string[] = []
  readonly #masks: readonly (AsciiMask | null)[]
  readonly #delimiter: number
  readonly #null: Buffer
  /** 1: the byte ends a field, or says that more than bytes is meant. */
  readonly #special = new Uint8Array(256)

  constructor(masks: readonly (AsciiMask | null)[], delimiter: number, nothing: Buffer) {
    this.#masks = masks
    this.#delimiter = delimiter
    this.#null = nothing
    this.growth = maskGrowth * masks.filter((mask) => mask !== null).length
    for (const byte of [delimiter, backslash, newline, carriageReturn]) this.#special[byte] = 1
  }

  write(bytes: Buffer, start: number, end: number, into: Buffer, at: number): number {
    const masks = this.#masks
    const special = this.#special
    const last = end - 1
    this.masked.length = 0
    let to = at
    let copied = start
    let field = start
    for (let column = 0; ; column++) {
      const mask = masks[column]
      if (mask === undefined) return lineReadings.unread
      let i = field
      while (special[bytes[i] as number] === 0) i++
      // The newline at the end stops it, at the latest.
      if (bytes[i] === backslash) i = this.#behindEscapes(bytes, field, i, last, mask !== null)
      if (i < 0 || (i < last && bytes[i] !== this.#delimiter)) return lineReadings.unread
      if (mask !== null && !this.#isNull(bytes, field, i)) {
        if (!isAsciiIn(bytes, field, i)) return lineReadings.unread
        to = copy(bytes, copied, field, into, to)
        to = mask.ascii(bytes, field, i, into, to)
        copied = i
        this.masked.push(mask.rule)
      }
      if (i === last) {
        if (column + 1 !== masks.length) return lineReadings.unread
        return copy(bytes, copied, end, into, to)
      }
      field = i + 1
    }
  }

  /** Where the field ends that has a backslash at `i`; -1: it needs a closer look, as any does whose value is masked and is not NULL. */
  #behindEscapes(bytes: Buffer, field: number, i: number, last: number, masked: boolean): number {
    if (masked) return i === field && this.#isNull(bytes, field, field + this.#null.length) ? field + this.#null.length : -1
    let at = i
    while (bytes[at] === backslash) {
      if (bytes[at + 1] === 0x2e) return -1
      at += 2
      if (at > last) return -1
      while (this.#special[bytes[at] as number] === 0) at++
    }
    return at
  }

  #isNull(bytes: Buffer, start: number, end: number): boolean {
    const nothing = this.#null
    if (end - start !== nothing.length) return false
    for (let i = 0; i < nothing.length; i++) if (bytes[start + i] !== nothing[i]) return false
    return true
  }
}

function isAsciiIn(bytes: Buffer, start: number, end: number): boolean {
  let bits = 0
  for (let i = start; i < end; i++) bits |= bytes[i] as number
  return bits < 0x80
}

/** A call for a few bytes costs more than they do. */
const fewBytes = 64

/** Answers where the copy ends. */
function copy(bytes: Buffer, start: number, end: number, into: Buffer, at: number): number {
  if (end - start > fewBytes) return at + bytes.copy(into, at, start, end)
  let to = at
  for (let i = start; i < end; i++) into[to++] = bytes[i] as number
  return to
}
