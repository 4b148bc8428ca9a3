import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeFrames, encodeFrame, type Frame } from './frames.ts'
import { Multiplexer } from './multiplexer.ts'

const header = { session: 'ses_1' }
const sides = ['dialler', 'acceptor'] as const
type Side = (typeof sides)[number]

/** What a network that is cut takes with it: of each direction, all but the first so many messages under way. */
interface Cut {
  /** After so many messages that arrived, of both directions together. */
  readonly after: number
  readonly arriving: Readonly<Record<Side, number>>
}

/** Two ends, and a network between them that is cut again and again; it loses whole messages, as WebSocket does in the middle of one. */
class Network {
  readonly ends: Record<Side, Multiplexer>
  readonly accepted: Duplex[] = []
  readonly violations: string[] = []
  readonly #under: Record<Side, Buffer[]> = { dialler: [], acceptor: [] }
  readonly #cuts: Cut[]
  #arrived = 0
  cuts = 0

  constructor(cuts: readonly Cut[]) {
    this.#cuts = [...cuts]
    const end = (side: Side) =>
      new Multiplexer({
        side,
        send: (message) => {
          // A copy: what is sent again must be what was sent first.
          this.#under[side].push(Buffer.from(message))
          setImmediate(() => this.#arrive(side))
          return this.#under[side].length < 4
        },
        schedule: setImmediate,
        delay: (acknowledge) => setImmediate(acknowledge),
        onStream: (_, stream) => this.accepted.push(stream),
        onGoaway: () => {},
        onViolation: (words) => this.violations.push(words),
      })
    this.ends = { dialler: end('dialler'), acceptor: end('acceptor') }
  }

  #other(side: Side): Multiplexer {
    return this.ends[side === 'dialler' ? 'acceptor' : 'dialler']
  }

