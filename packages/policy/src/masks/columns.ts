import type { ColumnRef } from '@hoop/contracts'

/** One part of a column pattern: null is `*`, any name. Names are in lower case. */
type PatternPart = ReadonlySet<string> | null
/** `schema.table.column`. */
export type ColumnPattern = readonly [PatternPart, PatternPart, PatternPart]

/** A column pattern that cannot be read. */
export class ColumnPatternError extends Error {
  override readonly name = 'ColumnPatternError'
}

const shape = 'a column pattern is schema.table.column, each a name, * or {a,b}, as in public.customers.{email,phone}'
const partAt = /\{[^{}"]*\}|\*|"[^"]+"|[^\s."*{},]+/y

/**
 * Reads `schema.table.column`; a name that is not plain stands in double quotes (`public."Order.Items".card`).
 * Names match whatever their case: a pattern in the wrong case would mask nothing.
 * Throws ColumnPatternError.
 */
export function parseColumnPattern(pattern: string): ColumnPattern {
  const parts: PatternPart[] = []
  let at = 0
  while (true) {
    partAt.lastIndex = at
    const found = partAt.exec(pattern)?.[0]
    if (found === undefined) throw new ColumnPatternError(`${pattern}: ${shape}`)
    parts.push(parsePart(found, pattern))
    at += found.length
    if (at === pattern.length) break
    if (pattern[at] !== '.') throw new ColumnPatternError(`${pattern}: ${shape}`)
    at++
  }
  const [schema, table, column, ...more] = parts
  if (schema === undefined || table === undefined || column === undefined || more.length > 0) {
    const hint =
      parts.length < 3
        ? ` (${'*.'.repeat(3 - parts.length)}${pattern} is any schema${parts.length === 1 ? ' and table' : ''})`
        : ''
    throw new ColumnPatternError(`${pattern} has ${parts.length} parts: ${shape}${hint}`)
  }
  return [schema, table, column]
}

function parsePart(part: string, pattern: string): PatternPart {
  if (part === '*') return null
  if (part.startsWith('"')) return new Set([part.slice(1, -1).toLowerCase()])
  if (!part.startsWith('{')) return new Set([part.toLowerCase()])
  const names = part
    .slice(1, -1)
    .split(',')
    .map((name) => name.trim())
  if (names.some((name) => !/^[^\s."*{},]+$/.test(name)))
    throw new ColumnPatternError(`${pattern}: ${part} is not a list of names`)
  return new Set(names.map((name) => name.toLowerCase()))
}

/** Whether the column, by the name that the catalogue resolved it to, is one of the pattern's. */
export function matchesColumn(pattern: ColumnPattern, { schema, table, column }: ColumnRef): boolean {
  return fits(pattern[0], schema) && fits(pattern[1], table) && fits(pattern[2], column)
}

function fits(part: PatternPart, name: string): boolean {
  return part === null || part.has(name.toLowerCase())
}
