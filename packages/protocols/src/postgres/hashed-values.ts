import type { ValueMask } from '@hoop/contracts'
import type { ValueStyles } from './value-styles.ts'
import { binaryText, types } from './values.ts'

/** 128 bits that are equal for equal values, and tell nothing of them without the key. */
type Digest = readonly [bigint, bigint]

/** Of what the value says, in whichever format it came; a date or time as text: of how it is written. */
export function digestOf(mask: ValueMask, typeOid: number, format: number, value: Buffer): Digest {
  const said = canonical(typeOid, format, value)
  return [half(mask, said), half(mask, `${said}\0`)]
}

function half(mask: ValueMask, text: string): bigint {
  const digits = /[0-9a-f]{16}$/.exec(mask.text(text) ?? '')
  return digits === null ? 0n : BigInt(`0x${digits[0]}`)
}

function canonical(typeOid: number, format: number, value: Buffer): string {
  if (typeOid === types.bytea) return format === 1 ? `\\x${value.toString('hex')}` : value.toString('latin1')
  const text = (format === 1 ? binaryText(typeOid, value) : null) ?? value.toString('latin1')
  if (typeOid === types.float4) return String(Math.fround(Number(text)))
  if (typeOid === types.float8) return String(Number(text))
  return typeOid === types.numeric && text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

const day = 86_400n
/** From 1900 on, two hundred years. */
const firstDay = BigInt(Date.UTC(1900, 0, 1) / 86_400_000)
const days = 73_049n
const days2000 = BigInt(Date.UTC(2000, 0, 1) / 86_400_000)

/** Largest numbers that a digest becomes: what programs can count with exactly. */
const limits: ReadonlyMap<number, bigint> = new Map([
  [types.int2, 2n ** 15n],
  [types.int4, 2n ** 31n],
  [types.oid, 2n ** 31n],
  [types.int8, 2n ** 53n],
  [types.float4, 2n ** 24n],
  [types.float8, 2n ** 53n],
  [types.numeric, 10n ** 16n],
])

/** How a digest is written as a value of the type; null: the type has no room for one, or is not known to have. */
export function hashedValue(typeOid: number, format: number, styles: ValueStyles): ((digest: Digest) => Buffer) | null {
  const limit = limits.get(typeOid)
  if (limit !== undefined) {
    const binary = numberWriters[typeOid]
    return ([digest]) => (format === 1 && binary ? binary(digest % limit) : Buffer.from(String(digest % limit)))
  }
  switch (typeOid) {
    case types.uuid:
      return (digest) => {
        const hex = hexOf(digest)
        if (format === 1) return Buffer.from(hex, 'hex')
        return Buffer.from(hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
      }
    case types.bytea:
      return (digest) => (format === 1 ? Buffer.from(hexOf(digest), 'hex') : Buffer.from(`\\x${hexOf(digest)}`))
    case types.date:
      return ([digest]) => {
        const at = firstDay + (digest % days)
        return format === 1 ? int32(at - days2000) : Buffer.from(styles.date(Number(at) * 86_400_000))
      }
    case types.timestamp:
    case types.timestamptz:
      return ([digest]) => {
        const at = firstDay * day + (digest % (days * day))
        if (format === 1) return int64((at - days2000 * day) * 1_000_000n)
        return Buffer.from(styles.timestamp(Number(at) * 1000, typeOid === types.timestamptz))
      }
    default:
      return null
  }
}

const hexOf = ([high, low]: Digest): string => high.toString(16).padStart(16, '0') + low.toString(16).padStart(16, '0')

const numberWriters: Readonly<Record<number, (value: bigint) => Buffer>> = {
  [types.int2]: (value) => written(2, (bytes) => bytes.writeInt16BE(Number(value))),
  [types.int4]: int32,
  [types.oid]: int32,
  [types.int8]: int64,
  [types.float4]: (value) => written(4, (bytes) => bytes.writeFloatBE(Number(value))),
  [types.float8]: (value) => written(8, (bytes) => bytes.writeDoubleBE(Number(value))),
  [types.numeric]: numeric,
}

function written(size: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size)
  write(bytes)
  return bytes
}
function int32(value: bigint): Buffer {
  return written(4, (bytes) => bytes.writeInt32BE(Number(value)))
}
function int64(value: bigint): Buffer {
  return written(8, (bytes) => bytes.writeBigInt64BE(value))
}

/** Four digits of base 10000, without a fraction. */
function numeric(value: bigint): Buffer {
  return written(16, (bytes) => {
    bytes.writeInt16BE(4, 0)
    bytes.writeInt16BE(3, 2)
    let left = value
    for (let at = 14; at >= 8; at -= 2) {
      bytes.writeInt16BE(Number(left % 10_000n), at)
      left /= 10_000n
    }
  })
}
