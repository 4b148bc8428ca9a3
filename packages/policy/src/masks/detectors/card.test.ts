import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findCards } from './card.ts'

function found(text: string, start = 0, end = Buffer.byteLength(text)): string[] {
  const bytes = Buffer.from(text)
  const cards: string[] = []
  findCards(bytes, start, end, (from, to) => cards.push(bytes.subarray(from, to).toString()))
  return cards
}

/** The digits with a last one that makes the Luhn sum right. */
function withCheckDigit(digits: string): string {
  for (let last = 0; last < 10; last++) if (luhn(`${digits}${last}`)) return `${digits}${last}`
  throw new Error('no digit fits')
}

function luhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const weighed = Number(digit) * (1 + (index % 2))
    return total + Math.floor(weighed / 10) + (weighed % 10)
  }, 0)
  return sum % 10 === 0
}

const issuers = [
  /^4(\d{12}|\d{15}|\d{18})$/,
  /^5[1-5]\d{14}$/,
  /^(222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}$/,
  /^3[47]\d{13}$/,
  /^(30[0-5]|3095|36|38|39)\d*$/,
  /^35(2[89]|[3-8]\d)\d{12,15}$/,
  /^(50|5[6-9]|6\d)\d{11,17}$/,
]
const shapes = [
  '\\d{13,19}',
  ...[
    '4 3 3 3',
    '4 4 5',
    '4 4 4 2',
    '4 4 4 3',
    '4 4 4 4',
    '4 4 4 4 1',
    '4 4 4 4 2',
    '4 4 4 4 3',
    '4 6 4',
    '4 6 5',
    '6 13',
    '8 8',
  ].map((shape) =>
    shape
      .split(' ')
      .map((length) => `\\d{${length}}`)
      .join('[ -]'),
  ),
].map((shape) => new RegExp(`^${shape}(?!\\d)`))

/** The definition, without a thought for speed. */
function oracle(text: string): string[] {
  const cards: string[] = []
  let at = 0
  while (at < text.length) {
    const rest = text.slice(at)
    const run = /^\d+/.exec(rest)?.[0]
    if (run === undefined) {
      at++
      continue
    }
    const fraction = /\d\.$/.test(text.slice(0, at))
    const card = shapes
      .map((shape) => shape.exec(rest)?.[0] ?? '')
      .filter((match) => isCard(match.replace(/\D/g, '')) && !fraction)
      .sort((a, b) => b.length - a.length)[0]
    if (card !== undefined) cards.push(card)
    at += (card ?? run).length
  }
  return cards
}

function isCard(digits: string): boolean {
  const diners = /^(30[0-5]|3095|36|38|39)/.test(digits)
  return digits.length >= (diners ? 14 : 13) && issuers.some((issuer) => issuer.test(digits)) && luhn(digits)
}

describe('findCards', () => {
  it.each([
    ['Visa', '4111111111111111'],
    ['Visa of 13 digits', '4222222222222'],
    ['Mastercard', '5555555555554444'],
    ['Mastercard, 2-series', '2223003122003222'],
    ['American Express', '378282246310005'],
    ['Discover', '6011111111111117'],
    ['Diners Club', '30569309025904'],
    ['JCB', '3530111333300000'],
    ['UnionPay of 19 digits', withCheckDigit('622588012345678901')],
    ['Maestro', '6759649826438453'],
    ['in groups of four', '4111 1111 1111 1111'],
    ['with hyphens', '4111-1111-1111-1111'],
    ['as American Express prints it', '3782 822463 10005'],
    ['as Diners Club prints it', '3056 930902 5904'],
  ])('finds %s', (_, card) => {
    expect(found(card)).toEqual([card])
    expect(found(`a${card}b`)).toEqual([card])
    expect(found(`"pan": "${card}", "next": 1`)).toEqual([card])
  })

  it.each([
    ['a wrong check digit', '4111111111111112'],
    ['an unknown issuer', withCheckDigit('911111111111111')],
    ['a longer run of digits', '41111111111111110000'],
    ['a digit before', '14111111111111111000'],
    ['two spaces', '4111  1111  1111  1111'],
    ['an unusual grouping', '41 1111 1111 1111 11'],
    ['a fraction', '0.4111111111111111'],
    ['an empty text', ''],
  ])('leaves %s', (_, text) => {
    expect(found(text)).toEqual([])
  })

  it('finds a card among other numbers', () => {
    expect(found('17 4111 1111 1111 1111 2025-01-31')).toEqual(['4111 1111 1111 1111'])
    expect(found('4111111111111111,5555555555554444\t378282246310005')).toHaveLength(3)
    expect(found('1. 4111111111111111')).toEqual(['4111111111111111'])
  })

  it('reads nothing outside of the range: its ends are ends of the text', () => {
    const text = '94111111111111111999'
    expect(found(text, 1, 17)).toEqual(['4111111111111111'])
    expect(found(text, 0, 17)).toEqual([])
    expect(found(text, 1, 500)).toEqual([])
    expect(found(text, 12, 4)).toEqual([])
  })

  it('finds a card wherever it begins', () => {
    for (let before = 0; before < 40; before++) {
      for (const card of ['4111111111111111', '4222222222222', '3782 822463 10005', '4111-1111-1111-1111', '4222-222-222-222']) {
        expect(found(`${'x'.repeat(before)}${card}`)).toEqual([card])
        expect(found(`${'1 '.repeat(before)}${card} 7`)).toEqual([card])
      }
    }
  })

  it('agrees with the definition on any mixture', () => {
    const digits = (min: number, max: number) =>
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max }).map((list) => list.join(''))
    const prefix = fc.constantFrom(
      '4',
      '51',
      '55',
      '2221',
      '2720',
      '2721',
      '34',
      '37',
      '6011',
      '65',
      '300',
      '305',
      '306',
      '36',
      '3528',
      '3589',
      '3590',
      '50',
      '57',
      '62',
      '9',
    )
    const card = fc
      .tuple(prefix, digits(9, 17), fc.boolean())
      .map(([first, rest, valid]) => (valid ? withCheckDigit(first + rest) : first + rest))
    const grouped = fc
      .tuple(
        card,
        fc.constantFrom([4, 4, 4, 4, 3], [4, 6, 5], [4, 3, 3, 3], [6, 13], [8, 8], [4, 4, 5], [5, 5, 5]),
        fc.constantFrom(' ', '-'),
      )
      .map(([number, lengths, separator]) => {
        const groups = lengths.map((length, index) => {
          const at = lengths.slice(0, index).reduce((sum, before) => sum + before, 0)
          return number.slice(at, at + length)
        })
        return groups.filter((group) => group !== '').join(separator)
      })
    const filler = fc.constantFrom(' ', '-', '.', '  ', ' - ', 'x', 'é', '0', '12', '2025', '.5 ', '')
    fc.assert(
      fc.property(fc.array(fc.oneof(card, grouped, filler, digits(1, 8)), { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        expect(found(text)).toEqual(oracle(text))
      }),
      { numRuns: 3000 },
    )
  })
})
