import type { ColumnRef } from './operation.ts'
import type { Refusal, ValueMask } from './verdict.ts'

/** Whether a value that is to be written is what the mask shows in a value's place, or has such a text within, where it is JSON or an array. */
export function isPlaceholder(value: string, mask: ValueMask): boolean {
  if (mask.looksMasked(value)) return true
  if (!/^\s*[{["]/.test(value)) return false
  // An array quotes an element only where it must.
  for (const [plain, quoted] of value.matchAll(/"((?:[^"\\]|\\.)*)"|[^\s{},"]+/gs)) {
    if (mask.looksMasked(quoted?.replaceAll(/\\(.)/gs, '$1') ?? plain)) return true
  }
  return false
}

/** What is said to somebody who would write a placeholder into this column. */
export function placeholderRefusal({ schema, table, column }: ColumnRef, mask: ValueMask): Omit<Refusal, 'id'> {
  return {
    code: 'masked_flow',
    rule: 'hoop/masked-placeholder',
    message: 'refused: a masked placeholder never overwrites the truth',
    detail: `${mask.rule} masks ${schema}.${table}.${column} for you, and a value given for it is what a mask shows.`,
    hint: 'Write the columns that you mean to change and leave the masked ones out, or give the real value.',
  }
}
