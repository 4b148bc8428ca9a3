/* The grammar of numbers (RFC 8259, section 6) from byte to byte, and what they are worth. */

import { BodyError } from './body-rewriter.ts'

const steps = { minus: 0, zero: 1, integer: 2, point: 3, fraction: 4, exponent: 5, sign: 6, exponentDigits: 7 } as const

const digit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39
const point = 0x2e
const minus = 0x2d
const plus = 0x2b
const isExponent = (byte: number): boolean => byte === 0x65 || byte === 0x45

/** The step behind this byte; -1: the number does not go on with it. */
function follow(step: number, byte: number): number {
  switch (step) {
    case steps.minus:
      return byte === 0x30 ? steps.zero : digit(byte) ? steps.integer : -1
    case steps.zero:
      return byte === point ? steps.point : isExponent(byte) ? steps.exponent : -1
    case steps.integer:
      return digit(byte) ? steps.integer : byte === point ? steps.point : isExponent(byte) ? steps.exponent : -1
    case steps.point:
      return digit(byte) ? steps.fraction : -1
    case steps.fraction:
      return digit(byte) ? steps.fraction : isExponent(byte) ? steps.exponent : -1
    case steps.exponent:
      return digit(byte) ? steps.exponentDigits : byte === plus || byte === minus ? steps.sign : -1
    default:
      return digit(byte) ? steps.exponentDigits : -1
  }
}

const table = Int8Array.from({ length: 8 * 256 }, (_, i) => follow(i >> 8, i & 0xff))

/** The step behind a first byte; -1: no number begins with it. */
export function numberBegin(byte: number): number {
  return byte === minus ? steps.minus : (table[byte] as number)
}

export function numberStep(step: number, byte: number): number {
  return table[(step << 8) | byte] as number
}

/** Whether a number may end behind this step. */
export function numberEnds(step: number): boolean {
  return step === steps.zero || step === steps.integer || step === steps.fraction || step === steps.exponentDigits
}

/**
 * What a number is worth: an integer of 64 bits as it is, a bigint where no double is the same. Throws a BodyError of what is too large for a
 * double, which programs read differently.
 */
export function numberValue(text: string): number | bigint {
  const value = Number(text)
  if (!Number.isFinite(value)) throw new BodyError('a number in the JSON is larger than programs can read alike')
  if (Number.isSafeInteger(value) || text.length > longestInteger || !/^-?[0-9]+$/.test(text)) return value
  const whole = BigInt(text)
  return BigInt.asIntN(64, whole) === whole || BigInt.asUintN(64, whole) === whole ? whole : value
}

const longestInteger = '-9223372036854775808'.length
