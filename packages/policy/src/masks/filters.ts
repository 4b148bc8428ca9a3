import type { ColumnRef, Filters, MaskDocument, Sources } from '@hoop/contracts'
import { matchesColumn, parseColumnPattern } from './columns.ts'

/** What masks leave open to ask about the columns that they hide. */
export interface FilterRules {
  /** Nothing is forbidden. */
  readonly none: boolean
  /** The strictest mask that forbids what is asked, and which columns it hides of those; null: none does. */
  forbidding(filters: Filters): ForbiddenFilter | null
}

export interface ForbiddenFilter {
  /** `Mask/cardholder-data` */
  readonly rule: string
  readonly filter: 'never' | 'equality'
  readonly columns: Sources
}

/** Of the masks that apply to one identity on one connection. What may be made of anything may be made of what any of them hides. */
export function filterRules(masks: readonly MaskDocument[]): FilterRules {
  const rules = masks.flatMap(({ name, columns, filter }) =>
    columns.length === 0 || filter === 'any' ? [] : [{ rule: `Mask/${name}`, filter, patterns: columns.map(parseColumnPattern) }],
  )
  rules.sort((a, b) => Number(b.filter === 'never') - Number(a.filter === 'never'))
  return {
    none: rules.length === 0,
    forbidding({ equality, other }) {
      for (const { rule, filter, patterns } of rules) {
        const hidden = (column: ColumnRef) => patterns.some((pattern) => matchesColumn(pattern, column))
        for (const asked of filter === 'never' ? [other, equality] : [other]) {
          const columns = asked === 'opaque' ? asked : asked.filter(hidden)
          if (columns.length > 0) return { rule, filter, columns }
        }
      }
      return null
    },
  }
}
