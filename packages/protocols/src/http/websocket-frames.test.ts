import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  maxWebSocketPiece,
  type WebSocketControl,
  WebSocketDecoder,
  WebSocketEncoder,
  type WebSocketPiece,
  WebSocketViolation,
} from './websocket-frames.ts'

type Item = WebSocketPiece | WebSocketControl

function decode(peer: 'client' | 'server', chunks: readonly Buffer[]): Item[] {
  const decoder = new WebSocketDecoder(peer)
  const items: Item[] = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (let item = decoder.next(); item !== null; item = decoder.next()) items.push(item)
  }
  return items
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const piece = (type: 'text' | 'binary', bytes: Buffer | string, first = true, last = true): WebSocketPiece => ({
  ...{ kind: 'piece', type, first, last, bytes: Buffer.from(bytes) },
})

/** RFC 6455, section 5.7. */
const examples: [string, 'client' | 'server', string, Item[]][] = [
  ['an unmasked text', 'server', '81 05 48 65 6c 6c 6f', [piece('text', 'Hello')]],
  ['a masked text', 'client', '81 85 37 fa 21 3d 7f 9f 4d 51 58', [piece('text', 'Hello')]],
  ['fragments', 'server', '01 03 48 65 6c 80 02 6c 6f', [piece('text', 'Hel', true, false), piece('text', 'lo', false)]],
  ['a ping', 'server', '89 05 48 65 6c 6c 6f', [{ kind: 'ping', bytes: Buffer.from('Hello') }]],
  ['a masked pong', 'client', '8a 85 37 fa 21 3d 7f 9f 4d 51 58', [{ kind: 'pong', bytes: Buffer.from('Hello') }]],
  ['256 bytes', 'server', `82 7e 0100 ${'ab'.repeat(256)}`, [piece('binary', Buffer.alloc(256, 0xab))]],
  ['64 KiB', 'server', `82 7f 0000000000010000 ${'ab'.repeat(65_536)}`, [piece('binary', Buffer.alloc(65_536, 0xab))]],
  ['a close', 'server', '88 05 03e8 627965', [{ kind: 'close', code: 1000, reason: 'bye' }]],
  ['a close without a code', 'server', '88 00', [{ kind: 'close', code: null, reason: '' }]],
  ['what follows a close', 'server', '88 00 ff ff ff', [{ kind: 'close', code: null, reason: '' }]],
  [
    'a ping between fragments',
    'server',
    '01 01 61 89 00 00 00 80 01 62',
    [piece('text', 'a', true, false), { kind: 'ping', bytes: Buffer.alloc(0) }, piece('text', 'b', false)],
  ],
  [
    'a character across fragments',
    'server',
    '01 02 61 e2 00 01 82 80 02 ac 62',
    [piece('text', 'a', true, false), piece('text', '€b', false)],
  ],
  ['an empty message', 'server', '81 00', [piece('text', '')]],
]

test.each(examples)('reads %s, also byte by byte', (_name, peer, bytes, items) => {
  expect(decode(peer, [hex(bytes)])).toEqual(items)
  if (bytes.length < 1000)
    expect(
      decode(
        peer,
        [...hex(bytes)].map((byte) => Buffer.from([byte])),
      ),
    ).toEqual(items)
})

const wrong: [string, 'client' | 'server', string, number][] = [
  ['an unmasked frame of a client', 'client', '81 05 48 65 6c 6c 6f', 1002],
  ['a masked frame of a server', 'server', '81 85 37 fa 21 3d 7f 9f 4d 51 58', 1002],
  ['RSV1 (permessage-deflate)', 'server', 'c1 00', 1002],
  ['RSV2', 'server', 'a1 00', 1002],
  ['RSV3', 'server', '91 00', 1002],
  ['a reserved data opcode', 'server', '83 00', 1002],
  ['a reserved control opcode', 'server', '8b 00', 1002],
  ['a continuation of nothing', 'server', '80 00', 1002],
  ['a message inside another', 'server', '01 00 81 00', 1002],
  ['a ping in fragments', 'server', '09 00', 1002],
  ['a ping of 126 bytes', 'server', '89 7e 007e', 1002],
  ['16 bits for 125 bytes', 'server', '82 7e 007d', 1002],
  ['64 bits for 65535 bytes', 'server', '82 7f 000000000000ffff', 1002],
  ['a frame beyond the limit', 'server', '82 7f 0000000001000001', 1009],
  ['a length beyond 63 bits', 'server', '82 7f ffffffffffffffff', 1009],
  ['half a close code', 'server', '88 01 03', 1002],
  ['close code 1005', 'server', '88 02 03ed', 1002],
  ['close code 1006', 'server', '88 02 03ee', 1002],
  ['close code 1015', 'server', '88 02 03f7', 1002],
  ['close code 999', 'server', '88 02 03e7', 1002],
  ['close code 2999', 'server', '88 02 0bb7', 1002],
  ['close code 5000', 'server', '88 02 1388', 1002],
  ['a close reason that is not UTF-8', 'server', '88 03 03e8 ff', 1007],
  ['a text that is not UTF-8', 'server', '81 01 ff', 1007],
  ['a text that ends within a character', 'server', '81 02 e2 82', 1007],
  ['an overlong character', 'server', '81 02 c0 80', 1007],
  ['a surrogate across fragments', 'server', '01 02 ed a0 80 01 80', 1007],
]

