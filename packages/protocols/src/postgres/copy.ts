import type { MaskPlan, ValueMask } from '@hoop/contracts'
import { Pieces, ProtocolViolation } from '../bytes.ts'
import { BinaryCopyRewriter } from './copy-binary.ts'
import {
  type ColumnMasks,
  type CopyFormat,
  type CopyLines,
  type CopyRewriter,
  lineReadings,
  type MessageRoom,
  maxLine,
  messageHeader,
  type SeeValue,
} from './copy-format.ts'
import { type TextLines, textLines } from './copy-lines.ts'
import { maskOf } from './masked-values.ts'

const newline = 0x0a
const carriageReturn = 0x0d
const backslash = 0x5c
const dot = 0x2e

/** The rewriter of a COPY in this format; `count` is told of each masked value with its rule. */
export function copyRewriter(
  format: CopyFormat,
  plan: MaskPlan,
  count: (rule: string) => void,
  see: SeeValue | null = null,
): CopyRewriter {
  if (format.format !== 'binary') return new LineRewriter(format, plan, count, see)
  return new BinaryCopyRewriter(format.columns ?? [], columnMasks(format, plan), plan, count, see)
}

function columnMasks({ outputs }: CopyFormat, plan: MaskPlan): ColumnMasks {
  if (outputs !== 'opaque') return outputs.map(({ sources, form }) => plan.column(sources, form))
  return plan.hasColumns ? 'all' : []
}

/** How the columns are rewritten whose types are known. */
function rewritesOf(masks: ColumnMasks, columns: NonNullable<CopyFormat['columns']>): (ReturnType<typeof maskOf> | null)[] {
  if (masks === 'all') return []
  return masks.map((mask, i) => {
    const column = columns[i] ?? null
    return mask === null || column === null ? null : maskOf(mask, column)
  })
}

const none: CopyLines = { masked: [], original: [] }

/**
 * Text and CSV. Where no column is masked by name, lines matter only in that nothing that detectors find goes beyond the end of one: a
 * newline within a value is as good an end, and many lines are searched as one.
 */
class LineRewriter implements CopyRewriter {
  readonly #format: CopyFormat
  readonly #masks: ColumnMasks
  readonly #rewrites: readonly (ReturnType<typeof maskOf> | null)[]
  /** Whether any column is masked by name. */
  readonly #byColumn: boolean
  readonly #quick: TextLines | null
  readonly #plan: MaskPlan
  readonly #count: (rule: string) => void
  readonly #see: SeeValue | null
  /** The line that is not whole yet; no byte is looked at twice. */
  readonly #begun = new Pieces()
  #quoted = false
  #escaped = false
  #header: boolean

  constructor(format: CopyFormat, plan: MaskPlan, count: (rule: string) => void, see: SeeValue | null) {
    this.#format = format
    this.#plan = plan
    this.#count = count
    this.#see = see
    this.#header = format.options.header
    this.#masks = columnMasks(format, plan)
    this.#rewrites = rewritesOf(this.#masks, format.columns ?? [])
    this.#byColumn = this.#masks === 'all' || this.#masks.some((mask) => mask !== null)
    this.#quick = textLines(format, this.#masks)
  }

  push(data: Buffer): CopyLines {
    const original: Buffer[] = []
    const masked: Buffer[] = []
    let changed = false
    let start = 0
    if (this.#begun.length > 0) {
      const end = this.#lineEnd(data, 0)
      if (end < 0) return this.#keep(data, none)
      this.#begun.push(data.subarray(0, end))
      const line = this.#begun.take()
      const shown = this.#line(line)
      changed = shown !== line
      original.push(line)
      masked.push(shown)
      start = end
    }
    const first = start
    let unmasked = start
    for (;;) {
      const end = this.#linesEnd(data, start)
      if (end < 0) break
      const lines = part(data, start, end)
      const shown = this.#line(lines)
      if (shown !== lines) {
        changed = true
        if (unmasked < start) masked.push(data.subarray(unmasked, start))
        masked.push(shown)
        unmasked = end
      }
      start = end
    }
    if (first < start) original.push(part(data, first, start))
    if (changed && unmasked < start) masked.push(data.subarray(unmasked, start))
    const whole: CopyLines = { masked: changed ? masked : original, original }
    return start < data.length ? this.#keep(data.subarray(start), whole) : whole
  }

