import type { MaskDocument, MaskPlan, Sources, ValueMask } from '@hoop/contracts'
import { type ColumnPattern, matchesColumn, parseColumnPattern } from './columns.ts'
import { valueDetectors } from './detectors/detectors.ts'
import { parseFieldPattern } from './field-patterns.ts'
import { fieldMasks } from './fields.ts'
import { strictestFirst, valueMask } from './methods.ts'

/** Nothing is masked. */
const emptyPlan: MaskPlan = {
  empty: true,
  hasColumns: false,
  hasFields: false,
  fields: () => null,
  column: () => null,
  detectors: null,
}

/**
 * The plan of the masks that apply to one identity on one connection. A value with several masks gets the strictest; a value that may
 * come from anything is redacted by `hoop/opaque` as soon as any column is masked by name. `hashKey` keys the method `hash`.
 */
export function maskPlan(masks: readonly MaskDocument[], hashKey: Buffer): MaskPlan {
  if (masks.length === 0) return emptyPlan
  const ordered = strictest(masks)
  const columns = ordered
    .filter((mask) => mask.columns.length > 0)
    .map((mask) => ({
      patterns: mask.columns.map(parseColumnPattern),
      stored: valueMask(mask.method, `Mask/${mask.name}`, hashKey),
      computed: valueMask(tellsOfParts.has(mask.method) ? 'redact' : mask.method, `Mask/${mask.name}`, hashKey),
    }))
  const detectors = valueDetectors(ordered, hashKey)
  const hasColumns = columns.length > 0
  const fields = ordered
    .filter((mask) => mask.fields.length > 0)
    .map((mask) => ({
      patterns: mask.fields.map(parseFieldPattern),
      mask: valueMask(mask.method, `Mask/${mask.name}`, hashKey),
    }))
  const hasFields = fields.length > 0
  const opaque = hasColumns ? valueMask('redact', 'hoop/opaque', hashKey) : null
  return {
    empty: !hasColumns && !hasFields && detectors === null,
    hasColumns,
    hasFields,
    fields: fieldMasks(fields),
    column: (sources, form) => {
      if (sources === 'opaque') return opaque
      const found = columnMask(columns, sources)
      return found && (form === 'stored' ? found.stored : found.computed)
    },
    detectors,
  }
}

function strictest(masks: readonly MaskDocument[]): MaskDocument[] {
  return masks.toSorted((a, b) => strictestFirst.indexOf(a.method) - strictestFirst.indexOf(b.method))
}

/** Methods whose result tells of the value it was given. */
const tellsOfParts: ReadonlySet<MaskDocument['method']> = new Set(['partial', 'hash'])

interface ColumnMask {
  readonly patterns: readonly ColumnPattern[]
  readonly stored: ValueMask
  readonly computed: ValueMask
}

function columnMask(masks: readonly ColumnMask[], sources: Exclude<Sources, 'opaque'>): ColumnMask | null {
  for (const mask of masks) {
    for (const source of sources) if (mask.patterns.some((pattern) => matchesColumn(pattern, source))) return mask
  }
  return null
}
