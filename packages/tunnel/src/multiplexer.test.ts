import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { finished, pipeline } from 'node:stream/promises'
import { HoopError, type StreamHeader } from '@hoop/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeFrames, encodeFrame, type Frame } from './frames.ts'
import { Multiplexer, type MultiplexerOptions } from './multiplexer.ts'
import { resetCodes, StreamReset } from './stream-reset.ts'

const header = { session: 'ses_1' }
const empty = Buffer.alloc(0)

interface End {
  readonly multiplexer: Multiplexer
  readonly accepted: { header: StreamHeader; stream: Duplex }[]
  readonly violations: string[]
  readonly goaways: string[]
  /** The next stream of the peer's. */
  next(): Promise<Duplex>
}

type Limits = Pick<MultiplexerOptions, 'maxStreams'>

function end(side: 'dialler' | 'acceptor', send: (message: Buffer) => boolean, limits: Limits = {}): End {
  const accepted: End['accepted'] = []
  const violations: string[] = []
  const goaways: string[] = []
  const waiting: ((stream: Duplex) => void)[] = []
  const multiplexer = new Multiplexer({
    side,
    send,
    schedule: setImmediate,
    delay: (acknowledge) => setTimeout(acknowledge, 10),
    onStream(header, stream) {
      accepted.push({ header, stream })
      waiting.shift()?.(stream)
    },
    onGoaway: (words) => goaways.push(words),
    onViolation: (words) => violations.push(words),
    ...limits,
  })
  return { multiplexer, accepted, violations, goaways, next: () => new Promise((resolve) => waiting.push(resolve)) }
}

/** Two ends joined by a link in memory that holds `capacity` messages each way. */
function pair(limits: Limits = {}, capacity = 4) {
  const seen: Frame[] = []
  function link(to: () => End, from: () => End) {
    const queue: Buffer[] = []
    let full = false
    return (message: Buffer) => {
      decodeFrames(message, (frame) => frame.type === 'ack' || seen.push(frame))
      // A copy, as the peer of a network has: what is acknowledged may be written over.
      queue.push(Buffer.from(message))
      setImmediate(() => {
        to().multiplexer.receive(queue.shift() ?? empty)
        if (full && queue.length < capacity) {
          full = false
          from().multiplexer.drained()
        }
      })
      full = queue.length >= capacity
      return !full
    }
  }
  const dialler: End = end(
    'dialler',
    link(
      () => acceptor,
      () => dialler,
    ),
    limits,
  )
  const acceptor: End = end(
    'acceptor',
    link(
      () => dialler,
      () => acceptor,
    ),
    limits,
  )
  return { dialler, acceptor, seen }
}

async function open(ends: { dialler: End; acceptor: End }, firstBytes?: Buffer): Promise<[Duplex, Duplex]> {
  const theirs = ends.acceptor.next()
  const ours = ends.dialler.multiplexer.openStream(header, firstBytes)
  return [ours, await theirs]
}

async function failure(stream: Duplex): Promise<StreamReset> {
  const error = stream.errored ?? (await once(stream, 'error'))[0]
  expect(error).toBeInstanceOf(StreamReset)
  return error as StreamReset
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate)
}

/** Until nothing is under way: each message takes one turn of the loop. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
}

/** One end, and frames written by hand. */
function alone(side: 'dialler' | 'acceptor' = 'acceptor', limits: Limits = {}) {
  const sent: Frame[] = []
  const here = end(
    side,
    (message) => {
      decodeFrames(message, (frame) => frame.type === 'ack' || sent.push(frame))
      return true
    },
    limits,
  )
  const take = (...frames: Frame[]) => here.multiplexer.receive(Buffer.concat(frames.map(encodeFrame)))
  return { ...here, sent, take }
}

