import type { ValueMask } from '@hoop/contracts'
import { binaryText, types } from './values.ts'

const jsonbVersion = Buffer.from([1])
/** Deeper documents are masked whole. */
const deepest = 200

/**
 * Masked JSON. A stored document keeps its arrays, objects and nulls; texts are what the method makes of them, numbers and truth values 0 and
 * false, and a member's name stays if it is a plain word. What an expression made becomes one string: names and shape may be made of a value there.
 */
export function maskJson(
  mask: ValueMask,
  { typeOid, format, stored }: { typeOid: number; format: number; stored: boolean },
  value: Buffer,
): Buffer | null {
  const text = format === 1 ? binaryText(typeOid, value) : value.toString('utf8')
  const masked = text === null ? null : ((stored ? documentOf(mask, text) : null) ?? wholeOf(mask, text))
  if (masked === null) return null
  const json = Buffer.from(masked)
  return typeOid === types.jsonb && format === 1 ? Buffer.concat([jsonbVersion, json]) : json
}

function wholeOf(mask: ValueMask, text: string): string | null {
  const masked = mask.text(text)
  return masked === null ? null : stringOf(masked)
}

/** Half of a surrogate pair would be written as an escape that the server's jsonb does not take. */
const stringOf = (text: string): string => JSON.stringify(text.toWellFormed())

function documentOf(mask: ValueMask, text: string): string | null {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof document !== 'object' || document === null) return null
  return written(mask, document, 0)
}

function written(mask: ValueMask, value: unknown, depth: number): string | null {
  if (value === null) return 'null'
  if (typeof value === 'string') return wholeOf(mask, value)
  if (typeof value === 'number') return '0'
  if (typeof value === 'boolean') return 'false'
  if (depth === deepest || typeof value !== 'object') return null
  const inside: string[] = []
  for (const [name, member] of Object.entries(value)) {
    const shown = written(mask, member, depth + 1)
    if (shown === null) return null
    inside.push(Array.isArray(value) ? shown : `${stringOf(memberName(mask, name))}:${shown}`)
  }
  return Array.isArray(value) ? `[${inside.join()}]` : `{${inside.join()}}`
}

/** Names of persons and numbers are data, too, where a document is used as a table. */
function memberName(mask: ValueMask, name: string): string {
  return /^[a-z][A-Za-z_]{0,39}$/.test(name) ? name : (mask.text(name) ?? '')
}
