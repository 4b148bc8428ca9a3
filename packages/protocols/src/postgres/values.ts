import type { Detectors } from '@hoop/contracts'
import { arrayText } from './array-values.ts'

/** Type OIDs that are fixed in every server. https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
export const types = {
  bool: 16,
  bytea: 17,
  char: 18,
  name: 19,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  xml: 142,
  cidr: 650,
  float4: 700,
  float8: 701,
  unknown: 705,
  inet: 869,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
} as const

const textTypes = new Set<number>([types.text, types.varchar, types.bpchar, types.name, types.unknown])
/** Whether a masked value of the type is just the text that it is masked with. */
export function isTextType(typeOid: number): boolean {
  return textTypes.has(typeOid)
}

const jsonTypes = new Set<number>([types.json, types.jsonb])
const numberTypes = new Set<number>([types.int8, types.numeric, types.float8, types.float4])
const addressTypes = new Set<number>([types.inet, types.cidr])
/** Types whose values cannot hold what detectors find, whichever way they are written. */
const freeTypes = new Set<number>([
  types.bool,
  types.char,
  types.int2,
  types.int4,
  types.oid,
  types.date,
  types.timestamp,
  types.timestamptz,
  types.uuid,
])

/** Arrays of the types whose binary format is known here. Zero: nobody said of which type a parameter is, and no text has an array's zeros. */
const arrayTypes = new Set([
  0, 143, 199, 651, 1000, 1002, 1003, 1005, 1007, 1009, 1014, 1015, 1016, 1021, 1022, 1028, 1041, 1115, 1182, 1185, 1231, 2951,
  3807,
])

/** Undecodable: the value's bytes are not what its type says. It is then masked whole. */
const undecodable = Symbol('undecodable')

/** base 10000 digits: int16 ndigits, weight, sign, dscale, digits. */
function numericText(bytes: Buffer): string | typeof undecodable {
  if (bytes.length < 8) return undecodable
  const digits = bytes.readUInt16BE(0)
  const weight = bytes.readInt16BE(2)
  const sign = bytes.readUInt16BE(4)
  const scale = bytes.readUInt16BE(6)
  if (sign === 0xc000) return 'NaN'
  if (sign === 0xd000) return 'Infinity'
  if (sign === 0xf000) return '-Infinity'
  if (bytes.length !== 8 + 2 * digits || weight > 32_767 / 4) return undecodable
  const group = (i: number): string => (i >= 0 && i < digits ? String(bytes.readUInt16BE(8 + 2 * i)) : '0').padStart(4, '0')
  let whole = ''
  for (let i = 0; i <= weight; i++) whole += group(i)
  whole = whole.replace(/^0+(?=\d)/, '') || '0'
  let fraction = ''
  for (let i = weight + 1; fraction.length < scale; i++) fraction += group(i)
  return `${sign === 0x4000 ? '-' : ''}${whole}${scale > 0 ? `.${fraction.slice(0, scale)}` : ''}`
}

const twoDigits = (value: number): string => String(value).padStart(2, '0')
const epoch2000 = Date.UTC(2000, 0, 1)

const families = { v4: 2, v6: 3 } as const
/** Family, bits of the network, whether it is a network, length, and the address; IPv6 with all its groups. */
function addressText(bytes: Buffer): string | null {
  const [family, bits, , length] = bytes
  if (length === undefined || bytes.length !== 4 + length) return null
  const address = bytes.subarray(4)
  const network = bits === length * 8 ? '' : `/${bits}`
  if (family === families.v4 && length === 4) return `${address.join('.')}${network}`
  if (family !== families.v6 || length !== 16) return null
  return `${address.toString('hex').replaceAll(/(?<=^(?:.{4})+)(?=.)/g, ':')}${network}`
}