test.each(wrong)('refuses %s', (_name, peer, bytes, code) => {
  for (const chunks of [[hex(bytes)], [...hex(bytes)].map((byte) => Buffer.from([byte]))]) {
    expect(() => decode(peer, chunks)).toThrow(WebSocketViolation)
    try {
      decode(peer, chunks)
    } catch (error) {
      expect(error).toMatchObject({ closeCode: code })
    }
  }
})

test('gives a long frame in pieces', () => {
  const payload = Buffer.from(`x${'é'.repeat(maxWebSocketPiece + 3)}`)
  const frame = new WebSocketEncoder('server').piece(piece('text', payload))
  const pieces = decode('client', [frame]) as WebSocketPiece[]
  expect(pieces.length).toBe(3)
  expect(pieces.map(({ first, last }) => [first, last])).toEqual([
    [true, false],
    [false, false],
    [false, true],
  ])
  expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).equals(payload)).toBe(true)
})

test('masks each frame with a key of its own', () => {
  const encoder = new WebSocketEncoder('server')
  const frames = Array.from({ length: 8 }, () => encoder.piece(piece('binary', Buffer.alloc(64))).toString('hex'))
  expect(new Set(frames).size).toBe(8)
})

test('cuts a reason to what fits, at a character', () => {
  const [close] = decode('server', [new WebSocketEncoder('client').close(1008, `x${'€'.repeat(60)}`)])
  expect(close).toEqual({ kind: 'close', code: 1008, reason: `x${'€'.repeat(40)}` })
})

/** The same bytes, cut at any places. */
const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 12 })
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => Math.min(place, bytes.length)))].toSorted((a, b) => a - b)
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length))
}

const messages = fc.array(
  fc.record({
    type: fc.constantFrom('text' as const, 'binary' as const),
    parts: fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { minLength: 1, maxLength: 4 }),
    pinged: fc.boolean(),
  }),
  { maxLength: 5 },
)

test('what is written is read, in any cut', () => {
  fc.assert(
    fc.property(fc.constantFrom('client' as const, 'server' as const), messages, cuts, (peer, sent, places) => {
      const encoder = new WebSocketEncoder(peer === 'client' ? 'server' : 'client')
      const frames = sent.flatMap(({ type, parts, pinged }) =>
        parts.flatMap((part, at) => [
          encoder.piece(piece(type, part, at === 0, at === parts.length - 1)),
          ...(pinged ? [encoder.ping(Buffer.from('?'))] : []),
        ]),
      )
      const items = decode(peer, cut(Buffer.concat(frames), places))
      const read: { type: string; text: string }[] = []
      for (const item of items) {
        if (item.kind !== 'piece') continue
        if (item.first) read.push({ type: item.type, text: '' })
        const last = read.at(-1)!
        last.text += item.bytes.toString('utf8')
      }
      expect(read).toEqual(sent.map(({ type, parts }) => ({ type, text: parts.join('') })))
      expect(items.filter(({ kind }) => kind === 'ping').length).toBe(
        sent.reduce((n, m) => n + (m.pinged ? m.parts.length : 0), 0),
      )
    }),
  )
})

test('reads any bytes or refuses them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), cuts, (bytes, places) => {
      try {
        decode('server', cut(Buffer.from(bytes), places))
      } catch (error) {
        expect(error).toBeInstanceOf(WebSocketViolation)
      }
    }),
  )
})
