import type { Random } from './random.ts'

interface Range {
  readonly network: string
  readonly prefix: string
  /** Of a whole number. */
  readonly length: number
}

/** Leading digits of the card networks' published test numbers. */
const ranges: readonly [Range, ...Range[]] = [
  { network: 'visa', prefix: '424242', length: 16 },
  { network: 'visa', prefix: '411111', length: 16 },
  { network: 'visa', prefix: '401288', length: 16 },
  { network: 'mastercard', prefix: '555555', length: 16 },
  { network: 'mastercard', prefix: '510510', length: 16 },
  { network: 'mastercard', prefix: '222300', length: 16 },
  { network: 'amex', prefix: '378282', length: 15 },
  { network: 'amex', prefix: '371449', length: 15 },
  { network: 'discover', prefix: '601111', length: 16 },
  { network: 'jcb', prefix: '353011', length: 16 },
]

export interface TestCard {
  readonly network: string
  readonly number: string
}

/** A card number that passes the Luhn check and belongs to nobody. The same `index` never gives the same number twice. */
export function testCard(index: number, random: Random): TestCard {
  const { network, prefix, length } = random.pick(ranges)
  // An affine walk over the account digits: scattered, and different for each index.
  const digits = length - prefix.length - 1
  const account = (index * 7_368_787 + 1_299_709) % 10 ** digits
  const body = prefix + String(account).padStart(digits, '0')
  return { network, number: body + luhnDigit(body) }
}

/** The check digit of ISO/IEC 7812-1 for the digits before it. */
export function luhnDigit(body: string): string {
  let sum = 0
  for (let i = 0; i < body.length; i++) {
    const digit = Number(body[body.length - 1 - i])
    const doubled = i % 2 === 0 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return String((10 - (sum % 10)) % 10)
}
