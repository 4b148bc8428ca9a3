import type { ColumnRef, MaskDocument } from '@hoop/contracts'
import { nearest } from '../near-misses.ts'
import { type ColumnPattern, matchesColumn, parseColumnPattern } from './columns.ts'

/** One column that a mask names, and that is in none of the databases. */
export interface MissingColumn {
  readonly mask: string
  /** `public.customers.email`; where the pattern lists several (`{a,b}`), the one that is missing. */
  readonly pattern: string
  /** The column that was probably meant. */
  readonly near: string | null
}

/** Combinations of one pattern's lists that are looked at: a pattern is for people to read. */
const maxCombinations = 1000

/**
 * What masks name by schema, table and column, and these columns do not have: mostly mistyped. A pattern with `*` is not asked for: it is
 * about whatever there is.
 */
export function missingColumns(masks: readonly MaskDocument[], columns: readonly ColumnRef[]): MissingColumn[] {
  return masks.flatMap((mask) =>
    mask.columns.flatMap((text) =>
      namedBy(parseColumnPattern(text))
        .filter((named) => !columns.some((column) => isSame(column, named)))
        .map((named) => ({ mask: `Mask/${mask.name}`, pattern: written(named), near: nearestOf(named, columns) })),
    ),
  )
}

/** Columns that no mask is about, and that are called like a column that one is about by its name. */
export function columnsNamedAlike(masks: readonly MaskDocument[], columns: readonly ColumnRef[]): ColumnRef[] {
  const patterns = masks.flatMap((mask) => mask.columns.map(parseColumnPattern))
  const names = new Set(patterns.flatMap(([, , column]) => [...(column ?? [])]))
  return columns.filter(
    (column) => names.has(column.column.toLowerCase()) && !patterns.some((pattern) => matchesColumn(pattern, column)),
  )
}

function namedBy([schemas, tables, columns]: ColumnPattern): ColumnRef[] {
  if (schemas === null || tables === null || columns === null) return []
  if (schemas.size * tables.size * columns.size > maxCombinations) return []
  return [...schemas].flatMap((schema) =>
    [...tables].flatMap((table) => [...columns].map((column) => ({ schema, table, column }))),
  )
}

function isSame(a: ColumnRef, b: ColumnRef): boolean {
  return (
    a.schema.toLowerCase() === b.schema.toLowerCase() &&
    a.table.toLowerCase() === b.table.toLowerCase() &&
    a.column.toLowerCase() === b.column.toLowerCase()
  )
}

/** In the same table first; else a table of a like name that has the column. */
function nearestOf(named: ColumnRef, columns: readonly ColumnRef[]): string | null {
  const inTable = columns.filter((column) => isSame({ ...column, column: '' }, { ...named, column: '' }))
  const column = nearest(
    named.column,
    inTable.map((each) => each.column),
  )
  if (column !== null) return `${named.schema}.${named.table}.${column}`
  const having = columns.filter((each) => isSame({ ...each, table: '' }, { ...named, table: '' }))
  const table = nearest(
    named.table,
    having.map((each) => each.table),
  )
  return table === null ? null : `${named.schema}.${table}.${named.column}`
}

function written({ schema, table, column }: ColumnRef): string {
  return `${schema}.${table}.${column}`
}