/** A binary value as the server would print it, for the built-in types that drivers send in binary; null where the type is not known here. */
export function binaryText(typeOid: number, bytes: Buffer): string | null {
  if (textTypes.has(typeOid) || typeOid === types.json || typeOid === types.xml) return bytes.toString('utf8')
  if (typeOid === types.char && bytes.length === 1) return bytes.toString('latin1')
  if (typeOid === types.jsonb && bytes[0] === 1) return bytes.toString('utf8', 1)
  const { length } = bytes
  if (typeOid === types.bool && length === 1) return bytes[0] === 0 ? 'f' : 't'
  if (typeOid === types.int2 && length === 2) return String(bytes.readInt16BE())
  if (typeOid === types.int4 && length === 4) return String(bytes.readInt32BE())
  if (typeOid === types.oid && length === 4) return String(bytes.readUInt32BE())
  if (typeOid === types.int8 && length === 8) return String(bytes.readBigInt64BE())
  if (typeOid === types.float4 && length === 4) return String(bytes.readFloatBE())
  if (typeOid === types.float8 && length === 8) return String(bytes.readDoubleBE())
  if (typeOid === types.numeric) {
    const text = numericText(bytes)
    return typeof text === 'string' ? text : null
  }
  if (addressTypes.has(typeOid)) return addressText(bytes)
  if (typeOid === types.uuid && length === 16) {
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  }
  if (typeOid === types.date && length === 4) return isoDate(epoch2000 + bytes.readInt32BE() * 86_400_000)
  if ((typeOid === types.timestamp || typeOid === types.timestamptz) && length === 8) {
    const micros = bytes.readBigInt64BE()
    const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
    const millis = Number((micros - rest) / 1000n) + epoch2000
    const date = isoDate(millis)
    if (date === null) return null
    const time = new Date(millis)
    const clock = `${twoDigits(time.getUTCHours())}:${twoDigits(time.getUTCMinutes())}:${twoDigits(time.getUTCSeconds())}`
    const fraction = String(rest).padStart(6, '0').replace(/0+$/, '')
    return `${date} ${clock}${fraction ? `.${fraction}` : ''}${typeOid === types.timestamptz ? '+00' : ''}`
  }
  return arrayTypes.has(typeOid) ? arrayText(bytes, binaryText) : null
}
function isoDate(millis: number): string | null {
  const date = new Date(millis)
  // Years before 1 and after 9999, and infinity, are written in ways of their own.
  const year = date.getUTCFullYear()
  return year >= 1 && year <= 9999 ? date.toISOString().slice(0, 10) : null
}

/**
 * Where detectors look in values of a type: in their bytes, which are covered in place if it is `text`, or in the digits that they mean. `closer`:
 * `detectInValue` alone knows.
 */
export type Search = 'nothing' | 'text' | 'bytes' | 'digits' | 'int8' | 'numeric' | 'closer'

/** As `detectInValue` does. */
export function searchOf(typeOid: number, format: number): Search {
  if (freeTypes.has(typeOid)) return 'nothing'
  if (numberTypes.has(typeOid) || addressTypes.has(typeOid)) {
    if (format === 0) return 'digits'
    return typeOid === types.int8 ? 'int8' : typeOid === types.numeric ? 'numeric' : 'closer'
  }
  if (textTypes.has(typeOid)) return 'text'
  return format === 0 && typeOid !== types.bytea ? 'bytes' : 'closer'
}

/** What the detectors make of one value: the same buffer where nothing was found, a masked copy, or NULL where the type has no masked form. */
export function detectInValue(
  detectors: Detectors,
  typeOid: number,
  format: number,
  value: Buffer,
  found: (rule: string) => void,
  depth = 0,
): Buffer | null {
  if (freeTypes.has(typeOid)) return value
  if (numberTypes.has(typeOid) || addressTypes.has(typeOid)) {
    const text = format === 1 ? binaryText(typeOid, value) : value.toString('latin1')
    if (text === null) return null
    return findInNumber(detectors, text, found) ? null : value
  }
  const findings = detectors.find(value, 0, value.length)
  if (findings.length > 0) {
    for (const { rule } of findings) found(rule)
    const keepsType = textTypes.has(typeOid) || jsonTypes.has(typeOid) || typeOid === types.xml
    if (!keepsType) return null
    const masked = Buffer.from(value)
    detectors.blank(masked, findings)
    return jsonTypes.has(typeOid) ? jsonAgain(value, masked) : masked
  }
  if (typeOid === types.bytea && format === 0) {
    // \x and hexadecimal: what is found must be looked for in the bytes that it stands for.
    const bytes = Buffer.from(value.toString('latin1', 2), 'hex')
    const inside = detectors.find(bytes, 0, bytes.length)
    for (const { rule } of inside) found(rule)
    return inside.length > 0 ? null : value
  }
  if (format === 1 && !textTypes.has(typeOid) && holdsNumbers(detectors, value, found, depth)) return null
  return value
}

