import { readFileSync } from 'node:fs'
import { duplexPair } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import type { ByteReader } from '../bytes.ts'
import { MessageReader, maxBackendMessage } from './codec.ts'
import { backendCodecs, frontendCodecs, packetCodecs } from './codecs.fixture.ts'
import { decodeName } from './encoding.ts'
import { Handshake } from './handshake.ts'
import { backend, frontend } from './messages.ts'

/** `00ff 'text'`: hexadecimal, and text in quotes. */
function bytesOf(written: string): Buffer {
  const pieces = [...written.matchAll(/'([^']*)'|([0-9a-f]+)|\s+/g)]
  if (pieces.map(([whole]) => whole).join('') !== written) throw new Error(`cannot be read as bytes: ${written}`)
  return Buffer.concat(pieces.map(([, text, hex]) => Buffer.from(text ?? hex ?? '', text === undefined ? 'hex' : 'utf8')))
}

const vector = z.object({
  message: z.string(),
  case: z.string(),
  bytes: z.string().transform(bytesOf),
  is: z.unknown().optional(),
  violates: z.string().optional(),
})
const vectors = z.strictObject({ packets: z.array(vector), frontend: z.array(vector), backend: z.array(vector) }).parse(
  parse(readFileSync(new URL('vectors.yaml', import.meta.url), 'utf8'), {
    customTags: [
      { tag: '!b', resolve: bytesOf },
      { tag: '!name', resolve: (written: string) => decodeName(bytesOf(written)) },
    ],
  }),
)

/** The one message that these pieces make, its body to be read. */
function typed(pieces: readonly Buffer[]): ByteReader {
  const reader = new MessageReader(maxBackendMessage)
  const found = pieces.flatMap((piece, i) => {
    reader.push(piece)
    const complete = reader.next()
    expect(complete).toBe(i === pieces.length - 1)
    return complete ? [reader.body()] : []
  })
  expect(reader.buffered).toBe(0)
  const [body] = found
  if (body === undefined) throw new Error('no message')
  return body
}

const violation = (words: string): unknown =>
  expect.objectContaining({ name: 'ProtocolViolation', message: expect.stringContaining(words) })

/** The bytes whole, in two at each place where they can be cut, and one by one. */
function cuts(bytes: Buffer): Buffer[][] {
  const inTwo = Array.from(bytes.subarray(1), (_, at) => [bytes.subarray(0, at + 1), bytes.subarray(at + 1)])
  return [[bytes], ...inTwo, Array.from(bytes, (byte) => Buffer.of(byte))]
}

describe.each([
  ['frontend', vectors.frontend, frontendCodecs, frontend],
  ['backend', vectors.backend, backendCodecs, backend],
] as const)('%s', (_, listed, codecs, tags) => {
  for (const { message, case: name, bytes, is, violates } of listed) {
    test(`${message}: ${name}`, () => {
      const codec = codecs[message]
      if (codec === undefined) throw new Error(`no codec for ${message}`)
      for (const pieces of cuts(bytes)) {
        const body = typed(pieces)
        if (violates === undefined) expect(codec.read(body)).toEqual(is)
        else expect(() => codec.read(body)).toThrow(violation(violates))
        if (violates === undefined) expect(body.remaining).toBe(0)
      }
      if (violates === undefined) expect(codec.write(codec.read(typed([bytes])))).toEqual(bytes)
    })
  }

  test('every message has its vectors', () => {
    const having = new Set(listed.filter(({ violates }) => violates === undefined).map(({ bytes }) => bytes[0]))
    expect(having).toEqual(new Set(Object.values(tags)))
    expect(new Set(listed.map(({ message }) => message))).toEqual(new Set(Object.keys(codecs)))
  })
})

describe('packets before the login', () => {
  for (const { message, case: name, bytes, is, violates } of vectors.packets) {
    test(`${message}: ${name}`, async () => {
      const codec = packetCodecs[message]
      if (codec === undefined) throw new Error(`no codec for ${message}`)
      for (const pieces of cuts(bytes)) {
        const [near, far] = duplexPair()
        const handshake = new Handshake(far, new AbortController().signal)
        const coming = handshake.packet()
        for (const piece of pieces) near.write(piece)
        const packet = await coming
        if (codec.code !== null) expect(packet.uint32()).toBe(codec.code)
        if (violates === undefined) {
          const found = codec.read(packet)
          expect(found).toEqual(is)
          expect(codec.write(found)).toEqual(bytes)
        } else expect(() => codec.read(packet)).toThrow(violation(violates))
        expect(handshake.early).toBe(0)
        near.destroy()
        far.destroy()
      }
    })
  }
})