  line(bytes: Buffer, start: number, end: number, room: MessageRoom): number {
    if (this.#header || this.#begun.length > 0 || bytes[end - 1] !== newline) return lineReadings.unread
    const { detectors } = this.#plan
    if (!this.#byColumn) {
      const found = detectors !== null && detectors.find(bytes, start, end).length > 0
      return found ? lineReadings.unread : lineReadings.unmasked
    }
    const quick = this.#quick
    if (quick === null) return lineReadings.unread
    const into = room.reserve(messageHeader + end - start + quick.growth)
    const at = room.position + messageHeader
    const to = quick.write(bytes, start, end, into, at)
    if (to < 0) return to
    for (const rule of quick.masked) this.#count(rule)
    if (detectors === null) return to
    const findings = detectors.find(into, at, to)
    if (findings.length > 0) detectors.blank(into, findings)
    for (const { rule } of findings) this.#count(rule)
    return to
  }

  /** The last line where it has no newline. */
  end(): CopyLines {
    const line = this.#begun.take()
    if (line.length === 0) return none
    const shown = this.#line(line)
    const original = [line]
    return { masked: shown === line ? original : [shown], original }
  }

  /** Puts the beginning of a line aside: not as a part of something much larger, which it would hold. */
  #keep(begun: Buffer, whole: CopyLines): CopyLines {
    this.#begun.push(begun.length * 2 < begun.buffer.byteLength ? Buffer.from(begun) : begun)
    if (this.#begun.length > maxLine) throw new ProtocolViolation(`a line of COPY data longer than ${maxLine} bytes`)
    return whole
  }

  /** Where the line ends that begins at `start`; where detectors alone look at them, the last one that ends in these bytes. -1: none does. */
  #linesEnd(bytes: Buffer, start: number): number {
    if (this.#byColumn || this.#header) return this.#lineEnd(bytes, start)
    const last = bytes.lastIndexOf(newline)
    return last < start ? -1 : last + 1
  }

  /** Where the line ends that goes on at `start`, its newline included; -1: not in these bytes. */
  #lineEnd(bytes: Buffer, start: number): number {
    if (!this.#byColumn && !this.#header) return bytes.indexOf(newline, start) + 1 || -1
    return this.#format.format === 'csv' ? this.#csvLineEnd(bytes, start) : this.#textLineEnd(bytes, start)
  }

  /** In text format a backslash takes the next byte along, a newline too. */
  #textLineEnd(bytes: Buffer, start: number): number {
    for (let from = start; ; ) {
      const found = bytes.indexOf(newline, from)
      const end = found < 0 ? bytes.length : found
      let backslashes = 0
      while (end - backslashes > start && bytes[end - backslashes - 1] === backslash) backslashes++
      if (end - backslashes === start && this.#escaped) backslashes++
      this.#escaped = false
      if (found < 0) {
        this.#escaped = backslashes % 2 === 1
        return -1
      }
      if (backslashes % 2 === 0) return found + 1
      from = found + 1
    }
  }

  #csvLineEnd(bytes: Buffer, start: number): number {
    const quote = this.#format.options.quote.charCodeAt(0)
    const escaping = this.#format.options.escape.charCodeAt(0)
    const escapes = escaping !== quote
    let quoted = this.#quoted
    let escaped = this.#escaped
    let end = -1
    for (let i = start; i < bytes.length; i++) {
      const byte = bytes[i]
      if (escaped) escaped = false
      else if (byte === escaping && escapes && quoted) escaped = true
      else if (byte === quote) quoted = !quoted
      else if (byte === newline && !quoted) {
        end = i + 1
        break
      }
    }
    this.#quoted = quoted
    this.#escaped = escaped
    return end
  }

