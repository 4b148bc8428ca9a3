import type { MaskPlan, ValueMask } from '@hoop/contracts'
import { Pieces, ProtocolViolation } from '../bytes.ts'
import { type ColumnMasks, type CopyLines, type CopyRewriter, maxLine, type SeeValue } from './copy-format.ts'
import { maskOf, type ValueForm } from './masked-values.ts'
import { binaryText, detectInValue, types } from './values.ts'

/** https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS-BINARY */
const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
const fixedHeader = signature.length + 8
const maxExtension = 64 * 1024
/** What is longer than this and not whole is looked at again when a quarter more has come, so that no length is gone over too often. */
const longRow = 4096
const none: readonly Buffer[] = []

/**
 * Masks COPY data in binary format, row by row. The data names no types: where a column's is not known, a masked value becomes NULL,
 * which is valid for all of them. Whole rows only leave, so that each message of the server's still holds one.
 */
export class BinaryCopyRewriter implements CopyRewriter {
  readonly #masks: ColumnMasks
  readonly #columns: readonly (ValueForm | null)[]
  readonly #rewrites: (ReturnType<typeof maskOf> | undefined)[] = []
  /** Some column is masked by name: which is which must be certain. */
  readonly #named: boolean
  readonly #plan: MaskPlan
  readonly #count: (rule: string) => void
  readonly #see: SeeValue | null
  /** The row that is not whole yet, and how long it must be before it is looked at again. */
  readonly #begun = new Pieces()
  #need = 0
  #state: 'header' | 'rows' | 'done' = 'header'

  constructor(
    columns: readonly (ValueForm | null)[],
    masks: ColumnMasks,
    plan: MaskPlan,
    count: (rule: string) => void,
    see: SeeValue | null,
  ) {
    this.#masks = masks
    this.#columns = columns
    this.#named = masks === 'all' || masks.some((mask) => mask !== null)
    this.#plan = plan
    this.#count = count
    this.#see = see
  }

  push(data: Buffer): CopyLines {
    this.#begun.push(data)
    return this.#begun.length < this.#need ? { masked: none, original: none } : this.#rows()
  }

  end(): CopyLines {
    const last = this.#rows()
    if (this.#begun.length > 0) throw new ProtocolViolation('COPY data ends within a row')
    return last
  }

  /** The rows that are whole. */
  #rows(): CopyLines {
    const bytes = this.#begun.take()
    const shown: Buffer[] = []
    let changed = false
    let start = 0
    while (start < bytes.length) {
      const end = this.#state === 'header' ? headerEnd(bytes) : this.#rowEnd(bytes, start)
      if (end < 0) break
      const row = bytes.subarray(start, end)
      const masked = this.#state === 'rows' ? this.#row(row) : row
      if (masked !== row) changed = true
      shown.push(masked)
      if (this.#state === 'header') this.#state = 'rows'
      start = end
    }
    const rest = bytes.subarray(start)
    if (rest.length > maxLine) throw new ProtocolViolation(`a row of COPY data longer than ${maxLine} bytes`)
    this.#begun.push(rest)
    this.#need = rest.length < longRow ? 0 : rest.length + (rest.length >> 2)
    if (start === 0) return { masked: none, original: none }
    const original = [bytes.subarray(0, start)]
    return { masked: changed ? [Buffer.concat(shown)] : original, original }
  }

  /** Where the row that begins at `start` ends; -1: not yet. The row of -1 fields ends the data. */
  #rowEnd(bytes: Buffer, start: number): number {
    if (this.#state === 'done') throw new ProtocolViolation('COPY data after its end')
    if (start + 2 > bytes.length) return -1
    const fields = bytes.readInt16BE(start)
    let at = start + 2
    if (fields === -1) {
      this.#state = 'done'
      return at
    }
    if (fields < 0) throw new ProtocolViolation('a row of COPY data with a negative number of columns')
    for (let i = 0; i < fields; i++) {
      if (at + 4 > bytes.length) return -1
      const length = bytes.readInt32BE(at)
      if (length < -1) throw new ProtocolViolation('a value of COPY data with a negative length')
      at += 4 + Math.max(0, length)
      if (at - start > maxLine) throw new ProtocolViolation(`a row of COPY data longer than ${maxLine} bytes`)
    }
    return at <= bytes.length ? at : -1
  }

  #row(row: Buffer): Buffer {
    const fields = row.readInt16BE(0)
    if (this.#named && this.#masks !== 'all' && fields !== this.#masks.length)
      throw new ProtocolViolation('a row of COPY data with another number of columns')
    const pieces: Buffer[] = [row.subarray(0, 2)]
    let changed = false
    let at = 2
    for (let i = 0; i < fields; i++) {
      const length = row.readInt32BE(at)
      const next = at + 4 + Math.max(0, length)
      const value = row.subarray(at + 4, next)
      const shown = length < 0 ? value : this.#shown(i, value)
      if (shown === value) pieces.push(row.subarray(at, next))
      else {
        changed = true
        if (shown === null) pieces.push(nullValue)
        else pieces.push(lengthOf(shown), shown)
      }
      at = next
    }
    return changed ? Buffer.concat(pieces) : row
  }

  /** The same buffer where nothing is masked; null is NULL. */
  #shown(column: number, value: Buffer): Buffer | null {
    const mask = this.#masks === 'all' ? this.#plan.column('opaque') : (this.#masks[column] ?? null)
    if (mask !== null) {
      this.#count(mask.rule)
      if (this.#masks !== 'all') this.#see?.(mask, column, this.#text(column, value))
      return this.#rewrite(mask, column, value)
    }
    const { detectors } = this.#plan
    if (detectors === null) return value
    // The value may be of any type: it is looked at as each that can hold what detectors find.
    return possibleTypes(value).some((type) => detectInValue(detectors, type, 1, value, this.#count) !== value) ? null : value
  }

  /** What a value says; one whose type is not known here may be a text, or jsonb with its version before it. */
  #text(column: number, value: Buffer): string {
    return binaryText(this.#columns[column]?.typeOid ?? anyType, value) ?? value.toString('utf8').replace(/^\x01/, '')
  }

  #rewrite(mask: ValueMask, column: number, value: Buffer): Buffer | null {
    const form = this.#masks === 'all' ? null : (this.#columns[column] ?? null)
    if (form === null) return null
    this.#rewrites[column] ??= maskOf(mask, form)
    return this.#rewrites[column](value)
  }
}

function lengthOf(value: Buffer): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value.length)
  return bytes
}
const nullValue = Buffer.from([0xff, 0xff, 0xff, 0xff])
const anyType = 0

function possibleTypes(value: Buffer): number[] {
  const possible: number[] = [anyType]
  if (value.length === 8) possible.push(types.int8, types.float8)
  if (binaryText(types.numeric, value) !== null) possible.push(types.numeric)
  if (binaryText(types.inet, value) !== null) possible.push(types.inet)
  return possible
}

function headerEnd(bytes: Buffer): number {
  if (bytes.length < fixedHeader) return -1
  if (!bytes.subarray(0, signature.length).equals(signature)) throw new ProtocolViolation('COPY data without its signature')
  const extension = bytes.readUInt32BE(signature.length + 4)
  if (extension > maxExtension) throw new ProtocolViolation(`a header of COPY data longer than ${maxExtension} bytes`)
  const end = fixedHeader + extension
  return end <= bytes.length ? end : -1
}
