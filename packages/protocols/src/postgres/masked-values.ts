import type { ValueMask } from '@hoop/contracts'
import { emptyArray, emptyRow, maskArrayBinary, maskArrayText } from './array-values.ts'
import type { Catalogue } from './catalogue.ts'
import { digestOf, hashedValue } from './hashed-values.ts'
import { maskJson } from './json-values.ts'
import { plainRanges, plainValues } from './plain-values.ts'
import type { ValueStyles } from './value-styles.ts'
import { isTextType, types } from './values.ts'

/** A value and where it comes from, as far as its masked form depends on it. */
export interface ValueForm {
  readonly typeOid: number
  /** 0 text, 1 binary. */
  readonly format: number
  /** The value of a column as it stands. What an expression makes of one may tell of it by its shape, which is then not kept either. */
  readonly stored: boolean
  readonly types: TypesOf
  readonly styles: ValueStyles
}
export type TypesOf = Pick<Catalogue, 'types' | 'typesByOid'>

type Rewrite = (value: Buffer) => Buffer | null
const toNull: Rewrite = () => null

/**
 * What becomes of each value of one column under a mask: a value of the same type in the same format, or NULL where that is the method, or
 * where none is known to be valid (enums, domains, types of extensions).
 *
 * Texts are what the method makes of them, JSON and arrays keep their shape, rows have NULL in each field. All else is one constant of the type
 * for all its values, which tells nothing of any; under `hash` numbers, dates, UUIDs and bytes are made of the digest.
 */
export function maskOf(mask: ValueMask, form: ValueForm): Rewrite {
  const { typeOid, format, stored, styles } = form
  if (mask.method === 'null') return toNull
  if (isTextType(typeOid)) return textRewrite(mask)
  if (typeOid === types.json || typeOid === types.jsonb) return (value) => maskJson(mask, form, value)
  if (mask.method === 'hash') {
    const hashed = hashedValue(typeOid, format, styles)
    if (hashed !== null) return (value) => hashed(digestOf(mask, typeOid, format, value))
  }
  const plain = plainValues.get(typeOid)
  if (plain !== undefined) return constant(format === 0 ? Buffer.from(plain.text) : plain.binary)
  return timeRewrite(form) ?? lengthyRewrite(typeOid, format, stored) ?? madeOfOthers(mask, form)
}

const constant =
  (shown: Buffer): Rewrite =>
  () =>
    shown

function textRewrite(mask: ValueMask): Rewrite {
  return (value) => {
    const masked = mask.text(value.toString('utf8'))
    return masked === null ? null : Buffer.from(masked)
  }
}

const interval = 1186
const epoch2000 = Date.UTC(2000, 0, 1)

/** Types whose text depends on settings. */
function timeRewrite({ typeOid, format, styles }: ValueForm): Rewrite | null {
  switch (typeOid) {
    case types.date:
      return format === 1 ? constant(Buffer.alloc(4)) : () => Buffer.from(styles.date(epoch2000))
    case types.timestamp:
    case types.timestamptz:
      if (format === 1) return constant(Buffer.alloc(8))
      return () => Buffer.from(styles.timestamp(epoch2000, typeOid === types.timestamptz))
    case interval:
      return format === 1 ? constant(Buffer.alloc(16)) : () => Buffer.from(styles.zeroInterval())
    default:
      return null
  }
}

const money = 790
const bit = 1560
const varbit = 1562

/** Types whose masked form depends on how the value is written. */
function lengthyRewrite(typeOid: number, format: number, stored: boolean): Rewrite | null {
  if (typeOid === money) return format === 1 ? constant(Buffer.alloc(8)) : noMoney
  if (typeOid !== bit && typeOid !== varbit) return null
  if (!stored) return constant(format === 0 ? Buffer.from('0') : Buffer.from([0, 0, 0, 1, 0]))
  // As long as the column's type may want it.
  if (format === 0) return (value) => Buffer.alloc(value.length, '0')
  return (value) => (value.length < 4 ? null : Buffer.concat([value.subarray(0, 4), Buffer.alloc(value.length - 4)]))
}

/** Nothing, with the signs and in the form of the server's locale. */
function noMoney(value: Buffer): Buffer | null {
  const written = /^([^\d]*)\d[\d\s.,'\u00a0\u202f]*?([.,]\d{2})?([^\d]*)$/.exec(value.toString())
  if (written === null) return null
  const [, before = '', cents = '', after = ''] = written
  return Buffer.from(`${before.replaceAll(/[-(]/g, '')}0${cents.replaceAll(/\d/g, '0')}${after.replaceAll(/[-)]/g, '')}`)
}

const record = 2249
const arrayPrefix = '_'
const box = 603

function madeOfOthers(mask: ValueMask, form: ValueForm): Rewrite {
  const { typeOid, format, stored, types: known } = form
  if (typeOid === record) return (value) => emptyRow(value, format)
  const type = known.typesByOid.get(typeOid)
  switch (type?.kind) {
    case 'c':
      return (value) => emptyRow(value, format)
    case 'r':
    case 'm': {
      const { text, binary } = plainRanges[type.kind === 'r' ? 'range' : 'multirange']
      return constant(format === 0 ? Buffer.from(text) : binary)
    }
    case 'b':
      break
    default:
      return toNull
  }
  // Types of extensions: what their names stand for is the same everywhere.
  if (type.name === 'citext') return textRewrite(mask)
  if (type.name === 'hstore') return constant(format === 0 ? Buffer.alloc(0) : Buffer.alloc(4))
  if (!type.name.startsWith(arrayPrefix)) return toNull
  const element = stored ? known.types.get(type.schema)?.get(type.name.slice(arrayPrefix.length)) : undefined
  if (element === undefined) return (value) => emptyArray(value, format)
  const rewrite = maskOf(mask, { ...form, typeOid: element.oid })
  if (format === 1) return (value) => maskArrayBinary(value, rewrite)
  const delimiter = element.oid === box ? ';' : ','
  return (value) => {
    const masked = maskArrayText(value.toString(), delimiter, rewrite)
    return masked === null ? null : Buffer.from(masked)
  }
}
