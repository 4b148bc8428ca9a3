import {
  type ColumnRef,
  isPlaceholder,
  type MaskPlan,
  type Operation,
  placeholderRefusal,
  type Reason,
  type Sources,
  type ValueMask,
} from '@hoop/contracts'
import type { RuleRefusal } from './judgement.ts'

interface PlaceholderWritten {
  readonly reason: Reason
  readonly refusal: RuleRefusal
}

/**
 * What a mask shows in the place of a column's value must not be written over the value: whole rows are read, changed in one place and written
 * back by many programs. A statement that writes may not have such a value as a literal or a parameter that goes to, or is compared with, a
 * masked column. It depends on parameters, so that it is asked anew for each run.
 */
export function placeholderWritten(operation: Operation, masks: MaskPlan): PlaceholderWritten | null {
  if (!masks.hasColumns || !operation.effects.includes('write')) return null
  const { text, literals, parameters, facts } = operation
  const overwrites = facts.verbs.some((verb) => verb === 'UPDATE' || verb === 'MERGE')
  const named = facts.columns.flatMap(columnNamed)
  for (const [value, sources] of [
    ...literals.map(({ start, end, sources }): [string | null, Sources] => [literalValue(text.slice(start, end)), sources]),
    ...parameters.map(({ value, sources }): [string | null, Sources] => [parameterValue(value), sources]),
  ]) {
    if (value === null || sources === 'opaque') continue
    // One that was followed to no column may come to any that the statement names.
    for (const column of sources.length > 0 ? sources : named) {
      const mask = masks.column([column], 'stored')
      if (mask === null) continue
      const ofType = overwrites && mask.method !== 'null' && constants.test(value)
      if (ofType || isPlaceholder(value, mask)) return refused(column, mask)
    }
  }
  return null
}

function columnNamed(name: string): ColumnRef[] {
  const [schema, table, column, ...more] = name.split('.')
  return schema === undefined || table === undefined || column === undefined || more.length > 0 ? [] : [{ schema, table, column }]
}

/** What stands for values of other types than text. Zero and false are not among them: they may be meant. */
const constants =
  /^(2000-01-01([ T]00:00:00(\.0+)?(Z|[+-]00(:?00)?)?)?|0{8}-0{4}-0{4}-0{4}-0{12}|<masked\/>|empty|0\.0\.0\.0(\/32)?)$/

/** What a literal of SQL says; null for a comment or a name. */
function literalValue(literal: string): string | null {
  if (/^(--|\/\*|"|u&")/i.test(literal)) return null
  const dollar = /^(\$\w*\$)(.*)\1$/s.exec(literal)
  if (dollar !== null) return dollar[2] ?? ''
  const quoted = /^([a-z&]*)'(.*)'$/is.exec(literal)
  if (quoted === null) return literal
  const inside = (quoted[2] ?? '').replaceAll("''", "'")
  return /^e$/i.test(quoted[1] ?? '') ? inside.replaceAll(/\\(.)/gs, '$1') : inside
}

/** What a parameter says; one whose type is not known may be a text in binary format, or jsonb with its version before it. */
function parameterValue(value: string | null): string | null {
  const bytes = /^\\x((?:[0-9a-f]{2})+)$/i.exec(value ?? '')
  return bytes === null
    ? value
    : Buffer.from(bytes[1] ?? '', 'hex')
        .toString()
        .replace(/^\x01/, '')
}

function refused(column: ColumnRef, mask: ValueMask): PlaceholderWritten {
  const refusal = placeholderRefusal(column, mask)
  return { reason: { rule: refusal.rule, matched: true, words: `deny: ${refusal.detail}` }, refusal }
}
