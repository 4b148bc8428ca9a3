import { expect, onTestFinished, test } from 'vitest'
import { localPassword, ScriptedGate } from '../scripted-gate.fixture.ts'
import { Backend, serve } from './http-wire.fixture.ts'

const types = { data: 0, headers: 1, reset: 3, settings: 4, continuation: 9 } as const

/** RFC 9113, section 4.1. */
function frame(type: keyof typeof types, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = types[type]
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Literals that nobody keeps: RFC 7541, section 6.2.2. */
function fields(...pairs: [string, string][]): Buffer {
  const text = (value: string): Buffer[] => [Buffer.of(value.length), Buffer.from(value)]
  return Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.of(0), ...text(name), ...text(value)]))
}

const longField = fields(['x', 'y'.repeat(100)])
const [endStream, endHeaders] = [1, 4]
const head = fields(
  [':method', 'POST'],
  [':scheme', 'http'],
  [':authority', 'localhost:1'],
  [':path', '/a'],
  ['authorization', `Basic ${btoa(`any:${localPassword}`)}`],
)
const begin = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame('settings', 0, 0)])
const open = (stream: number, flags = 0) => frame('headers', endHeaders | flags, stream, head)

/** Sends, a turn of the event loop apart, until the gateway has enough of it: it must. */
async function flood(pieces: (round: number) => Buffer): Promise<{ rounds: number; gate: ScriptedGate }> {
  const backend = await Backend.start((_, answer) => answer.end('hello'))
  onTestFinished(() => backend.stop())
  const gate = new ScriptedGate()
  const { caller, done } = serve(backend, {}, gate)
  onTestFinished(() => void caller.destroy())
  let ended = false
  const over = done.then(() => {
    ended = true
  })
  caller.write(begin)
  let rounds = 0
  while (!ended) {
    const room = caller.writable && caller.write(pieces(rounds++))
    await Promise.race([over, new Promise((resolve) => (room ? setImmediate(resolve) : caller.once('drain', resolve)))])
  }
  return { rounds, gate }
}

const hundred = (piece: Buffer): Buffer => Buffer.concat(Array.from({ length: 100 }, () => piece))
const empty = Buffer.alloc(0)

test.each<[string, (round: number) => Buffer, number]>([
  // CVE-2024-27983
  ['a head that never ends', (i) => frame(i === 0 ? 'headers' : 'continuation', 0, 1, i === 0 ? head : longField), 0],
  ['a head of nothing that never ends', (i) => frame(i === 0 ? 'headers' : 'continuation', 0, 1, i === 0 ? head : empty), 0],
  // CVE-2023-44487
  [
    'requests that are taken back at once',
    (i) => Buffer.concat([open(2 * i + 1, endStream), frame('reset', 0, 2 * i + 1, Buffer.alloc(4, 8))]),
    1_000,
  ],
  ['more requests without a body than may be open', (i) => open(2 * i + 1), 0],
  // CVE-2019-9518
  ['a body of nothing that never ends', (i) => (i === 0 ? open(1) : hundred(frame('data', 0, 1))), 0],
])('%s: the connection ends', async (_, pieces, most) => {
  const { rounds, gate } = await flood(pieces)
  expect(rounds).toBeLessThan(1_000)
  expect(gate.admitted.length).toBeLessThanOrEqual(most)
})
