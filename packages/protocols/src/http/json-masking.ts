import type { Detectors, ValueMask } from '@hoop/contracts'
import { BodyError } from './body-rewriter.ts'
import type { DocumentNode, ShownName } from './field-nodes.ts'
import { stringText } from './json-strings.ts'
import type { ScalarKind } from './json-tokenizer.ts'

/** The rule and the form of a text that should be read for masking and cannot be. */
export const unreadable = { rule: 'hoop/unreadable', text: '[masked]' } as const

/** Shows a document that stands in a string; throws a BodyError. */
export type ShowDocument = (
  text: string,
  root: DocumentNode | null,
) => { readonly text: string; readonly masked: Readonly<Record<string, number>> }

/** Masks names and scalars of JSON, and counts what it masked. Each method gives the JSON to be shown instead; null: what was there is shown. */
export class JsonMasking {
  readonly masked: Record<string, number> = {}
  readonly #detectors: Detectors | null
  readonly #showDocument: ShowDocument

  constructor(detectors: Detectors | null, showDocument: ShowDocument) {
    this.#detectors = detectors
    this.#showDocument = showDocument
  }

  /** A name that holds a value. */
  name({ text, rule }: ShownName): string {
    this.#count(rule, 1)
    return JSON.stringify(text)
  }

  /** A name, or a string at a place where nothing is masked by name. */
  string(bytes: Buffer, start: number, end: number, escaped: boolean): string | null {
    const detectors = this.#detectors
    if (detectors === null) return null
    if (!escaped && detectors.find(bytes, start + 1, end - 1).length === 0) return null
    const found = this.#found(detectors, Buffer.from(stringText(bytes, start, end, escaped)))
    return found === null ? null : JSON.stringify(found.toString())
  }

  scalar(
    kind: ScalarKind,
    bytes: Buffer,
    start: number,
    end: number,
    escaped: boolean,
    mask: ValueMask | null,
    form: DocumentNode['form'],
  ): string | null {
    if (mask !== null) return this.#masked(kind, bytes, start, end, escaped, mask, form)
    if (kind === 'number') return this.#number(bytes, start, end)
    if (kind === 'literal') return null
    if (form === undefined) return this.string(bytes, start, end, escaped)
    const text = stringText(bytes, start, end, escaped)
    if (form !== 'base64') return this.#document(text, form.json())
    const decoded = fromBase64(text)
    if (decoded === null || this.#detectors === null) return this.string(bytes, start, end, escaped)
    const found = this.#found(this.#detectors, decoded)
    return found === null ? null : `"${found.toString('base64')}"`
  }

  #masked(
    kind: ScalarKind,
    bytes: Buffer,
    start: number,
    end: number,
    escaped: boolean,
    mask: ValueMask,
    form: DocumentNode['form'],
  ): string | null {
    const value = kind === 'string' ? stringText(bytes, start, end, escaped) : bytes.toString('latin1', start, end)
    if (kind === 'literal' && value === 'null') return null
    this.#count(mask.rule, 1)
    const shown = mask.text(form === 'base64' ? (fromBase64(value)?.toString() ?? value) : value)
    if (shown === null) return 'null'
    return form === 'base64' ? `"${Buffer.from(shown).toString('base64')}"` : JSON.stringify(shown)
  }

  #number(bytes: Buffer, start: number, end: number): string | null {
    const detectors = this.#detectors
    if (detectors === null) return null
    const found = detectors.find(bytes, start, end)
    if (found.length > 0)
      return JSON.stringify(this.#found(detectors, Buffer.from(bytes.subarray(start, end)))?.toString() ?? null)
    const plain = plainInteger(bytes.toString('latin1', start, end))
    if (plain === null) return null
    const shown = this.#found(detectors, Buffer.from(plain))
    return shown === null ? null : JSON.stringify(shown.toString())
  }

  #document(text: string, root: DocumentNode | null): string | null {
    if (text === '') return null
    try {
      const shown = this.#showDocument(text, root)
      for (const [rule, count] of Object.entries(shown.masked)) this.#count(rule, count)
      return shown.text === text ? null : JSON.stringify(shown.text)
    } catch (error) {
      if (!(error instanceof BodyError)) throw error
      this.#count(unreadable.rule, 1)
      return JSON.stringify(unreadable.text)
    }
  }

  /** Blanks what is found in these bytes, which are ours; null: nothing. */
  #found(detectors: Detectors, bytes: Buffer): Buffer | null {
    const findings = detectors.find(bytes, 0, bytes.length)
    if (findings.length === 0) return null
    detectors.blank(bytes, findings)
    for (const { rule } of findings) this.#count(rule, 1)
    return bytes
  }

  #count(rule: string, more: number): void {
    this.masked[rule] = (this.masked[rule] ?? 0) + more
  }
}

/** The digits of an integer that is written with an exponent, as `4.1E15`; null: it is none, or one that no double holds. */
function plainInteger(number: string): string | null {
  if (!/[eE]/.test(number)) return null
  const value = Number(number)
  return Number.isSafeInteger(value) ? String(value) : null
}

/** Null where it is no base64 as it is written by encoders. */
function fromBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}
