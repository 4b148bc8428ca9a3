/** Whole numbers below a bound, the same ones for the same seed: xorshift32 (Marsaglia, 2003). */
export type Random = (below: number) => number

export function seeded(seed: number): Random {
  let state = seed | 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T
}

/** So many characters of an alphabet. */
export function some(random: Random, count: number, alphabet = '0123456789'): string {
  return Array.from({ length: count }, () => alphabet[random(alphabet.length)]).join('')
}

export function two(number: number): string {
  return String(number).padStart(2, '0')
}

/** The weights' sum, digit by digit. */
export function weigh(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * Number(digits[index]), 0)
}

/** With the last digit by which these pass Luhn's test. */
export function withLuhn(digits: string): string {
  const sum = [...digits].toReversed().reduce((total, digit, index) => {
    const doubled = Number(digit) * (index % 2 === 0 ? 2 : 1)
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return `${digits}${(10 - (sum % 10)) % 10}`
}

/** With the last digit by which these pass Verhoeff's test: the sum in the dihedral group of a pentagon, each digit permuted by its place. */
export function withVerhoeff(digits: string): string {
  const passes = (all: string) =>
    [...all].toReversed().reduce((sum, digit, index) => pentagon(sum, permuted(Number(digit), index % 8)), 0) === 0
  return Array.from({ length: 10 }, (_, last) => `${digits}${last}`).find(passes) as string
}

/** Below 5 turns, from 5 on reflections and turns. */
function pentagon(one: number, other: number): number {
  const turn = one < 5 ? one + other : one - other
  return (((turn % 5) + 5) % 5) + (one < 5 === other < 5 ? 0 : 5)
}

function permuted(digit: number, times: number): number {
  return times === 0 ? digit : permuted(Number('1576283094'[digit]), times - 1)
}

/** The rest of a number of any length, its letters as 10 to 35. */
export function rest97(text: string): number {
  return Number(BigInt([...text].map((character) => Number.parseInt(character, 36)).join('')) % 97n)
}
