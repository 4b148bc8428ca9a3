import fc from 'fast-check'
import { expect, test } from 'vitest'
import { grouped, lengthOf } from './pieces.ts'

test('groups hold all bytes in order, none too many, and only the last is not full', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.nat(20_000).map((length) => Buffer.alloc(length, length)),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 9000 }), (pieces, most) => {
      const groups = [...grouped(pieces, most)]
      expect(Buffer.concat(groups.flat()).equals(Buffer.concat(pieces))).toBe(true)
      for (const group of groups.slice(0, -1)) expect(lengthOf(group)).toBe(most)
      for (const group of groups) expect(lengthOf(group)).toBeGreaterThan(0)
      expect(lengthOf(groups.at(-1) ?? [])).toBeLessThanOrEqual(most)
    }),
  )
})

test('large pieces are not copied, small ones are put together', () => {
  const large = [Buffer.alloc(10_000), Buffer.alloc(9000)]
  expect([...grouped(large, 100_000)][0]?.map(({ buffer }) => buffer)).toEqual(large.map(({ buffer }) => buffer))
  expect([...grouped([Buffer.from('a'), Buffer.from('b'), Buffer.from('')], 100)]).toEqual([[Buffer.from('ab')]])
  expect([...grouped([Buffer.alloc(0)], 100)]).toEqual([])
})
