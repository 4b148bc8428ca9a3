import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { write } from './codec.ts'
import { decodeName, encodeName, invalidUtf8 } from './encoding.ts'
import { fields, type WireClient } from './wire.fixture.ts'
import { WireServer } from './wire-server.fixture.ts'

describe('names', () => {
  test('of up to 63 bytes are what they were, whatever their bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 63 }), (bytes) => {
        const name = encodeName(decodeName(Buffer.from(bytes)))
        expect(typeof name === 'string' ? Buffer.from(name) : name).toEqual(Buffer.from(bytes))
      }),
    )
  })
  test('are equal if and only if the bytes are that the server compares', () => {
    const few = fc
      .uint8Array({ minLength: 62, maxLength: 65, max: 1 })
      .map((bits) => bits.map((bit) => (bit === 0 ? 0xc3 : 0xa9)))
    fc.assert(
      fc.property(few, few, (a, b) => {
        const same = Buffer.from(a.subarray(0, 63)).equals(b.subarray(0, 63))
        expect(decodeName(Buffer.from(a)) === decodeName(Buffer.from(b))).toBe(same)
      }),
    )
  })
})

describe('a text that is not UTF-8 is told in the words of the server', () => {
  let server: WireServer
  let client: WireClient
  beforeAll(async () => {
    server = await WireServer.start()
    client = await server.direct()
  })
  afterAll(() => server.stop())
  const sequences =
    'ff 80 c3 c328 c080 c1bf e2 e282 e28228 e0809f eda080 edbfbf f09f f09f82 f0288cbc f08080af f4908080 f5808080 f8888080'
  for (const hex of `${sequences} e9742c c3a9ff f09f82a1e2`.split(' ')) {
    for (const after of ['', "' ok"]) {
      test(hex + after, async () => {
        const text = Buffer.concat([Buffer.from("select 'é"), Buffer.from(hex, 'hex'), Buffer.from(after)])
        const [error] = await client.send(write.query(text)).ready()
        expect(fields(error).get('C')).toBe('22021')
        expect(invalidUtf8(text)).toBe(fields(error).get('M'))
      })
    }
  }
  test('any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 12, min: 1 }), async (bytes) => {
        const text = Buffer.concat([Buffer.from("select '"), Buffer.from(bytes)])
        // Some bytes make a statement of it.
        const error = (await client.send(write.query(text)).ready()).find(({ tag }) => tag === 'E')
        const words = invalidUtf8(text)
        if (fields(error).get('C') === '22021') expect(words).toBe(fields(error).get('M'))
        else expect(words).toBeNull()
      }),
      { numRuns: 300 },
    )
  })
})