describe('a stream', () => {
  test('carries its header, first bytes, and bytes both ways', async () => {
    const ends = pair()
    const [ours, theirs] = await open(ends, Buffer.from('hello '))
    expect(ends.acceptor.accepted[0]!.header).toEqual(header)
    ours.end('world')
    theirs.end('back')
    expect((await buffer(theirs)).toString()).toBe('hello world')
    expect((await buffer(ours)).toString()).toBe('back')
    await quiet()
    expect([ends.dialler.multiplexer.size, ends.acceptor.multiplexer.size]).toEqual([0, 0])
    expect(ends.seen.map(({ type }) => type).sort()).toEqual(['data', 'data', 'fin', 'fin', 'open'])
  })

  test('its first bytes, and all that is written in the same tick, travel in one message with the header', async () => {
    const here = alone('dialler')
    const stream = here.multiplexer.openStream(header, Buffer.from('a'))
    stream.write('b')
    stream.end('c')
    await quiet()
    expect(here.sent).toMatchObject([
      { type: 'open', bytes: Buffer.from('a') },
      { type: 'data', bytes: Buffer.from('bc') },
      { type: 'fin' },
    ])
  })

  test('stays half open: one direction ends, the other goes on', async () => {
    const [ours, theirs] = await open(pair())
    ours.end('question')
    expect((await buffer(theirs)).toString()).toBe('question')
    expect(theirs.writable).toBe(true)
    for (let part = 0; part < 10; part++) {
      theirs.write(`${part}`)
      await quiet()
    }
    theirs.end()
    expect((await buffer(ours)).toString()).toBe('0123456789')
  })

  test('keeps order and bytes, whatever the sizes and however they are read', async () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 300_000 })), {
      minLength: 1,
      maxLength: 25,
    })
    const reader = fc.constantFrom<(stream: Duplex) => Promise<Buffer>>(
      buffer,
      async (stream) => {
        const chunks: Buffer[] = []
        stream.on('data', (chunk) => chunks.push(chunk))
        await finished(stream, { writable: false })
        return Buffer.concat(chunks)
      },
      async (stream) => {
        const chunks: Buffer[] = []
        stream.on('readable', () => {
          for (let chunk = stream.read(1 + chunks.length * 7); chunk !== null; chunk = stream.read(1 + chunks.length * 7))
            chunks.push(chunk)
          const rest = stream.read()
          if (rest !== null) chunks.push(rest)
        })
        await finished(stream, { writable: false })
        return Buffer.concat(chunks)
      },
      async (stream) => {
        const chunks: Buffer[] = []
        stream.on('data', (chunk) => {
          chunks.push(chunk)
          stream.pause()
          setImmediate(() => stream.resume())
        })
        await finished(stream, { writable: false })
        return Buffer.concat(chunks)
      },
    )
    await fc.assert(
      fc.asyncProperty(sizes, reader, async (sizes, read) => {
        const [ours, theirs] = await open(pair())
        const chunks = sizes.map((size, index) => Buffer.alloc(size, `${index} `))
        const got = read(theirs)
        for (const chunk of chunks) ours.write(chunk)
        ours.end()
        expect((await got).equals(Buffer.concat(chunks))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
})

describe('credit', () => {
  test('a reader that does not read stops its own stream at the window, and no other', async () => {
    const ends = pair()
    const [stalled, unread] = await open(ends)
    const [other, read] = await open(ends)
    const received = buffer(read)
    let accepted = 0
    const source = Buffer.alloc(64 * 1024)
    const fill = () => {
      do accepted++
      while (stalled.write(source))
    }
    stalled.on('drain', fill)
    fill()
    for (let part = 0; part < 64; part++) {
      if (!other.write(source)) await once(other, 'drain')
    }
    other.end()
    expect((await received).length).toBe(4 * 1024 * 1024)
    const waiting = ends.seen.filter((frame) => frame.type === 'data' && frame.stream === 1)
    expect(waiting.reduce((sum, frame) => sum + (frame.type === 'data' ? frame.bytes.length : 0), 0)).toBe(256 * 1024)
    expect(accepted).toBeLessThan(12)
    stalled.off('drain', fill)
    unread.resume()
    await once(stalled, 'drain')
  })

  test('is granted by halves of a window, for what was read, and doubled for a reader that keeps up', async () => {
    const here = alone()
    here.take(
      { type: 'open', stream: 1, header, bytes: Buffer.alloc(100 * 1024) },
      { type: 'data', stream: 1, bytes: Buffer.alloc(100 * 1024) },
    )
    await quiet()
    expect(here.sent).toEqual([])
    const { stream } = here.accepted[0]!
    expect(stream.read(100 * 1024).length).toBe(100 * 1024)
    await quiet()
    expect(here.sent).toEqual([])
    stream.read()
    await quiet()
    expect(here.sent).toEqual([{ type: 'credit', stream: 1, credit: (200 + 256) * 1024 }])
  })

  test('is granted for one frame that fills the window', async () => {
    const here = alone()
    here.take({ type: 'open', stream: 1, header, bytes: empty }, { type: 'data', stream: 1, bytes: Buffer.alloc(256 * 1024) })
    here.accepted[0]!.stream.on('data', () => {})
    await quiet()
    expect(here.sent).toEqual([{ type: 'credit', stream: 1, credit: 512 * 1024 }])
  })

  test('grows to 1 MiB for one stream, by 32 MiB for all, and is given back', async () => {
    const here = alone()
    /** How far what is granted gets ahead of what was sent. */
    async function window(stream: number): Promise<number> {
      here.take({ type: 'open', stream, header, bytes: empty })
      here.accepted.at(-1)!.stream.resume()
      let credit = 256 * 1024
      let most = 0
      for (let round = 0; round < 8; round++) {
        here.take({ type: 'data', stream, bytes: Buffer.alloc(256 * 1024) })
        credit -= 256 * 1024
        for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
        for (const frame of here.sent.splice(0)) if (frame.type === 'credit') credit += frame.credit
        most = Math.max(most, credit)
      }
      return most
    }
    const ahead: number[] = []
    for (let stream = 1; stream < 100; stream += 2) ahead.push(await window(stream))
    expect(ahead).toEqual([...Array(42).fill(1024 * 1024), 512 * 1024, 512 * 1024, ...Array(6).fill(256 * 1024)])
    here.accepted[0]!.stream.destroy()
    expect(await window(101)).toBe(1024 * 1024)
    expect(here.violations).toEqual([])
  })

  test('small bytes that wait for a reader are held in proportion', async () => {
    const here = alone()
    here.take({ type: 'open', stream: 1, header, bytes: empty })
    for (let round = 0; round < 20_000; round++) here.take({ type: 'data', stream: 1, bytes: Buffer.from('x') })
    const { stream } = here.accepted[0]!
    expect(stream.readableLength).toBe(1)
    expect(stream.read().length).toBe(1 + 16 * 1024)
    expect(here.violations).toEqual([])
  })
})

describe('many', () => {
  test('1000 streams at once, each with its own bytes', async () => {
    const ends = pair()
    const answers: Promise<Buffer>[] = []
    for (let index = 0; index < 1000; index++) {
      const stream = ends.dialler.multiplexer.openStream(header, Buffer.from(`stream ${index}`))
      answers.push(buffer(stream))
      stream.end(Buffer.alloc(3000, index))
    }
    await until(() => ends.acceptor.accepted.length === 1000)
    await Promise.all(ends.acceptor.accepted.map(({ stream }) => pipeline(stream, stream)))
    for (const [index, answer] of (await Promise.all(answers)).entries()) {
      expect(answer.equals(Buffer.concat([Buffer.from(`stream ${index}`), Buffer.alloc(3000, index)]))).toBe(true)
    }
    await quiet()
    expect([ends.dialler.multiplexer.size, ends.acceptor.multiplexer.size]).toEqual([0, 0])
  })

  test('a bulk stream gives way to a small one within a turn', async () => {
    const ends = pair()
    const [bulk, sink] = await open(ends)
    sink.resume()
    const chunk = Buffer.alloc(200 * 1024)
    const fill = () => {
      while (bulk.write(chunk));
    }
    bulk.on('drain', fill)
    fill()
    const [small, echo] = await open(ends)
    echo.pipe(echo)
    for (let round = 0; round < 20; round++) {
      const from = ends.seen.length
      small.write('ping')
      const [answer] = await once(small, 'data')
      expect(answer.toString()).toBe('ping')
      const between = ends.seen.slice(from)
      const bytes = between.reduce(
        (sum, frame) => sum + (frame.type === 'data' && frame.stream === 1 ? frame.bytes.length : 0),
        0,
      )
      // A link of four messages each way, and the turn itself.
      expect(bytes).toBeLessThan(1024 * 1024)
    }
    bulk.destroy()
  })

  test('200 MB pass with flat memory', async () => {
    const ends = pair()
    const [ours, theirs] = await open(ends)
    ends.seen.push = () => 0
    let length = 0
    let most = 0
    theirs.on('data', (chunk: Buffer) => {
      length += chunk.length
      most = Math.max(most, ours.writableLength + theirs.readableLength)
    })
    const chunk = Buffer.alloc(100_000)
    for (let part = 0; part < 2000; part++) if (!ours.write(chunk)) await once(ours, 'drain')
    ours.end()
    await once(theirs, 'end')
    expect(length).toBe(200_000_000)
    expect(most).toBeLessThan(512 * 1024)
  }, 120_000)
})

describe('a reset', () => {
  test.each([
    ['nothing', undefined, resetCodes.cancelled, 'The stream was closed.'],
    [
      'a person’s error',
      new HoopError('connection_unavailable', 'The database is asleep.'),
      resetCodes.failed,
      'The database is asleep.',
    ],
    ['an error of ours, whose message is not for others', new Error('secret'), resetCodes.failed, 'The stream failed.'],
    ['a code and words', new StreamReset(77, 'seventy-seven'), 77, 'seventy-seven'],
  ])('tells the peer of %s', async (_, error, code, words) => {
    const ends = pair()
    const [ours, theirs] = await open(ends)
    theirs.destroy(error)
    expect(await failure(ours)).toMatchObject({ code, words, message: words })
    await quiet()
    expect(ends.seen.filter(({ type }) => type === 'reset').length).toBe(2)
    expect([ends.dialler.multiplexer.size, ends.acceptor.multiplexer.size]).toEqual([0, 0])
    const [again, accepted] = await open(ends)
    again.end('still alive')
    expect((await buffer(accepted)).toString()).toBe('still alive')
  })

  test('drops bytes under way in both directions, and the tunnel goes on', async () => {
    const ends = pair()
    const [ours, theirs] = await open(ends)
    ours.write(Buffer.alloc(100_000))
    theirs.write(Buffer.alloc(100_000))
    await new Promise(setImmediate)
    ours.destroy()
    theirs.destroy()
    await quiet()
    expect([...ends.dialler.violations, ...ends.acceptor.violations]).toEqual([])
  })

  test('before OPEN has left sends nothing at all', async () => {
    const here = alone('dialler')
    here.multiplexer.openStream(header, Buffer.from('x')).destroy()
    await quiet()
    expect(here.sent).toEqual([])
  })

  test('after FIN leaves what came whole to be read', async () => {
    const here = alone()
    here.take({ type: 'open', stream: 1, header, bytes: Buffer.from('all of it') }, { type: 'fin', stream: 1 })
    here.take({ type: 'reset', stream: 1, code: 1, words: 'no more' })
    const { stream } = here.accepted[0]!
    const chunks: Buffer[] = []
    stream.on('data', (chunk) => chunks.push(chunk))
    expect(await failure(stream)).toMatchObject({ code: 1, words: 'no more' })
    expect(Buffer.concat(chunks).toString()).toBe('all of it')
  })

  test('fails a write that waits', async () => {
    const ends = pair()
    const [ours, theirs] = await open(ends)
    const written = new Promise<Error | null | undefined>((resolve) => ours.write(Buffer.alloc(1024 * 1024), resolve))
    await quiet()
    theirs.destroy(new StreamReset(9, 'enough'))
    expect(await written).toMatchObject({ words: 'enough' })
  })
})

describe('limits', () => {
  test('one stream too many is refused by the side that opens', async () => {
    const ends = pair({ maxStreams: 2 })
    await open(ends)
    await open(ends)
    const third = ends.dialler.multiplexer.openStream(header)
    expect(await failure(third)).toMatchObject({
      code: resetCodes.refused,
      words: 'The tunnel carries its most streams already (2).',
    })
  })

  test('and by the other side', async () => {
    const here = alone('acceptor', { maxStreams: 1 })
    here.take({ type: 'open', stream: 1, header, bytes: empty }, { type: 'open', stream: 3, header, bytes: Buffer.from('x') })
    here.take({ type: 'data', stream: 3, bytes: Buffer.from('under way') })
    await quiet()
    expect(here.sent).toMatchObject([{ type: 'reset', stream: 3, code: resetCodes.refused }])
    expect(here.violations).toEqual([])
    here.take({ type: 'reset', stream: 3, code: 1, words: '' }, { type: 'data', stream: 3, bytes: Buffer.from('after') })
    expect(here.violations.length).toBe(1)
  })

  test('a side that takes no streams refuses each', async () => {
    const sent: Frame[] = []
    const multiplexer = new Multiplexer({
      side: 'dialler',
      send: (message) => {
        decodeFrames(message, (frame) => sent.push(frame))
        return true
      },
      schedule: setImmediate,
      delay: () => {},
      onGoaway: () => {},
      onViolation: () => {},
    })
    multiplexer.receive(encodeFrame({ type: 'open', stream: 2, header, bytes: empty }))
    await quiet()
    expect(sent).toMatchObject([{ type: 'reset', stream: 2, code: resetCodes.refused }])
  })

  test('resets that are never answered end the tunnel', () => {
    const here = alone('acceptor', { maxStreams: 0 })
    for (let stream = 1; stream < 2 * 20_000 && here.violations.length === 0; stream += 2) {
      here.take({ type: 'open', stream, header, bytes: empty })
    }
    expect(here.violations[0]).toContain('too many resets')
  })

  test.each(['by the limit', 'by their owner'])(
    'resets that cannot be sent end the tunnel, answered though they are: %s',
    (how) => {
      const here = alone('acceptor', how === 'by the limit' ? { maxStreams: 0 } : {})
      for (let stream = 1; stream < 2 * 20_000 && here.violations.length === 0; stream += 2) {
        here.take({ type: 'open', stream, header, bytes: empty })
        here.accepted.at(-1)?.stream.destroy()
        here.take({ type: 'fin', stream })
      }
      expect(here.violations[0]).toContain('too many resets')
    },
  )

  test('only the latest ping is answered while the transport is congested', async () => {
    const sent: Frame[] = []
    const here = end('acceptor', (message) => {
      decodeFrames(message, (frame) => sent.push(frame))
      return false
    })
    for (let round = 0; round < 10; round++) {
      here.multiplexer.receive(encodeFrame({ type: 'ping', token: Buffer.alloc(8, round) }))
      if (round === 0) await quiet()
    }
    here.multiplexer.drained()
    expect(sent).toEqual([
      { type: 'pong', token: Buffer.alloc(8, 0) },
      { type: 'pong', token: Buffer.alloc(8, 9) },
    ])
  })
})

describe('a broken protocol ends the tunnel with words', () => {
  const opened: Frame = { type: 'open', stream: 1, header, bytes: empty }
  test.each<[string, Frame[], string]>([
    [
      'bytes on a stream that was never opened',
      [{ type: 'data', stream: 1, bytes: Buffer.from('x') }],
      'stream 1, which was never opened',
    ],
    ['FIN on a stream that was never opened', [{ type: 'fin', stream: 7 }], 'stream 7, which was never opened'],
    [
      'a frame on a stream of ours that was never opened',
      [{ type: 'credit', stream: 2, credit: 1 }],
      'stream 2, which was never opened',
    ],
    ['opening a stream of ours', [{ ...opened, stream: 2 }], "not the peer's to open"],
    ['opening a stream twice', [opened, opened], 'out of order'],
    [
      'opening streams backwards',
      [
        { ...opened, stream: 5 },
        { ...opened, stream: 3 },
      ],
      'out of order',
    ],
    [
      'bytes after FIN',
      [opened, { type: 'fin', stream: 1 }, { type: 'data', stream: 1, bytes: Buffer.from('x') }],
      'bytes after FIN',
    ],
    ['a second FIN', [opened, { type: 'fin', stream: 1 }, { type: 'fin', stream: 1 }], 'a second FIN'],
    [
      'bytes beyond credit',
      [
        opened,
        { type: 'data', stream: 1, bytes: Buffer.alloc(256 * 1024) },
        { type: 'data', stream: 1, bytes: Buffer.from('x') },
      ],
      'beyond the credit of stream 1',
    ],
    ['credit without end', [opened, { type: 'credit', stream: 1, credit: 2 ** 31 - 1 }], 'too much credit'],
  ])('%s', async (_, frames, words) => {
    const here = alone()
    here.take(...frames)
    expect(here.violations.length).toBe(1)
    expect(here.violations[0]).toContain(words)
    expect(here.sent.at(-1)).toEqual({ type: 'goaway', words: here.violations[0] })
    for (const { stream } of here.accepted) expect(await failure(stream)).toMatchObject({ code: resetCodes.tunnelClosed })
    here.take(opened)
    expect(here.violations.length).toBe(1)
  })

  test('garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 11 }), (bytes) => {
        const here = alone()
        here.multiplexer.receive(Buffer.from(bytes))
        expect(here.violations.length).toBe(1)
      }),
    )
  })
})

