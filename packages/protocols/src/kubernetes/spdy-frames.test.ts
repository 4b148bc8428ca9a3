import { constants, deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ProtocolViolation } from '../bytes.ts'
import { spdyDictionary } from './spdy-dictionary.ts'
import { maxSpdyData, SpdyDecoder, SpdyEncoder, type SpdyFrame } from './spdy-frames.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

function decode(chunks: readonly Buffer[]): SpdyFrame[] {
  const decoder = new SpdyDecoder()
  const frames: SpdyFrame[] = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (let frame = decoder.next(); frame !== null; frame = decoder.next()) frames.push(frame)
  }
  return frames
}

/** The figures of SPDY/3.1, sections 2.2 and 2.6, filled in. */
const examples: [string, string, SpdyFrame][] = [
  ['data', '00000001 01 000003 616263', { type: 'data', stream: 1, fin: true, bytes: Buffer.from('abc') }],
  ['data of nothing', '00000005 00 000000', { type: 'data', stream: 5, fin: false, bytes: Buffer.alloc(0) }],
  ['RST_STREAM', '80030003 00 000008 00000007 00000003', { type: 'rstStream', stream: 7, status: 3 }],
  [
    'SETTINGS',
    '80030004 01 00000c 00000001 02 000007 00010000',
    { type: 'settings', clear: true, settings: [{ flags: 2, id: 7, value: 65_536 }] },
  ],
  ['PING', '80030006 00 000004 00000001', { type: 'ping', id: 1 }],
  ['GOAWAY', '80030007 00 000008 00000009 00000001', { type: 'goAway', lastStream: 9, status: 1 }],
  ['WINDOW_UPDATE', '80030009 00 000008 00000000 7fffffff', { type: 'windowUpdate', stream: 0, delta: 0x7fffffff }],
]

test.each(examples)('reads and writes %s, also byte by byte', (_name, bytes, frame) => {
  expect(decode([hex(bytes)])).toEqual([frame])
  expect(decode([...hex(bytes)].map((byte) => Buffer.from([byte])))).toEqual([frame])
  expect(new SpdyEncoder().write(frame)).toEqual(hex(bytes))
})

/** A whole SYN_STREAM with these header bytes, deflated as by a peer. */
function opening(plain: Buffer, options: { dictionary?: Buffer; flush?: number } = {}): Buffer {
  const { dictionary = spdyDictionary, flush = constants.Z_SYNC_FLUSH } = options
  const block = deflateSync(plain, { dictionary, level: 9, finishFlush: flush })
  const head = hex('80030001 00 000000 00000001 00000000 2000')
  head.writeUIntBE(10 + block.length, 5, 3)
  return Buffer.concat([head, block])
}
const header = (name: string, value: string): Buffer => {
  const counted = (text: string): Buffer[] => [
    Buffer.from([0, 0, text.length >> 8, text.length & 0xff]),
    Buffer.from(text, 'latin1'),
  ]
  return Buffer.concat([...counted(name), ...counted(value)])
}

test('reads a header block as others deflate it', () => {
  const plain = Buffer.concat([hex('00000002'), header('streamtype', 'error'), header('port', '5432')])
  const headers = new Map([
    ['streamtype', 'error'],
    ['port', '5432'],
  ])
  const stream = { type: 'synStream', stream: 1, associated: 0, priority: 1, fin: false, unidirectional: false, headers }
  expect(decode([opening(plain)])).toEqual([stream])
})

const wrong: [string, Buffer][] = [
  ['another version', hex('80020006 00 000004 00000001')],
  ['CREDENTIAL, which 3.1 has not', hex('8003000a 00 000000')],
  ['an unknown type', hex('80030005 00 000000')],
  ['a control frame beyond the limit', hex('80030001 00 020000')],
  ['flags on PING', hex('80030006 01 000004 00000001')],
  ['unknown flags on data', hex('00000001 03 000000')],
  ['data on stream 0', hex('00000000 00 000000')],
  ['a reset without its reason', hex('80030003 00 000008 00000001 00000000')],
  ['a short PING', hex('80030006 00 000003 000000')],
  ['a long PING', hex('80030006 00 000005 0000000100')],
  ['a count of settings that is not theirs', hex('80030004 00 000004 00000001')],
  ['a window update of nothing', hex('80030009 00 000008 00000001 00000000')],
  ['headers with another dictionary', opening(hex('00000000'), { dictionary: Buffer.from('nothing') })],
  ['headers that are not flushed', opening(hex('00000000'), { flush: constants.Z_FINISH })],
  ['no header block', hex('80030001 00 00000a 00000001 00000000 0000')],
  ['headers that end too early', opening(hex('00000001'))],
  ['bytes behind the headers', opening(hex('00000000 00'))],
  ['a header twice', opening(Buffer.concat([hex('00000002'), header('a', '1'), header('a', '2')]))],
  ['an upper-case header', opening(Buffer.concat([hex('00000001'), header('A', '1')]))],
  ['a header without a name', opening(Buffer.concat([hex('00000001'), header('', '1')]))],
  ['more headers than anyone has', opening(hex('00000065'))],
  ['headers that inflate to more than the limit', opening(Buffer.concat([hex('00000000'), Buffer.alloc(70_000)]))],
]