function findInNumber(detectors: Detectors, text: string, found: (rule: string) => void): boolean {
  const digits = /e/i.test(text) && Number.isSafeInteger(Number(text)) ? String(Number(text)) : text
  const bytes = Buffer.from(digits, 'latin1')
  const findings = detectors.find(bytes, 0, bytes.length)
  for (const { rule } of findings) found(rule)
  return findings.length > 0
}

/** Records and arrays in one another: nobody's types go deeper, and each level is searched once more. */
const deepest = 32

/** Looks into binary arrays and composites for numbers: arrays of int8, numeric and floats, records of them. What is deeper than any is hidden. */
function holdsNumbers(detectors: Detectors, value: Buffer, found: (rule: string) => void, depth: number): boolean {
  const elements = arrayElements(value) ?? recordFields(value) ?? []
  if (depth === deepest) return elements.length > 0
  return elements.some(([typeOid, bytes]) => detectInValue(detectors, typeOid, 1, bytes, found, depth + 1) !== bytes)
}

/** A number or a word that was blanked in JSON is none any more: it becomes a string. What stands in strings is as it was blanked. */
function jsonAgain(original: Buffer, masked: Buffer): Buffer {
  // Byte by byte: all that tells strings from numbers is ASCII.
  const text = masked.toString('latin1')
  const json = original
    .toString('latin1')
    .replaceAll(/"(?:[^"\\]|\\.)*"|-?[0-9][-+.0-9eE]*|true|false|null/gs, (token, at: number) => {
      const shown = text.slice(at, at + token.length)
      return token.startsWith('"') || shown === token ? shown : JSON.stringify(shown)
    })
  return Buffer.from(json, 'latin1')
}

/** int32 ndim, int32 flags, oid element, (int32 length, int32 lower bound)*, (int32 length, bytes)*. Null: not an array. */
function arrayElements(value: Buffer): [number, Buffer][] | null {
  if (value.length < 12) return null
  const dimensions = value.readInt32BE(0)
  if (dimensions < 1 || dimensions > 6 || value.readUInt32BE(4) > 1) return null
  const typeOid = value.readUInt32BE(8)
  let at = 12 + 8 * dimensions
  const elements: [number, Buffer][] = []
  while (at < value.length) {
    if (at + 4 > value.length) return null
    const length = value.readInt32BE(at)
    at += 4
    if (length < -1 || at + length > value.length) return null
    if (length > 0) elements.push([typeOid, value.subarray(at, at + length)])
    at += Math.max(0, length)
  }
  return elements
}

/** int32 count, (oid, int32 length, bytes)*. Null: not a record. */
function recordFields(value: Buffer): [number, Buffer][] | null {
  if (value.length < 4) return null
  const count = value.readInt32BE(0)
  let at = 4
  const fields: [number, Buffer][] = []
  for (let i = 0; i < count; i++) {
    if (at + 8 > value.length) return null
    const typeOid = value.readUInt32BE(at)
    const length = value.readInt32BE(at + 4)
    at += 8
    if (length < -1 || at + length > value.length) return null
    if (length > 0) fields.push([typeOid, value.subarray(at, at + length)])
    at += Math.max(0, length)
  }
  return at === value.length ? fields : null
}
