import type { Detectors, MaskPlan, Output, Sources, ValueMask } from '@hoop/contracts'
import { ProtocolViolation } from '../bytes.ts'
import { type Catalogue, originOf } from './catalogue.ts'
import { write } from './codec.ts'
import { maskOf } from './masked-values.ts'
import type { Column } from './messages.ts'
import type { ValueStyles } from './value-styles.ts'
import { detectInValue, isTextType, type Search, searchOf } from './values.ts'

/** What happens to one column of a result. */
export type ColumnAction =
  | { readonly kind: 'pass' }
  | {
      readonly kind: 'mask'
      readonly rule: string
      readonly rewrite: (value: Buffer) => Buffer | null
      /** What `rewrite` does with a value of ASCII, from byte to byte. */
      readonly ascii?: NonNullable<ValueMask['ascii']>
    }
  | {
      readonly kind: 'detect'
      readonly detectors: Detectors
      readonly typeOid: number
      readonly format: number
      readonly search: Search
    }

/** How the rows of one result are rewritten; null: they pass as they came. */
export type RowPlan = readonly ColumnAction[] | null

const pass: ColumnAction = { kind: 'pass' }

export interface RowPlanInput {
  readonly masks: MaskPlan
  readonly columns: readonly Column[]
  /** Of the Bind: none, one for all, or one each; null: the formats that stand in `columns`. */
  readonly resultFormats: readonly number[] | null
  /** From the parse tree; `opaque` where it cannot be relied upon (DDL of an open transaction, unreadable). */
  readonly outputs: readonly Output[] | 'opaque'
  readonly catalogue: Catalogue
  readonly styles: ValueStyles
}

/** How rows were rewritten, and what that was made of. */
export interface Planned {
  readonly from: RowPlanInput
  readonly plan: RowPlan
}

/** Joins what the parse tree says of each column with what the server says of its origin. Disagreement masks. */
export function planRows({ masks, columns, resultFormats, outputs, catalogue, styles }: RowPlanInput): RowPlan {
  if (masks.empty) return null
  const known = outputs !== 'opaque' && outputs.length === columns.length ? outputs : null
  const actions = columns.map((column, i): ColumnAction => {
    const format = resultFormats === null ? column.format : formatOf(resultFormats, i)
    const { typeOid } = column
    if (masks.hasColumns) {
      const sources = checkedSources(known?.[i], column, catalogue)
      const form = known?.[i]?.form
      const mask = masks.column(sources, form)
      const stored = form === 'stored' && sources !== 'opaque'
      if (mask !== null) {
        const rewrite = maskOf(mask, { typeOid, format, stored, types: catalogue, styles })
        const ascii = isTextType(typeOid) ? mask.ascii : undefined
        return { kind: 'mask', rule: mask.rule, rewrite, ...(ascii !== undefined && { ascii }) }
      }
    }
    if (masks.detectors === null) return pass
    return { kind: 'detect', detectors: masks.detectors, typeOid, format, search: searchOf(typeOid, format) }
  })
  // Rows of a result that has no columns are looked at: they can have none either.
  return actions.length > 0 && actions.every(({ kind }) => kind === 'pass') ? null : actions
}

function checkedSources(output: Output | undefined, { name, tableOid, attribute }: Column, catalogue: Catalogue): Sources {
  const sources = output?.sources ?? 'opaque'
  // A system column (xmin, ctid) is numbered below zero, and its value is nobody's data.
  if (sources === 'opaque' || tableOid === 0 || attribute < 0) return sources
  // A view's own columns are named as origin; the parse tree has gone through to what it selects.
  if (catalogue.relationsByOid.get(tableOid)?.kind === 'view') return sources
  const origin = originOf(catalogue, tableOid, attribute)
  // A table made or altered since the catalogue was read.
  if (origin === null) return 'opaque'
  // Renamed by another session since then, which may have given it the name of a masked column: `*` says the new name.
  if (output?.name != null && !isNamed(output.name, name)) return 'opaque'
  if (origin === 'whole-row') return sources.length > 0 ? sources : 'opaque'
  const agrees = sources.some(
    ({ schema, table, column }) => schema === origin.schema && table === origin.table && column === origin.column,
  )
  return agrees ? sources : 'opaque'
}

/** The server cuts a name that is longer than it keeps: NAMEDATALEN, within a character. */
function isNamed(written: string, described: string): boolean {
  return written === described || (Buffer.byteLength(described) >= longestName - 3 && written.startsWith(described))
}
const longestName = 63

/** The format of result column `i` (0 text, 1 binary) by the rules of Bind. */
export function formatOf(resultFormats: readonly number[], i: number): number {
  return (resultFormats.length === 1 ? resultFormats[0] : resultFormats[i]) ?? 0
}

/**
 * Rewrites one DataRow whose body stands in `bytes[start, end)`. Null: nothing in it is masked, forward it as it came.
 * `count` is told of each masked value with its rule.
 */
export function rewriteRow(
  actions: readonly ColumnAction[],
  bytes: Buffer,
  start: number,
  end: number,
  count: (rule: string) => void,
): Buffer | null {
  if (end - start < 2) throw new ProtocolViolation('a row without its count')
  const fields = bytes.readUInt16BE(start)
  if (fields !== actions.length) throw new ProtocolViolation('a row with another number of columns than was announced')
  let at = start + 2
  let values: (Buffer | null)[] | null = null
  for (let i = 0; i < fields; i++) {
    if (at + 4 > end) throw new ProtocolViolation('a row ends too early')
    const length = bytes.readInt32BE(at)
    at += 4
    if (length === -1) {
      values?.push(null)
      continue
    }
    if (length < 0 || at + length > end) throw new ProtocolViolation('a value longer than its row')
    const action = actions[i] ?? pass
    const value = bytes.subarray(at, at + length)
    at += length
    let shown: Buffer | null = value
    if (action.kind === 'mask') {
      shown = action.rewrite(value)
      count(action.rule)
    } else if (action.kind === 'detect') {
      shown = detectInValue(action.detectors, action.typeOid, action.format, value, count)
    }
    if (values === null && shown !== value) values = valuesBefore(bytes, start + 2, i)
    values?.push(shown)
  }
  if (at !== end) throw new ProtocolViolation('bytes after the last value of a row')
  return values === null ? null : write.dataRow(values)
}

function valuesBefore(bytes: Buffer, start: number, count: number): (Buffer | null)[] {
  const values: (Buffer | null)[] = []
  let at = start
  for (let i = 0; i < count; i++) {
    const length = bytes.readInt32BE(at)
    at += 4
    values.push(length === -1 ? null : bytes.subarray(at, at + length))
    at += Math.max(0, length)
  }
  return values
}