describe('the end of the tunnel', () => {
  test('resets all streams with its words, and gives no new ones', async () => {
    const ends = pair()
    const streams: Duplex[] = []
    for (let index = 0; index < 10; index++) streams.push((await open(ends))[0])
    const failures = streams.map(failure)
    ends.dialler.multiplexer.end('The network is gone.')
    for (const error of await Promise.all(failures)) {
      expect(error).toMatchObject({ code: resetCodes.tunnelClosed, words: 'The network is gone.' })
    }
    expect(await failure(ends.dialler.multiplexer.openStream(header))).toMatchObject({ words: 'The network is gone.' })
  })

  test('GOAWAY: what was written goes first, open streams go on, new ones are refused with its words', async () => {
    const ends = pair()
    const [ours, theirs] = await open(ends)
    theirs.write('last words')
    ends.acceptor.multiplexer.goaway('The gateway restarts.')
    expect((await once(ours, 'data'))[0].toString()).toBe('last words')
    await until(() => ends.dialler.goaways.length > 0)
    expect(await failure(ends.dialler.multiplexer.openStream(header))).toMatchObject({
      code: resetCodes.refused,
      words: 'The gateway restarts.',
    })
    ours.end('still carried')
    expect((await buffer(theirs)).toString()).toBe('still carried')
  })

  test('may come from an owner in the middle of a flush', async () => {
    const here = alone('dialler')
    const stream = here.multiplexer.openStream(header)
    const other = here.multiplexer.openStream(header)
    stream.write('x', () => {
      here.multiplexer.goaway('enough')
      here.multiplexer.end('enough')
    })
    other.write('y')
    expect(await failure(other)).toMatchObject({ words: 'enough' })
    expect(here.sent).toMatchObject([
      { type: 'open', stream: 1 },
      { type: 'goaway', words: 'enough' },
    ])
  })
})