  #arrive(from: Side): void {
    const message = this.#under[from].shift()
    if (message === undefined) return
    this.#other(from).receive(message)
    if (this.#under[from].length < 4) this.ends[from].drained()
    const [cut] = this.#cuts
    if (++this.#arrived < (cut?.after ?? Number.POSITIVE_INFINITY)) return
    this.#cuts.shift()
    this.#arrived = 0
    this.cut(cut?.arriving ?? { dialler: 0, acceptor: 0 })
  }

  cut(arriving: Cut['arriving']): void {
    this.cuts++
    for (const side of sides) {
      for (const message of this.#under[side].splice(0).slice(0, arriving[side])) this.#other(side).receive(message)
    }
    // What the last of them set off is lost too.
    for (const side of sides) this.#under[side].length = 0
    for (const side of sides) this.ends[side].suspend()
    for (const side of sides) this.ends[side].resume()
  }
}

/** All that comes; leaves the other direction as it is, which an iterator would end. */
async function collect(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = []
  stream.on('data', (chunk) => chunks.push(chunk))
  await once(stream, 'end')
  return Buffer.concat(chunks)
}

const cut = fc.record({
  after: fc.integer({ min: 1, max: 12 }),
  arriving: fc.record({ dialler: fc.integer({ min: 0, max: 4 }), acceptor: fc.integer({ min: 0, max: 4 }) }),
})

test('whatever is cut, whenever: bytes are the same on both ends, and each stream ends as it should', async () => {
  const chunks = fc.array(fc.integer({ min: 1, max: 150_000 }), { minLength: 1, maxLength: 12 })
  const streams = fc.array(fc.record({ up: chunks, down: chunks }), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(streams, fc.array(cut, { maxLength: 40 }), async (streams, cuts) => {
      const network = new Network(cuts)
      const content = (sizes: readonly number[], salt: string) =>
        Buffer.concat(sizes.map((size, index) => Buffer.alloc(size, `${salt}${index} `)))
      const results = streams.map(async ({ up, down }, index) => {
        const sent = content(up, `up ${index}`)
        const stream = network.ends.dialler.openStream(header, Buffer.from(`${index}:`))
        const got = collect(stream)
        for (let from = 0; from < sent.length; from += 40_000) stream.write(sent.subarray(from, from + 40_000))
        stream.end()
        expect((await got).equals(content(down, `down ${index}`))).toBe(true)
      })
      const served = new Set<Duplex>()
      const serving: Promise<void>[] = []
      while (serving.length < streams.length) {
        await new Promise(setImmediate)
        for (const stream of network.accepted) {
          if (served.has(stream)) continue
          served.add(stream)
          const serve = async () => {
            let index = -1
            stream.once('data', (first) => {
              index = Number.parseInt(String(first), 10)
              stream.end(content(streams[index]!.down, `down ${index}`))
            })
            const all = await collect(stream)
            expect(all.subarray(2).equals(content(streams[index]!.up, `up ${index}`))).toBe(true)
          }
          serving.push(serve())
        }
      }
      await Promise.all([...results, ...serving])
      expect(network.violations).toEqual([])
      while (network.ends.dialler.owed || network.ends.acceptor.owed) await new Promise(setImmediate)
      expect([network.ends.dialler.size, network.ends.acceptor.size]).toEqual([0, 0])
    }),
    { numRuns: 150 },
  )
}, 120_000)

test('a cut at each single message of an exchange', async () => {
  for (let after = 1; after < 25; after++) {
    for (const arriving of [
      { dialler: 0, acceptor: 0 },
      { dialler: 1, acceptor: 0 },
      { dialler: 0, acceptor: 1 },
      { dialler: 4, acceptor: 4 },
    ]) {
      const network = new Network([{ after, arriving }])
      const stream = network.ends.dialler.openStream(header, Buffer.from('0'))
      while (network.accepted.length === 0) await new Promise(setImmediate)
      network.accepted[0]!.pipe(network.accepted[0]!)
      for (let turn = 1; turn < 10; turn++) {
        await once(stream, 'data')
        stream.write(`${turn}`)
      }
      stream.end()
      expect((await buffer(stream)).toString()).toBe('9')
      expect(network.violations).toEqual([])
    }
  }
})

describe('one end', () => {
  function alone() {
    const sent: Frame[] = []
    const violations: string[] = []
    const accepted: Duplex[] = []
    const late: (() => void)[] = []
    const multiplexer = new Multiplexer({
      side: 'acceptor',
      send: (message) => {
        decodeFrames(message, (frame) => sent.push(frame))
        return true
      },
      schedule: setImmediate,
      delay: (acknowledge) => late.push(acknowledge),
      onStream: (_, stream) => accepted.push(stream),
      onGoaway: () => {},
      onViolation: (words) => violations.push(words),
    })
    const take = (...frames: Frame[]) => multiplexer.receive(Buffer.concat(frames.map(encodeFrame)))
    return { multiplexer, sent, violations, accepted, late, take }
  }
  const opened: Frame = { type: 'open', stream: 1, header, bytes: Buffer.from('x') }
  const turn = () => new Promise(setImmediate)

  test('acknowledges once, later, what little came; and by itself what is much', async () => {
    const here = alone()
    here.take(opened)
    here.take({ type: 'data', stream: 1, bytes: Buffer.from('y') })
    await turn()
    expect(here.sent).toEqual([])
    expect(here.late.length).toBe(1)
    here.late.shift()?.()
    await turn()
    expect(here.sent).toEqual([{ type: 'ack', count: 2 }])
    for (let message = 0; message < 128; message++) here.take({ type: 'data', stream: 1, bytes: Buffer.from('z') })
    await turn()
    expect(here.sent.slice(1)).toEqual([{ type: 'ack', count: 130 }])
    here.take({ type: 'data', stream: 1, bytes: Buffer.alloc(128 * 1024) })
    await turn()
    expect(here.sent.slice(2)).toEqual([{ type: 'ack', count: 131 }])
  })

  test('does not count signs of life, and so never acknowledges acknowledgements', async () => {
    const here = alone()
    here.take({ type: 'ping', token: Buffer.alloc(8) })
    here.take({ type: 'ack', count: 0 })
    await turn()
    expect(here.sent.map(({ type }) => type)).toEqual(['pong'])
    expect(here.late).toEqual([])
    expect(here.multiplexer.owed).toBe(false)
  })

  test('keeps no more than 8 MiB for a peer that acknowledges nothing, and still tells it what came', async () => {
    const here = alone()
    for (let stream = 1; stream < 200; stream += 2) here.take({ ...opened, stream })
    await turn()
    for (const stream of here.accepted) stream.write(Buffer.alloc(256 * 1024))
    for (let round = 0; round < 300; round++) await turn()
    const bytes = () => here.sent.reduce((sum, frame) => sum + (frame.type === 'data' ? frame.bytes.length : 0), 0)
    expect(bytes()).toBeGreaterThan(8 * 1024 * 1024 - 128 * 1024)
    expect(bytes()).toBeLessThan(8 * 1024 * 1024 + 128 * 1024)
    for (let message = 0; message < 128; message++) here.take({ type: 'credit', stream: 1, credit: 1 })
    await turn()
    expect(here.sent.at(-1)).toMatchObject({ type: 'ack' })
    const before = bytes()
    here.take({ type: 'ack', count: 20 })
    await turn()
    expect(bytes()).toBeGreaterThan(before)
  })

  test('says again, over a new transport, that it goes away', async () => {
    const here = alone()
    here.multiplexer.goaway('The gateway restarts.')
    here.multiplexer.suspend()
    here.multiplexer.resume()
    here.take({ type: 'resume', count: 0 })
    await turn()
    expect(here.sent.map(({ type }) => type)).toEqual(['goaway', 'resume', 'goaway'])
  })

  test.each<[string, (here: ReturnType<typeof alone>) => void, string]>([
    ['RESUME unasked', ({ take }) => take({ type: 'resume', count: 0 }), 'RESUME out of place'],
    [
      'anything before RESUME',
      ({ multiplexer, take }) => {
        multiplexer.suspend()
        multiplexer.resume()
        take(opened)
      },
      'OPEN before RESUME',
    ],
    ['an acknowledgement of what was never sent', ({ take }) => take({ type: 'ack', count: 1 }), 'not what was sent'],
    [
      'a peer that has more than was sent',
      ({ multiplexer, take }) => {
        multiplexer.suspend()
        multiplexer.resume()
        take({ type: 'resume', count: 7 })
      },
      'not what was sent',
    ],
  ])('%s breaks the protocol', (_, work, words) => {
    const here = alone()
    work(here)
    expect(here.violations.join()).toContain(words)
  })

  test('a peer that has less than it acknowledged breaks the protocol', async () => {
    const here = alone()
    here.take(opened)
    here.accepted[0]?.write('x')
    await turn()
    here.take({ type: 'ack', count: 1 })
    here.multiplexer.suspend()
    here.multiplexer.resume()
    here.take({ type: 'resume', count: 0 })
    expect(here.violations.join()).toContain('fewer than were acknowledged')
  })
})
