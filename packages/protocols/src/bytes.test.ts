import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Pieces } from './bytes.ts'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Bytes of memory that are in use. */
function used(): number {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

describe('pieces', () => {
  test('are one in the end, whatever their lengths', () => {
    const lengths = fc.array(fc.oneof(fc.nat(40), fc.integer({ min: 900, max: 20_000 })), { maxLength: 40 })
    fc.assert(
      fc.property(lengths, fc.uint8Array({ maxLength: 3 }), (each, before) => {
        const pieces = new Pieces()
        const all = each.map((length, i) => Buffer.alloc(length, i))
        for (const piece of all) pieces.push(piece)
        expect(pieces.length).toBe(all.reduce((sum, { length }) => sum + length, 0))
        expect(pieces.take(Buffer.from(before))).toEqual(Buffer.concat([before, ...all]))
        expect(pieces.length).toBe(0)
        expect(pieces.take()).toEqual(Buffer.alloc(0))
      }),
    )
  })

  test('a single one is handed out as it came', () => {
    const pieces = new Pieces()
    const piece = Buffer.from('x')
    pieces.push(Buffer.alloc(0))
    pieces.push(piece)
    expect(pieces.take()).toBe(piece)
  })

  test('what was taken is not written to again', () => {
    const pieces = new Pieces()
    for (const letter of 'abc') pieces.push(Buffer.from(letter))
    const taken = pieces.take()
    for (const letter of 'xyz') pieces.push(Buffer.from(letter))
    expect(taken.toString()).toBe('abc')
    expect(pieces.take().toString()).toBe('xyz')
  })

  test('of one byte each take up about as much as their length', () => {
    const pieces = new Pieces()
    const count = 500_000
    const before = used()
    for (let i = 0; i < count; i++) pieces.push(Buffer.of(i & 0xff))
    // By themselves they would take up more than 100 bytes each.
    expect(used() - before).toBeLessThan(20 * count)
    expect(pieces.take().length).toBe(count)
  })
})
