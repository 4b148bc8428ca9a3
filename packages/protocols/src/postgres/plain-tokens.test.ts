import fc from 'fast-check'
import { fingerprintSync, scanSync } from 'libpg-query'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadParser, parse } from './parser.ts'
import { plainTokens } from './plain-tokens.ts'

beforeAll(loadParser)

const words = fc.constantFrom(
  'select',
  'a',
  'from',
  'E',
  'U',
  'n',
  'x',
  'b',
  'and',
  'in',
  'values',
  'insert',
  'into',
  'e5',
  '_1',
  'interval',
  'date',
)
const marks = fc.constantFrom(...'()[],;:=<>*+/.-%|!~@$"\\', '--', '/*', '*/', '::', '<->', '||', '||', '|', '&', '$1', '$$')
const quotedNames = fc.constantFrom(
  '"a"',
  '"A b"',
  '"it\'s"',
  '"a"".b"',
  '""',
  '"1"',
  '"a\nb"',
  '"\\x"',
  '"é"',
  `"${'n'.repeat(70)}"`,
)
const numbers = fc.oneof(
  fc.nat().map(String),
  fc.constantFrom('0x1f', '1_000', '1.5', '.5', '1.', '0.25', '1e9', '99999999999999999999'),
)
const texts = fc
  .oneof(fc.string({ maxLength: 6 }), fc.constantFrom('it', "o''clock", 'é', '\n', '\\x'))
  .map((content) => `'${content}'`)
const spaces = fc.constantFrom('', '', ' ', '\n', '\t ', ' \n ')
const anything = fc
  .array(fc.tuple(fc.oneof(words, marks, numbers, texts, quotedNames), spaces), { maxLength: 14 })
  .map((pieces) => pieces.flat().join(''))

/** FCONST SCONST USCONST BCONST XCONST ICONST, and the signs. */
const constants = [260, 261, 262, 263, 264, 266]
const numeric = [260, 266]
/** IDENT UIDENT, which may be quoted. */
const names = [258, 259]

/** What PostgreSQL's scanner finds; null where it finds no tokens at all. */
function scanned(text: string) {
  let sign: number | null = null
  const found = []
  try {
    const { tokens } = scanSync(text)
    for (const { start, end, tokenType, text: token } of tokens) {
      if (constants.includes(tokenType))
        found.push({ start, end, kind: 'constant', sign: numeric.includes(tokenType) ? sign : null })
      if (names.includes(tokenType) && token.includes('"')) found.push({ start, end, kind: 'name', sign: null })
      sign = tokenType === 43 || tokenType === 45 ? start : null
    }
  } catch {
    return null
  }
  return found
}

describe('a text is read as the scanner reads it, or not at all', () => {
  test('any', () => {
    let read = 0
    fc.assert(
      fc.property(anything, (text) => {
        const plain = plainTokens(text)
        if (plain === null) return
        const truth = scanned(text)
        if (truth === null) return
        read++
        expect(plain.constants).toEqual(truth)
      }),
      { numRuns: 20_000 },
    )
    expect(read).toBeGreaterThan(500)
  })

  test.each([
    ["select 'a'\n'b'", null],
    ["select E'a'", null],
    ["select 'a''b'", null],
    ["select 'a\\'", null],
    ['select 1.5, 1', [7, 12]],
    ['select 1.', null],
    ['select 1..5', null],
    ['select 1.5.5', null],
    ['select 1.5e5', null],
    ['select 1e5', null],
    ['select .5', null],
    ['select "a" = 1', [7, 13]],
    ['select "a"".b" = 1', null],
    ['select U&"a"', null],
    ['select "a" || \'x\'', [7, 14]],
    ['select 1 ||-1', null],
    ['select $1', null],
    ['select 1 -- one', null],
    ['select /* one */ 1', null],
    ["select 'é'", null],
    ['select a1, _2 from t3', []],
    ['select -1, a - 2', [8, 15]],
  ])('%s', (text, starts) => {
    const plain = plainTokens(text)
    expect(plain === null ? null : plain.constants.map(({ start }) => start)).toEqual(starts)
  })
})

test('texts of one skeleton have one fingerprint', () => {
  const value = fc.oneof(
    fc.bigInt({ min: 0n, max: 10n ** 25n }).map(String),
    fc.stringMatching(/^[0-9]{1,3}\.[0-9]{1,12}$/),
    fc.stringMatching(/^[a-z ]{0,9}$/).map((text) => `'${text}'`),
  )
  const frame = fc.constantFrom(
    'select a from t where b = ? and c in (?, ?)',
    'insert into t values (?, -?), (?, ?)',
    'update t set a = ? where b < ? or c like ? limit 1',
    'select ?::int, f(?, -?) order by 1, ?',
    'set a = ?',
    'select interval ?, date ?',
    'select "a" || ?, ? as "b" from "T" where "T"."c d" = ?',
  )
  const skeletons = new Map<string, string>()
  fc.assert(
    fc.property(frame, fc.array(value, { minLength: 4, maxLength: 4 }), (pattern, values) => {
      let n = 0
      const text = pattern.replaceAll('?', () => values[n++] ?? '0')
      const skeleton = plainTokens(text)?.skeleton
      if (skeleton === undefined) return
      try {
        parse(text)
      } catch {
        return
      }
      const fingerprint = fingerprintSync(text)
      expect(skeletons.get(skeleton) ?? fingerprint).toBe(fingerprint)
      skeletons.set(skeleton, fingerprint)
    }),
    { numRuns: 2000 },
  )
  expect(skeletons.size).toBeGreaterThan(20)
})
