import { zero } from './bytes.ts'

/** The sum of the digits in `[from, to)`, each with its weight; what is no digit is left aside. */
export function weightedSum(bytes: Uint8Array, from: number, to: number, weights: readonly number[]): number {
  let sum = 0
  let index = 0
  for (let at = from; at < to && index < weights.length; at++) {
    const digit = (bytes[at] as number) - zero
    if (digit >= 0 && digit <= 9) sum += digit * (weights[index++] as number)
  }
  return sum
}

/** The number that the digits in `[from, to)` make; what is no digit is left aside. */
export function numberOf(bytes: Uint8Array, from: number, to: number): number {
  let number = 0
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] as number) - zero
    if (digit >= 0 && digit <= 9) number = number * 10 + digit
  }
  return number
}

/** ISO/IEC 7812-1 annex B (Luhn). */
export function passesLuhn(bytes: Uint8Array, from: number, to: number): boolean {
  let sum = 0
  let double = false
  for (let at = to - 1; at >= from; at--) {
    const digit = (bytes[at] as number) - zero
    if (digit < 0 || digit > 9) continue
    if (!double) sum += digit
    else sum += digit > 4 ? digit * 2 - 9 : digit * 2
    double = !double
  }
  return sum % 10 === 0
}

/** ISO/IEC 7064, MOD 11,10. */
export function passesMod11And10(bytes: Uint8Array, from: number, to: number): boolean {
  let product = 10
  let last = 0
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] as number) - zero
    if (digit < 0 || digit > 9) continue
    last = (product + digit) % 10
    product = ((last || 10) * 2) % 11
  }
  return last === 1
}

const dihedral = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
  [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
  [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
  [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
  [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
  [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
  [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
  [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
  [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
] as const
const permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4] as const
const permutations = Array.from({ length: 8 }, (_, times) =>
  dihedral[0].map((digit) => {
    let permuted: number = digit
    for (let i = 0; i < times; i++) permuted = permutation[permuted] as number
    return permuted
  }),
)

/** Verhoeff, Error Detecting Decimal Codes (1969). */
export function passesVerhoeff(bytes: Uint8Array, from: number, to: number): boolean {
  let check = 0
  let index = 0
  for (let at = to - 1; at >= from; at--) {
    const digit = (bytes[at] as number) - zero
    if (digit < 0 || digit > 9) continue
    check = dihedral[check]?.[permutations[index % 8]?.[digit] as number] as number
    index++
  }
  return check === 0
}
