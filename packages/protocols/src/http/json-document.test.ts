import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BodyError } from './body-rewriter.ts'
import { readJson } from './json-document.ts'

function withoutBigints(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(withoutBigints)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutBigints(member)]))
}

const read = (text: string) => readJson(Buffer.from(text))

describe('a JSON document', () => {
  test('is what JSON.parse makes of it, and each scalar is where it says', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('', ' ', '\r\n\t'), (json, space) => {
        const text = `${space}${json}${space}`
        const { value, scalars, duplicate } = read(text)
        expect(withoutBigints(value)).toEqual(JSON.parse(text))
        expect(duplicate).toBeNull()
        for (const { start, end, path, value: scalar } of scalars) {
          expect(JSON.parse(text.slice(start, end))).toBe(withoutBigints(scalar))
          expect(path.reduce<unknown>((inner, step) => (inner as Record<string | number, unknown>)[step], value)).toBe(scalar)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('counts in UTF-16 units, and decodes names', () => {
    const text = '{"é😀": ["€", {"\\u0064ata": "x"}], "last": null}'
    const places = read(text).scalars.map(({ start, end, path }) => [text.slice(start, end), path])
    expect(places).toEqual([
      ['"€"', ['é😀', 0]],
      ['"x"', ['é😀', 1, 'data']],
      ['null', ['last']],
    ])
  })

  test.each([
    ['9007199254740993', 9007199254740993n],
    ['-9223372036854775808', -9223372036854775808n],
    ['18446744073709551615', 18446744073709551615n],
    ['18446744073709551616', 18446744073709552000],
    ['9007199254740992', 9007199254740992n],
    ['9007199254740991', 9007199254740991],
    ['1e3', 1000],
    ['-0', -0],
  ])('%s is worth %s', (text, value) => expect(read(text).value).toBe(value))

  test('has __proto__ as a member of its own', () => {
    const value = read('{"__proto__": {"admin": true}}').value as object
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect('admin' in value).toBe(false)
  })

  test.each([
    ['{"a": 1, "a": 2}', ['a']],
    ['{"a": 1, "\\u0061": 2}', ['a']],
    ['[0, {"b": {"c": 1, "d": [], "c": {}}, "b": 1}]', [1, 'b', 'c']],
    ['{"__proto__": 1, "__proto__": 1}', ['__proto__']],
    ['[{"a": 1}, {"a": 1}]', null],
    ['{"a": {"a": 1}}', null],
    ['{"a": 1, "A": 2}', null],
  ])('%s: the first double is %j', (text, path) => expect(read(text).duplicate).toEqual(path))

  test.each([
    ['too many values', `[${'1,'.repeat(200_000)}1]`],
    ['too deep to look at each', `${'['.repeat(200)}${'1,'.repeat(20_000)}1${']'.repeat(200)}`],
    ['a number that programs read differently', '1e400'],
    ['half a surrogate pair', '["\\ud83d"]'],
    ['a name with half of one', '{"\\ude00": 1}'],
    ['two documents', '{} {}'],
    ['nothing', ''],
  ])('does not read %s', (_, text) => expect(() => read(text)).toThrow(BodyError))
})