test.each(wrong)('refuses %s', (_name, bytes) => {
  expect(() => decode([bytes])).toThrow(ProtocolViolation)
  expect(() => decode([...bytes].map((byte) => Buffer.from([byte])))).toThrow(ProtocolViolation)
})

test('gives a long data frame in pieces, the last of which ends the stream', () => {
  const payload = Buffer.alloc(2 * maxSpdyData + 5, 'x')
  const frames = decode([new SpdyEncoder().write({ type: 'data', stream: 1, fin: true, bytes: payload })])
  expect(frames.map((frame) => frame.type === 'data' && [frame.bytes.length, frame.fin])).toEqual([
    [maxSpdyData, false],
    [maxSpdyData, false],
    [5, true],
  ])
})

const id = fc.integer({ min: 1, max: 0x7fffffff })
const word = fc.integer({ min: 0, max: 0xffffffff })
const headers = fc
  .array(fc.tuple(fc.stringMatching(/^[a-z-]{1,12}$/), fc.string({ maxLength: 30, unit: 'grapheme-ascii' })), { maxLength: 5 })
  .map((entries) => new Map(entries))
const anyFrame: fc.Arbitrary<SpdyFrame> = fc.oneof(
  fc.record({
    type: fc.constant('data' as const),
    stream: id,
    fin: fc.boolean(),
    bytes: fc.uint8Array({ maxLength: 90 }).map(Buffer.from),
  }),
  fc.record({
    ...{ type: fc.constant('synStream' as const), stream: id, associated: fc.nat({ max: 0x7fffffff }), headers },
    ...{ priority: fc.nat({ max: 7 }), fin: fc.boolean(), unidirectional: fc.boolean() },
  }),
  fc.record({ type: fc.constantFrom('synReply' as const), stream: id, fin: fc.boolean(), headers }),
  fc.record({ type: fc.constantFrom('headers' as const), stream: id, fin: fc.boolean(), headers }),
  fc.record({ type: fc.constant('rstStream' as const), stream: id, status: word.filter((status) => status > 0) }),
  fc.record({
    ...{ type: fc.constant('settings' as const), clear: fc.boolean() },
    settings: fc.array(fc.record({ flags: fc.nat({ max: 255 }), id: fc.nat({ max: 0xffffff }), value: word }), { maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('ping' as const), id: word }),
  fc.record({ type: fc.constant('goAway' as const), lastStream: fc.nat({ max: 0x7fffffff }), status: word }),
  fc.record({ type: fc.constant('windowUpdate' as const), stream: fc.nat({ max: 0x7fffffff }), delta: id }),
)
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => Math.min(place, bytes.length)))].toSorted((a, b) => a - b)
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length))
}
const cuts = fc.array(fc.nat({ max: 500 }), { maxLength: 12 })

test('what is written is read, in any cut', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 8 }), cuts, (frames, places) => {
      const encoder = new SpdyEncoder()
      const bytes = Buffer.concat(frames.map((frame) => encoder.write(frame)))
      expect(decode(cut(bytes, places))).toEqual(frames)
    }),
  )
})

test('reads any bytes or refuses them', () => {
  const control = fc.tuple(fc.constantFrom(1, 2, 3, 4, 6, 7, 8, 9), fc.uint8Array({ maxLength: 40 })).map(([type, body]) => {
    return Buffer.concat([Buffer.from([0x80, 3, 0, type, 0, 0, 0, body.length]), body])
  })
  const anything = fc.uint8Array({ maxLength: 300 }).map(Buffer.from)
  fc.assert(
    fc.property(fc.oneof(control, anything), cuts, (bytes, places) => {
      try {
        decode(cut(bytes, places))
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolViolation)
      }
    }),
    { numRuns: 500 },
  )
})