  #line(line: Buffer): Buffer {
    if (this.#header) {
      this.#header = false
      return line
    }
    const masked = this.#byColumn ? this.#maskedLine(line) : line
    const { detectors } = this.#plan
    if (detectors === null) return masked
    const findings = detectors.find(masked, 0, masked.length)
    if (findings.length === 0) return masked
    const copy = Buffer.from(masked)
    detectors.blank(copy, findings)
    for (const { rule } of findings) this.#count(rule)
    return copy
  }

  #maskedLine(line: Buffer): Buffer {
    return (this.#format.format === 'text' ? this.#textFields(line) : null) ?? this.#fields(line)
  }

  /** The line with its masked fields replaced, and the others as they came; null for one that is not as it should be. */
  #textFields(line: Buffer): Buffer | null {
    const masks = this.#masks
    if (masks === 'all') return null
    const { options } = this.#format
    const delimiter = options.delimiter.charCodeAt(0)
    let last = line.length
    if (line[last - 1] === newline) last--
    if (line[last - 1] === carriageReturn) last--
    if (last === 2 && line[0] === backslash && line[1] === dot) return line
    const pieces: Buffer[] = []
    const counted: string[] = []
    let kept = 0
    let column = 0
    let start = 0
    for (let at = 0; at <= last; at++) {
      const byte = at === last ? delimiter : line[at]
      if (byte === backslash) at++
      else if (byte === delimiter) {
        const mask = masks[column++]
        if (mask === undefined) return null
        if (mask !== null) {
          const field = line.toString('utf8', start, at)
          if (field !== options.null) {
            const given = unescapeText(field)
            this.#see?.(mask, column - 1, given)
            const value = this.#masked(mask, column - 1, given)
            pieces.push(
              line.subarray(kept, start),
              Buffer.from(value === null ? options.null : escapeText(value, options.delimiter)),
            )
            counted.push(mask.rule)
            kept = at
          }
        }
        start = at + 1
      }
    }
    // A backslash at the end took the border along.
    if (column !== masks.length || start !== last + 1) return null
    for (const rule of counted) this.#count(rule)
    if (pieces.length === 0) return line
    pieces.push(line.subarray(kept))
    return Buffer.concat(pieces)
  }

  #fields(line: Buffer): Buffer {
    const text = line.toString('utf8')
    const ending = /\r?\n?$/.exec(text)?.[0] ?? ''
    const content = text.slice(0, text.length - ending.length)
    if (content === '\\.') return line
    const fields = this.#format.format === 'text' ? this.#splitText(content) : this.#splitCsv(content)
    // The server rejects a line with another number of fields; nobody knows what stands in it.
    const masks = this.#masks !== 'all' && fields.length === this.#masks.length ? this.#masks : null
    const shown = fields.map((field, i) => {
      const mask = masks === null ? this.#plan.column('opaque') : (masks[i] ?? null)
      if (mask === null || field === this.#format.options.null) return field
      this.#count(mask.rule)
      const value = this.#format.format === 'text' ? unescapeText(field) : this.#unquote(field)
      if (masks !== null) this.#see?.(mask, i, value)
      const masked = this.#masked(mask, i, value)
      if (masked === null) return this.#format.options.null
      return this.#format.format === 'text' ? escapeText(masked, this.#format.options.delimiter) : this.#quote(masked)
    })
    return Buffer.from(shown.join(this.#format.options.delimiter) + ending)
  }

  /** Where the type is known, in its form; NULL for one that has no masked form. */
  #masked(mask: ValueMask, column: number, value: string): string | null {
    const rewrite = this.#rewrites[column] ?? null
    return rewrite === null ? mask.text(value) : (rewrite(Buffer.from(value))?.toString('utf8') ?? null)
  }

  #splitText(content: string): string[] {
    const delimiter = this.#format.options.delimiter.charCodeAt(0)
    const fields: string[] = []
    let start = 0
    for (let i = 0; i < content.length; i++) {
      const letter = content.charCodeAt(i)
      if (letter === backslash) i++
      else if (letter === delimiter) {
        fields.push(content.slice(start, i))
        start = i + 1
      }
    }
    fields.push(content.slice(start))
    return fields
  }

  #splitCsv(content: string): string[] {
    const { options } = this.#format
    const delimiter = options.delimiter.charCodeAt(0)
    const quote = options.quote.charCodeAt(0)
    const escaping = options.escape.charCodeAt(0)
    const fields: string[] = []
    let start = 0
    let quoted = false
    for (let i = 0; i < content.length; i++) {
      const letter = content.charCodeAt(i)
      if (quoted && letter === escaping && escaping !== quote) i++
      else if (letter === quote) quoted = !quoted
      else if (letter === delimiter && !quoted) {
        fields.push(content.slice(start, i))
        start = i + 1
      }
    }
    fields.push(content.slice(start))
    return fields
  }

  /** As the server reads it: quotes may begin and end anywhere in a field. */
  #unquote(field: string): string {
    const { quote, escape: escaping } = this.#format.options
    if (!field.includes(quote)) return field
    let value = ''
    let quoted = false
    let start = 0
    for (let at = 0; at < field.length; at++) {
      const letter = field[at]
      if (letter !== quote && letter !== escaping) continue
      const next = field[at + 1]
      const escapes = quoted && letter === escaping && (next === quote || next === escaping)
      if (!escapes && letter !== quote) continue
      value += field.slice(start, at)
      start = at + 1
      if (escapes) at++
      else quoted = !quoted
    }
    return value + field.slice(start)
  }

  #quote(value: string): string {
    const { quote, escape: escaping } = this.#format.options
    const doubled = escaping === quote ? value : value.replaceAll(escaping, escaping + escaping)
    return quote + doubled.replaceAll(quote, escaping + quote) + quote
  }
}

function part(bytes: Buffer, start: number, end: number): Buffer {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }
function unescapeText(field: string): string {
  if (!field.includes('\\')) return field
  return field.replaceAll(/\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|(.))/gs, (_, hex?: string, octal?: string, letter?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
    return escapes[letter ?? ''] ?? letter ?? ''
  })
}
function escapeText(value: string, delimiter: string): string {
  if (!/[\\\n\r]/.test(value) && !value.includes(delimiter)) return value
  let text = ''
  for (const letter of value) {
    if (letter === '\\' || letter === delimiter) text += `\\${letter}`
    else if (letter === '\n') text += '\\n'
    else if (letter === '\r') text += '\\r'
    else text += letter
  }
  return text
}
