import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteReader, ByteWriter, ProtocolViolation } from '../bytes.ts'
import { MessageReader, maxBackendMessage, maxFrontendMessage } from './codec.ts'
import { backendCodecs, type Codec, frontendCodecs, packetCodecs } from './codecs.fixture.ts'
import { type ColumnAction, rewriteRow } from './results.ts'

const codecs: readonly (readonly [string, Codec, number])[] = [
  ...Object.entries(frontendCodecs).map(([name, codec]) => [`${name} (F)`, codec, 5] as const),
  ...Object.entries(backendCodecs).map(([name, codec]) => [`${name} (B)`, codec, 5] as const),
  ...Object.entries(packetCodecs).map(([name, codec]) => [name, codec, codec.code === null ? 4 : 8] as const),
]

describe('what is written is read again, and written the same', () => {
  for (const [name, { any, read, write }, head] of codecs) {
    test(name, () => {
      fc.assert(
        fc.property(any, (message) => {
          const bytes = write(message)
          const body = new ByteReader(bytes, head)
          const found = read(body)
          expect(found).toEqual(message)
          expect(body.remaining).toBe(0)
          expect(write(found)).toEqual(bytes)
        }),
      )
    })
  }
})

/** What becomes of a body: a message, whole, or a violation. Anything else fails. */
function read(codec: Codec, body: Buffer): void {
  const reader = new ByteReader(body)
  try {
    codec.read(reader)
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolViolation)
    return
  }
  expect(reader.remaining).toBe(0)
}

/** Numbers that stand where a length or a count may. */
const extremes = [0, 1, 2, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff]
const flip = fc.record({ at: fc.nat(), value: fc.constantFrom(...extremes), width: fc.constantFrom(1, 2, 4) })
type Flip = typeof flip extends fc.Arbitrary<infer T> ? T : never
/** The bytes with a number written over them somewhere. */
function flipped(bytes: Buffer, { at, value, width }: Flip): Buffer {
  const copy = Buffer.from(bytes)
  if (copy.length < width) return copy
  copy.writeUIntBE(value % 2 ** (8 * width), at % (copy.length - width + 1), width)
  return copy
}

describe('a message that is cut short, grown, or has other numbers in it is a violation or another message', () => {
  for (const [name, codec, head] of codecs) {
    test(name, () => {
      fc.assert(
        fc.property(codec.any, fc.nat(), fc.uint8Array({ maxLength: 8 }), flip, (message, at, more, change) => {
          const body = codec.write(message).subarray(head)
          read(codec, body.subarray(0, at % (body.length + 1)))
          read(codec, Buffer.concat([body, more]))
          read(codec, flipped(body, change))
          read(codec, Buffer.from(more))
        }),
      )
    })
  }
})

describe('a stream of messages with other numbers in it', () => {
  const stream = fc.array(fc.oneof(...Object.values(frontendCodecs).map(({ any, write }) => any.map((each) => write(each)))), {
    maxLength: 6,
  })
  test('is cut into messages, or is a violation, or waits for more', () => {
    fc.assert(
      fc.property(stream, flip, fc.array(fc.nat(), { maxLength: 5 }), (messages, change, cuts) => {
        const bytes = flipped(Buffer.concat(messages), change)
        const places = [0, ...cuts.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
        const cut = (pieces: readonly Buffer[]): unknown => {
          const reader = new MessageReader(10_000)
          const found: Buffer[] = []
          try {
            for (const piece of pieces) {
              reader.push(piece)
              while (reader.next()) found.push(Buffer.from(reader.message))
            }
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolViolation)
            return { found, ends: 'in a violation' }
          }
          expect(Buffer.concat([...found, Buffer.from(reader.takeRest())])).toEqual(bytes)
          return { found, ends: 'well' }
        }
        expect(cut(places.slice(1).map((end, i) => bytes.subarray(places[i], end)))).toEqual(cut([bytes]))
      }),
      { numRuns: 500 },
    )
  })
})

describe('a row that is rewritten', () => {
  const action: fc.Arbitrary<ColumnAction> = fc.constantFrom(
    { kind: 'pass' },
    { kind: 'mask', rule: 'Mask/x', rewrite: () => Buffer.from('(hidden)') },
    { kind: 'mask', rule: 'Mask/x', rewrite: () => null },
  )
  const row = backendCodecs.DataRow
  test('is a row with the same columns, or a violation', () => {
    if (row === undefined) throw new Error('no DataRow')
    fc.assert(
      fc.property(row.any, fc.array(action, { maxLength: 9 }), flip, fc.boolean(), (values, actions, change, damaged) => {
        const body = row.write(values).subarray(5)
        const bytes = damaged ? flipped(body, change) : body
        let columns: unknown
        try {
          const rewritten = rewriteRow(actions, bytes, 0, bytes.length, () => undefined)
          columns = row.read(rewritten === null ? new ByteReader(bytes) : new ByteReader(rewritten, 5))
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation)
          return
        }
        const original = row.read(new ByteReader(bytes))
        if (!Array.isArray(original)) throw new Error('not a row')
        const expected = original.map((value, i) => {
          const action = actions[i] ?? { kind: 'pass' }
          return value !== null && action.kind === 'mask' ? action.rewrite(Buffer.from(value)) : value
        })
        expect(columns).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('no memory is taken for what a message only says that it has', () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  /** Bytes that `work` takes and holds, or took at once. */
  function taken(work: () => unknown): number {
    collect()
    const before = process.memoryUsage()
    const held = work()
    const after = process.memoryUsage()
    expect(held).toBeDefined()
    return after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
  }
  for (const [who, limit] of [
    ['a caller', maxFrontendMessage],
    ['a backend', maxBackendMessage],
  ] as const) {
    test(`a thousand heads from ${who} of the largest message that there may be`, () => {
      const head = new ByteWriter().uint8(0x51).uint32(limit).take()
      const readers = (): MessageReader[] =>
        Array.from({ length: 1000 }, () => {
          const reader = new MessageReader(limit)
          reader.push(Buffer.from(head))
          expect(reader.next()).toBe(false)
          return reader
        })
      expect(taken(readers)).toBeLessThan(10_000_000)
    })
  }
  for (const [name, codec] of codecs) {
    test(`${name} of 40 bytes, whatever counts stand in them`, () => {
      const bodies = [0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff].flatMap((value) =>
        ([2, 4] as const).flatMap((width) =>
          Array.from({ length: 36 }, (_, at) => flipped(Buffer.alloc(40), { at, value, width })),
        ),
      )
      const work = (): number => {
        let messages = 0
        for (const body of bodies) {
          try {
            codec.read(new ByteReader(body))
            messages++
          } catch {
            // Most are none.
          }
        }
        return messages
      }
      expect(taken(work)).toBeLessThan(30_000_000)
    })
  }
})
