import type { MaskPlan } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import { BinaryCopyRewriter } from './copy-binary.ts'
import { type ColumnMasks, type CopyFormat, type CopyLines, type CopyRewriter, maxLine } from './copy-format.ts'

const newline = 0x0a
const backslash = 0x5c

/** The rewriter of a COPY in this format; `count` is told of each masked value with its rule. */
export function copyRewriter(format: CopyFormat, plan: MaskPlan, count: (rule: string) => void): CopyRewriter {
  if (format.format !== 'binary') return new LineRewriter(format, plan, count)
  return new BinaryCopyRewriter(columnMasks(format, plan), plan, count)
}

function columnMasks({ outputs }: CopyFormat, plan: MaskPlan): ColumnMasks {
  if (outputs !== 'opaque') return outputs.map(({ sources }) => plan.column(sources))
  return plan.hasColumns ? 'all' : []
}

/** Text and CSV. */
class LineRewriter implements CopyRewriter {
  readonly #format: CopyFormat
  readonly #masks: ColumnMasks
  readonly #plan: MaskPlan
  readonly #count: (rule: string) => void
  #rest: Buffer = Buffer.alloc(0)
  #header: boolean

  constructor(format: CopyFormat, plan: MaskPlan, count: (rule: string) => void) {
    this.#format = format
    this.#plan = plan
    this.#count = count
    this.#header = format.options.header
    this.#masks = columnMasks(format, plan)
  }

  push(data: Buffer): CopyLines {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    const done: Buffer[] = []
    let start = 0
    for (;;) {
      const end = this.#lineEnd(bytes, start)
      if (end < 0) break
      done.push(this.#line(bytes.subarray(start, end)))
      start = end
    }
    this.#rest = bytes.subarray(start)
    if (this.#rest.length > maxLine) throw new ProtocolViolation(`a line of COPY data longer than ${maxLine} bytes`)
    return { masked: Buffer.concat(done), original: bytes.subarray(0, start) }
  }

  /** The last line where it has no newline. */
  end(): CopyLines {
    const original = this.#rest
    this.#rest = Buffer.alloc(0)
    return { masked: original.length === 0 ? original : this.#line(original), original }
  }

  /** Where the line that begins at `start` ends, its newline included; -1: not yet. */
  #lineEnd(bytes: Buffer, start: number): number {
    if (this.#format.format === 'text') return bytes.indexOf(newline, start) + 1 || -1
    const quote = this.#format.options.quote.charCodeAt(0)
    const escaping = this.#format.options.escape.charCodeAt(0)
    let quoted = false
    for (let i = start; i < bytes.length; i++) {
      const byte = bytes[i]
      if (quoted && byte === escaping && escaping !== quote) i++
      else if (byte === quote) quoted = !quoted
      else if (byte === newline && !quoted) return i + 1
    }
    return -1
  }

  #line(line: Buffer): Buffer {
    if (this.#header) {
      this.#header = false
      return line
    }
    const masked = this.#masks === 'all' || this.#masks.some((mask) => mask !== null) ? this.#fields(line) : line
    const { detectors } = this.#plan
    if (detectors === null) return masked
    const findings = detectors.find(masked, 0, masked.length)
    if (findings.length === 0) return masked
    const copy = Buffer.from(masked)
    detectors.blank(copy, findings)
    for (const { rule } of findings) this.#count(rule)
    return copy
  }

  #fields(line: Buffer): Buffer {
    const text = line.toString('utf8')
    const ending = /\r?\n?$/.exec(text)?.[0] ?? ''
    const content = text.slice(0, text.length - ending.length)
    if (content === '\\.') return line
    const fields = this.#format.format === 'text' ? this.#splitText(content) : this.#splitCsv(content)
    const masks = this.#masks
    if (masks !== 'all' && fields.length !== masks.length)
      throw new ProtocolViolation('a line of COPY data with another number of columns')
    const shown = fields.map((field, i) => {
      const mask = masks === 'all' ? this.#plan.column('opaque') : (masks[i] ?? null)
      if (mask === null || field === this.#format.options.null) return field
      this.#count(mask.rule)
      const value = this.#format.format === 'text' ? unescapeText(field) : this.#unquote(field)
      const masked = mask.text(value)
      if (masked === null) return this.#format.options.null
      return this.#format.format === 'text' ? escapeText(masked, this.#format.options.delimiter) : this.#quote(masked)
    })
    return Buffer.from(shown.join(this.#format.options.delimiter) + ending)
  }

  #splitText(content: string): string[] {
    const { delimiter } = this.#format.options
    const fields: string[] = []
    let field = ''
    for (let i = 0; i < content.length; i++) {
      const letter = content.charAt(i)
      if (letter.charCodeAt(0) === backslash) field += letter + content.charAt(++i)
      else if (letter === delimiter) {
        fields.push(field)
        field = ''
      } else field += letter
    }
    fields.push(field)
    return fields
  }

  #splitCsv(content: string): string[] {
    const { delimiter, quote, escape: escaping } = this.#format.options
    const fields: string[] = []
    let field = ''
    let quoted = false
    for (let i = 0; i < content.length; i++) {
      const letter = content.charAt(i)
      if (quoted && letter === escaping && escaping !== quote) field += letter + content.charAt(++i)
      else if (letter === quote) {
        quoted = !quoted
        field += letter
      } else if (letter === delimiter && !quoted) {
        fields.push(field)
        field = ''
      } else field += letter
    }
    fields.push(field)
    return fields
  }

  #unquote(field: string): string {
    const { quote, escape: escaping } = this.#format.options
    if (!field.startsWith(quote) || !field.endsWith(quote) || field.length < 2) return field
    return field.slice(1, -1).replaceAll(escaping + quote, quote)
  }

  #quote(value: string): string {
    const { quote, escape: escaping } = this.#format.options
    const doubled = escaping === quote ? value : value.replaceAll(escaping, escaping + escaping)
    return quote + doubled.replaceAll(quote, escaping + quote) + quote
  }
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }
function unescapeText(field: string): string {
  return field.replaceAll(/\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|(.))/gs, (_, hex?: string, octal?: string, letter?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
    return escapes[letter ?? ''] ?? letter ?? ''
  })
}
function escapeText(value: string, delimiter: string): string {
  let text = ''
  for (const letter of value) {
    if (letter === '\\' || letter === delimiter) text += `\\${letter}`
    else if (letter === '\n') text += '\\n'
    else if (letter === '\r') text += '\\r'
    else text += letter
  }
  return text
}
