import type { FieldNode, ValueMask } from '@hoop/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BodyError } from './body-rewriter.ts'
import { cut, mask, nines, run } from './json-masks.fixture.ts'
import { jsonRewriter } from './json-rewriter.ts'

/** Nothing but the places `secret` and `list[1]` at any depth, and all below them. */
const place: FieldNode = {
  mask: null,
  member: (name) => (name.toLowerCase() === 'secret' ? masked : name === 'list' ? list : place),
  element: () => place,
}
const masked: FieldNode = { mask, member: () => null, element: () => null }
const list: FieldNode = { ...place, element: (index) => (index === 1 ? masked : place) }
/** A value, and a text of it with any white space, escapes and doubles of members. */
type Json = null | boolean | number | string | readonly Json[] | { readonly members: readonly (readonly [string, Json])[] }
const letters = fc.array(fc.constantFrom('a', '9999999', '"', '\\', '\n', '\u0000', 'é', '€', '😀', '\ud800', '\u2028', '/'), {
  maxLength: 5,
})
const text = letters.map((parts) => parts.join(''))
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    fc.oneof(text, fc.constant(null), fc.boolean(), fc.constantFrom(0, -0, 1e300, 12, 0.5, 9999999, -99999990, -1.5e-7)),
    fc.array(tie('json') as fc.Arbitrary<Json>, { maxLength: 3 }),
    fc.record({
      members: fc.array(
        fc.tuple(fc.oneof(fc.constantFrom('secret', 'Secret', 'list', '__proto__'), text), tie('json') as fc.Arbitrary<Json>),
        {
          maxLength: 4,
        },
      ),
    }),
  ),
}))

/** Takes one of the spellings of each thing by the next of these numbers. */
function spell(value: Json, next: () => number): string {
  const space = () => ['', '', ' ', '\n', '\t \r\n'][next() % 5]
  const string = (text: string) =>
    `"${[...text].map((letter) => (next() % 3 === 0 || letter < ' ' || '"\\'.includes(letter) || /[\ud800-\udfff]/.test(letter) ? hexed(letter, next) : letter)).join('')}"`
  if (typeof value === 'string') return string(value)
  if (typeof value === 'number')
    return next() % 2 === 0 && value === 12
      ? ['12.0', '1.2E1', '120e-1'][next() % 3]!
      : Object.is(value, -0)
        ? '-0'
        : JSON.stringify(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if ('members' in value)
    return `{${space()}${value.members.map(([name, member]) => `${string(name)}${space()}:${space()}${spell(member, next)}`).join(`${space()},${space()}`)}${space()}}`
  return `[${space()}${value.map((element) => spell(element, next)).join(`${space()},${space()}`)}${space()}]`
}

function hexed(letter: string, next: () => number): string {
  const units = [...Array(letter.length).keys()].map((i) => letter.charCodeAt(i).toString(16).padStart(4, '0'))
  return units.map((hex) => `\\u${next() % 2 === 0 ? hex : hex.toUpperCase()}`).join('')
}

const spelled = fc
  .tuple(json, fc.infiniteStream(fc.nat(1000)))
  .map(([value, numbers]) => ` ${spell(value, () => numbers.next().value ?? 0)}\n`)

/** What JSON.parse makes of the text, masked on the values. */
function reference(value: unknown, node: FieldNode | null, above: ValueMask | null): unknown {
  const here = above ?? node?.mask ?? null
  if (Array.isArray(value)) return value.map((element, i) => reference(element, node?.element(i) ?? null, here))
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).map(([name, member]) => [name, reference(member, node?.member(name) ?? null, here)])
  return here === null || value === null ? value : here.text(typeof value === 'string' ? value : '')
}

/** Of a masked number or boolean only that it is a text of the mask: JSON.parse forgets its spelling. */
function comparable(value: unknown, shown: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(shown)) return value.map((element, i) => comparable(element, shown[i]))
  return typeof value === 'string' && typeof shown === 'string' && value === '<0>' && /^<\d+>$/.test(shown) ? shown : value
}
const entries = (value: unknown): unknown => reference(value, null, null)

const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 })

test('without masks every byte stays, whatever the cuts', () => {
  fc.assert(
    fc.property(spelled, cuts, fc.constantFrom(null, place), fc.boolean(), (text, sizes, root, many) => {
      const plain = text.replaceAll(/secret|list/gi, 'other').replaceAll('9', '8')
      // Only a name that is spelled with escapes can still be one of a masked place.
      fc.pre(root === null || !/\\u00[4-7]/i.test(plain))
      const rewriter = jsonRewriter({ root, detectors: nines, many })
      expect(run(rewriter, cut(Buffer.from(plain), sizes))).toBe(plain)
      expect(rewriter.masked).toEqual({})
    }),
    { numRuns: 500 },
  )
})

test('with masks it says what the values say with theirs masked', () => {
  fc.assert(
    fc.property(spelled, cuts, (text, sizes) => {
      const shown = run(jsonRewriter({ root: place, detectors: null }), cut(Buffer.from(text), sizes))
      const actual = entries(JSON.parse(shown))
      expect(actual).toEqual(comparable(reference(JSON.parse(text), place, null), actual))
    }),
    { numRuns: 500 },
  )
})

test('a secret is in no output, whatever its spelling and the cuts, and the others stay', () => {
  const secret = 'pa"ss\\wörd 😀'
  const below = (value: Json, inner: readonly Json[]): Json => ({
    members: [
      ['other', value],
      ['secret', [...inner, secret]],
      ['Secret', secret],
    ],
  })
  fc.assert(
    fc.property(
      json,
      fc.array(json, { maxLength: 2 }),
      fc.infiniteStream(fc.nat(1000)),
      cuts,
      fc.boolean(),
      (value, inner, numbers, sizes, detecting) => {
        const text = spell(below(value, inner), () => numbers.next().value ?? 0)
        const rewriter = jsonRewriter({ root: place, detectors: detecting ? nines : null })
        const shown = run(rewriter, cut(Buffer.from(text), sizes))
        const parsed = JSON.stringify(JSON.parse(shown))
        expect(parsed).not.toContain(JSON.stringify(secret).slice(1, -1))
        expect(rewriter.masked['Mask/m']).toBeGreaterThan(1)
        if (detecting) expect(parsed).not.toMatch(/(?<!\d)9{7}(?!\d)/)
      },
    ),
    { numRuns: 500 },
  )
})

test('takes what JSON.parse takes, and nothing else', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '1',
    '-',
    '.5',
    'e1',
    '0',
    'true',
    'nul',
    'null',
    ' ',
    '\\',
    '\\u00',
    '1.0',
    '\u0000',
    'é',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), cuts, (parts, sizes) => {
      const text = parts.join('')
      let valid = true
      try {
        JSON.parse(text)
      } catch {
        valid = false
      }
      const read = () => run(jsonRewriter({ root: place, detectors: null }), cut(Buffer.from(text), sizes))
      if (valid) expect(read).not.toThrow()
      else expect(read).toThrow(BodyError)
    }),
    { numRuns: 3000 },
  )
})
