import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Backlog } from './backlog.ts'

function drain(backlog: Backlog): Buffer[] {
  const pieces: Buffer[] = []
  for (let piece = backlog.take(); piece !== undefined; piece = backlog.take()) pieces.push(piece)
  return pieces
}

test('gives back what it was given, in order, however it is taken', () => {
  const step = fc.oneof(
    fc.constant('take' as const),
    fc.integer({ min: 1, max: 40_000 }).map((length) => Buffer.alloc(length, length)),
    fc.integer({ min: 1, max: 50 }).map((length) => Buffer.alloc(length, length)),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const backlog = new Backlog()
      const given: Buffer[] = []
      const taken: Buffer[] = []
      for (const next of steps) {
        if (next !== 'take') {
          backlog.add(next)
          given.push(next)
        } else {
          const piece = backlog.take()
          if (piece !== undefined) taken.push(piece)
        }
      }
      const before = Buffer.concat(taken).length
      expect(backlog.length).toBe(Buffer.concat(given).length - before)
      expect(Buffer.concat([...taken, ...drain(backlog)]).equals(Buffer.concat(given))).toBe(true)
    }),
  )
})

test('a byte of a large message does not keep the message', () => {
  const backlog = new Backlog()
  for (let index = 0; index < 100_000; index++) backlog.add(Buffer.alloc(4 * 1024, index).subarray(0, 1))
  const pieces = drain(backlog)
  const held = new Set(pieces.map((piece) => piece.buffer))
  let heldBytes = 0
  for (const buffer of held) heldBytes += buffer.byteLength
  expect(heldBytes).toBeLessThan(2 * 100_000)
  expect(pieces.length).toBeLessThan(10)
})

test('bytes of its own are kept as they are', () => {
  const backlog = new Backlog()
  const own = Buffer.allocUnsafeSlow(64 * 1024)
  backlog.add(own)
  expect(backlog.take()).toBe(own)
})
