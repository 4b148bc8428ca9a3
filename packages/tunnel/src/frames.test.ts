import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeFrames, encodeFrame, type Frame, maxCredit, maxMessageBytes, ProtocolViolation } from './frames.ts'

function decode(message: Buffer): Frame[] {
  const frames: Frame[] = []
  decodeFrames(message, (frame) => frames.push(frame))
  return frames
}

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const token = bytes('00 01 02 03 04 05 06 07')

const vectors: [Frame, string][] = [
  [
    { type: 'open', stream: 1, header: { session: 's' }, bytes: Buffer.from('hi') },
    '01000000 00000001 00000013 000f 7b2273657373696f6e223a2273227d 6869',
  ],
  [{ type: 'data', stream: 0x01020304, bytes: Buffer.from('abc') }, '02000000 01020304 00000003 616263'],
  [{ type: 'credit', stream: 3, credit: 131_072 }, '03000000 00000003 00000004 00020000'],
  [{ type: 'fin', stream: 0xffffffff }, '04000000 ffffffff 00000000'],
  [{ type: 'reset', stream: 5, code: 2, words: 'né' }, '05000000 00000005 00000005 0002 6ec3a9'],
  [{ type: 'ping', token }, '06000000 00000000 00000008 0001020304050607'],
  [{ type: 'pong', token }, '07000000 00000000 00000008 0001020304050607'],
  [{ type: 'goaway', words: 'bye' }, '08000000 00000000 00000003 627965'],
]

describe.each(vectors)('$type', (frame, hex) => {
  test('is written and read as in the table', () => {
    expect(encodeFrame(frame)).toEqual(bytes(hex))
    expect(decode(bytes(hex))).toEqual([frame])
  })

  test('is refused when cut off anywhere', () => {
    const whole = bytes(hex)
    for (let length = 0; length < whole.length; length++) {
      expect(() => decode(whole.subarray(0, length)), `${length} bytes`).toThrow(ProtocolViolation)
    }
  })

  test('is refused with any flag or reserved bit', () => {
    for (let bit = 0; bit < 24; bit++) {
      const message = bytes(hex)
      const at = 1 + (bit >> 3)
      message[at] = message[at]! | (1 << (bit & 7))
      expect(() => decode(message)).toThrow('flags or reserved')
    }
  })

  test('is refused on a stream where it belongs to the tunnel, and without one where it does not', () => {
    const message = bytes(hex)
    message.writeUInt32BE('stream' in frame ? 0 : 1, 4)
    expect(() => decode(message)).toThrow(/without a stream|on a stream/)
  })
})

test('a message holds several frames; what follows them must be one too', () => {
  const all = Buffer.concat(vectors.map(([frame]) => encodeFrame(frame)))
  expect(decode(all)).toEqual(vectors.map(([frame]) => frame))
  expect(() => decode(Buffer.concat([all, Buffer.from([0])]))).toThrow('cut off')
})

test.each([
  ['an empty message', ''],
  ['type 0', '00000000 00000001 00000000'],
  ['RESUME, which is reserved', '09000000 00000000 00000000'],
  ['ACK, which is reserved', '0a000000 00000000 00000000'],
  ['a length beyond the limit', '02000000 00000001 00040001'],
  ['OPEN without a header', '01000000 00000001 00000000'],
  ['OPEN whose header is longer than the frame', '01000000 00000001 00000003 0002 7b'],
  ['OPEN whose header is not JSON', '01000000 00000001 00000003 0001 7b'],
  ['OPEN whose header lacks the session', '01000000 00000001 00000004 0002 7b7d'],
  ['OPEN whose header is not UTF-8', '01000000 00000001 00000005 0003 22ff22'],
  ['DATA without bytes', '02000000 00000001 00000000'],
  ['CREDIT of nothing', '03000000 00000001 00000004 00000000'],
  ['CREDIT beyond the limit', '03000000 00000001 00000004 80000000'],
  ['CREDIT of five bytes', '03000000 00000001 00000005 0000000001'],
  ['FIN with bytes', '04000000 00000001 00000001 00'],
  ['RESET without a code', '05000000 00000001 00000001 00'],
  ['RESET whose words are not UTF-8', '05000000 00000001 00000003 0001 ff'],
  ['PING of seven bytes', '06000000 00000000 00000007 00010203040506'],
  ['GOAWAY whose words are too long', `08000000 00000000 00000401 ${'61'.repeat(1025)}`],
])('%s is refused', (_, hex) => {
  expect(() => decode(bytes(hex))).toThrow(ProtocolViolation)
})

test('a stream header longer than its limit is neither written nor read', () => {
  const header = { session: 's'.repeat(4096) }
  expect(() => encodeFrame({ type: 'open', stream: 1, header, bytes: Buffer.alloc(0) })).toThrow(RangeError)
  const json = Buffer.from(JSON.stringify(header))
  const message = Buffer.concat([bytes('01000000 00000001 00001010 100e'), json])
  expect(() => decode(message)).toThrow('an OPEN header of 4110 bytes')
})

test('a message longer than its limit is refused unread', () => {
  expect(() => decode(Buffer.alloc(maxMessageBytes + 1))).toThrow('a message of')
})

test('words that are too long are cut at a whole character', () => {
  const [frame] = decode(encodeFrame({ type: 'goaway', words: 'é'.repeat(1000) }))
  expect(frame).toEqual({ type: 'goaway', words: 'é'.repeat(512) })
})

const stream = fc.integer({ min: 1, max: 2 ** 32 - 1 })
const words = fc.string({ unit: 'binary', maxLength: 200 })
const payload = (minLength: number) => fc.uint8Array({ minLength, maxLength: 500 }).map((array) => Buffer.from(array))
const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    type: fc.constant('open' as const),
    stream,
    header: fc.record({ session: fc.string({ unit: 'binary', maxLength: 100 }) }),
    bytes: payload(0),
  }),
  fc.record({ type: fc.constant('data' as const), stream, bytes: payload(1) }),
  fc.record({ type: fc.constant('credit' as const), stream, credit: fc.integer({ min: 1, max: maxCredit }) }),
  fc.record({ type: fc.constant('fin' as const), stream }),
  fc.record({ type: fc.constant('reset' as const), stream, code: fc.integer({ min: 0, max: 0xffff }), words }),
  fc.record({
    type: fc.constantFrom('ping' as const, 'pong' as const),
    token: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((array) => Buffer.from(array)),
  }),
  fc.record({ type: fc.constant('goaway' as const), words }),
)

test('any frames come back as they were', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 20 }), (frames) => {
      expect(decode(Buffer.concat(frames.map(encodeFrame)))).toEqual(frames)
    }),
  )
})

test('garbage is refused in words, or read as what it says: never anything else', () => {
  const changed = fc
    .tuple(
      fc.array(anyFrame, { minLength: 1, maxLength: 5 }),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
    )
    .map(([frames, changes]) => {
      const message = Buffer.concat(frames.map(encodeFrame))
      for (const [at, value] of changes) message[at % message.length] = value
      return message
    })
  const noise = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
  fc.assert(
    fc.property(fc.oneof(changed, noise), (message) => {
      let frames: Frame[]
      try {
        frames = decode(message)
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolViolation)
        return
      }
      expect(decode(Buffer.concat(frames.map(encodeFrame)))).toEqual(frames)
    }),
    { numRuns: 2000 },
  )
})
