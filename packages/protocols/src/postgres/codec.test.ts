import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteReader, ByteWriter, ProtocolViolation } from '../bytes.ts'
import { MessageReader, maxFrontendMessage, read, write } from './codec.ts'

/** Cuts a stream into messages; null: it has none such. */
function messages(pieces: readonly Buffer[], limit = maxFrontendMessage): Buffer[] {
  const reader = new MessageReader(limit)
  const found: Buffer[] = []
  for (const piece of pieces) {
    reader.push(piece)
    while (reader.next()) found.push(Buffer.from(reader.message))
  }
  return found
}

describe('a stream is cut into the same messages', () => {
  const stream = [
    write.query('select 1'),
    write.parse({ name: 's', text: 'select $1', parameterTypes: [23] }),
    write.bind({
      portal: '',
      statement: 's',
      parameterFormats: [1],
      parameters: [Buffer.from([0, 0, 0, 1]), null],
      resultFormats: [0, 1],
    }),
    write.execute({ portal: '', maxRows: 7 }),
    write.sync(),
    write.copyData(Buffer.alloc(3000, 'x')),
    write.terminate(),
  ]
  const whole = Buffer.concat(stream)

  test('cut at every byte, and byte by byte', () => {
    for (let at = 0; at <= whole.length; at++) expect(messages([whole.subarray(0, at), whole.subarray(at)])).toEqual(stream)
    expect(messages(Array.from(whole, (byte) => Buffer.of(byte)))).toEqual(stream)
  })

  test('cut anywhere, empty pieces among them', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), whole.length]
        expect(messages(at.slice(1).map((end, i) => whole.subarray(at[i], end)))).toEqual(stream)
      }),
    )
  })

  test('in long pieces, of which what is whole is left where it is', () => {
    const many = Array.from({ length: 40 }, (_, i) => write.copyData(Buffer.alloc(1500 + i, i)))
    const bytes = Buffer.concat(many)
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 4 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        expect(messages(at.slice(1).map((end, i) => bytes.subarray(at[i], end)))).toEqual(many)
      }),
    )
    const reader = new MessageReader(100_000)
    const [before, behind] = [bytes.subarray(0, 2000), bytes.subarray(2000)]
    reader.push(before)
    expect(reader.next()).toBe(true)
    expect(reader.next()).toBe(false)
    reader.push(behind)
    expect(reader.next() && reader.next() && reader.bytes.buffer === behind.buffer).toBe(true)
    expect(reader.buffered + reader.end - reader.start).toBe(bytes.length - 1505 - 1506)
    reader.push(Buffer.from('more'))
    expect(reader.takeRest()).toEqual(Buffer.concat([bytes.subarray(1505 + 1506 + 1507), Buffer.from('more')]))
  })

  test('what has not been read is handed over whole', () => {
    const reader = new MessageReader(100)
    for (const piece of [whole.subarray(0, 20), whole.subarray(20, 40), whole.subarray(40)]) reader.push(piece)
    reader.next()
    expect(reader.takeRest()).toEqual(whole.subarray(stream[0]?.length))
    expect(reader.takeRest()).toEqual(Buffer.alloc(0))
  })
})

describe('a length that cannot be is refused before anything waits for it', () => {
  for (const length of [0, 3, 0xffff_ffff, 0x8000_0000, 0x7fff_ffff, maxFrontendMessage + 1]) {
    test(String(length), () => {
      const head = new ByteWriter().uint8(0x51).uint32(length).take()
      expect(() => messages([head])).toThrow(ProtocolViolation)
      expect(() => messages(Array.from(head, (byte) => Buffer.of(byte)))).toThrow(ProtocolViolation)
    })
  }
})

describe('garbage is a violation, never a crash', () => {
  for (const [kind, reader] of Object.entries(read)) {
    test(kind, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 64 }), (garbage) => {
          const body = new ByteReader(Buffer.from(garbage))
          try {
            reader(body)
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolViolation)
            return
          }
          // Whatever was taken for a message was taken whole.
          expect(body.remaining).toBe(0)
        }),
        { numRuns: 500 },
      )
    })
  }

  test('a whole stream of it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
        try {
          for (const message of messages([Buffer.from(garbage)], 1000)) expect(message.length).toBeLessThanOrEqual(1001)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolViolation)
        }
      }),
    )
  })
})

describe('what a caller may not send', () => {
  const bind = (write: (writer: ByteWriter) => ByteWriter): ByteReader =>
    new ByteReader(write(new ByteWriter().cstring('').cstring('')).take())
  const wrong: Readonly<Record<string, () => unknown>> = {
    'bytes behind the NUL of a query': () => read.query(new ByteReader(Buffer.from('select 1\0; drop\0'))),
    'a query without its NUL': () => read.query(new ByteReader(Buffer.from('select 1'))),
    'Sync with a payload': () => read.nothing(new ByteReader(Buffer.of(0))),
    'a value of length -2': () => read.bind(bind((w) => w.uint16(0).uint16(1).int32(-2).uint16(0))),
    'a value longer than its message': () => read.bind(bind((w) => w.uint16(0).uint16(1).int32(0x7fff_ffff).uint16(0))),
    'more values than bytes': () => read.bind(bind((w) => w.uint16(0).uint16(65_535))),
    'a format code of 2': () => read.bind(bind((w) => w.uint16(1).int16(2).uint16(0).uint16(0))),
    'as many formats as no parameters': () => read.bind(bind((w) => w.uint16(2).int16(0).int16(0).uint16(1).int32(-1).uint16(0))),
    'Describe of neither': () => read.target(new ByteReader(Buffer.from('Xs\0'))),
    'a NUL inside what we write': () => write.query('a\0b'),
  }
  for (const [kind, work] of Object.entries(wrong)) test(kind, () => expect(work).toThrow(ProtocolViolation))
})

test('the current message stays while more arrives', () => {
  const reader = new MessageReader(maxFrontendMessage)
  reader.push(write.query('SELECT 1'))
  expect(reader.next()).toBe(true)
  reader.push(write.query('SELECT 2'))
  expect(read.query(reader.body()).text).toBe('SELECT 1')
  expect(reader.next()).toBe(true)
  expect(read.query(reader.body()).text).toBe('SELECT 2')
})
