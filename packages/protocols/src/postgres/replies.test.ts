import { duplexPair } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { localPassword, ScriptedGate } from '../scripted-gate.fixture.ts'
import { write } from './codec.ts'
import {
  complete,
  fakeBackend,
  fakeUpstream,
  oneRow,
  rowDescription,
  type Script,
  textRow,
  welcome,
} from './fake-backend.fixture.ts'
import { bind, execute, fields, hides, outline, parse, raw, rows, serve, startupMessage } from './wire.fixture.ts'

async function open(script: Script, gate = new ScriptedGate()) {
  const served = serve({ upstream: fakeUpstream, dial: fakeBackend(script), gate })
  await served.client.logIn({ user: 'ada' }, localPassword)
  return served
}
const ready = write.readyForQuery('I')
/** A length as it stands in a message's head. */
const headed = (tag: string, length: number): Buffer => {
  const bytes = Buffer.alloc(5, tag, 'latin1')
  bytes.writeInt32BE(length, 1)
  return bytes
}
function int16s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [i, value] of values.entries()) bytes.writeInt16BE(value, 2 * i)
  return bytes
}

describe('a backend that breaks the protocol ends one stream, with words', () => {
  // Nobody knows where its values come from: every row is looked into.
  const text = 'select x from unheard_of'
  const answers: Readonly<Record<string, Buffer>> = {
    'a negative length': headed('D', -1),
    'a length below 4': headed('D', 3),
    'a length beyond every limit': headed('D', 0x7fff_ffff),
    'an unknown message': raw('?'),
    'COPY in both directions': raw('W', Buffer.of(0, 0, 0)),
    'COPY IN that nobody asked for': raw('G', Buffer.of(0, 0, 0)),
    'COPY OUT that nobody asked for': raw('H', Buffer.of(0, 0, 0)),
    'COPY data that nobody asked for': raw('d', 'x'),
    'a row before its description': textRow('1'),
    'a row with fewer columns': Buffer.concat([rowDescription('x', 'y'), textRow('1')]),
    'a row with more columns': Buffer.concat([rowDescription('x'), textRow('1', '2')]),
    'a row cut short': Buffer.concat([rowDescription('x'), raw('D', int16s(1, 0, 9))]),
    'a value of negative length': Buffer.concat([rowDescription('x'), raw('D', int16s(1, -1, -2))]),
    'bytes after a row': Buffer.concat([rowDescription('x'), raw('D', Buffer.concat([int16s(1, -1, -1), Buffer.of(0)]))]),
    'a description that counts more than it has': raw('T', int16s(9)),
    'a string without its end': raw('C', 'SELECT 1'),
    'the answer to a Bind': raw('2'),
    'the answer to a Parse': raw('1'),
    'a suspended portal': raw('s'),
    'the answer to a function call': raw('V', int16s(-1, -1)),
    'an unheard-of transaction status': raw('Z', '?'),
    'one ReadyForQuery too many': Buffer.concat([oneRow, ready]),
  }
  for (const [name, answer] of Object.entries(answers)) {
    test(name, async () => {
      const gate = new ScriptedGate()
      gate.masks = hides('public.people.email')
      const { client, done } = await open(({ tag }, stream) => void (tag === 'Q' && stream.write(answer)), gate)
      client.send(write.query(text))
      const replies = await client.end()
      expect(fields(replies.at(-1)).get('C')).toBe('08P01')
      expect(fields(replies.at(-1)).get('M')).toMatch(/\w+ \w+/)
      expect(await done).toBeNull()
      expect(gate.of(text)?.outcomes).toHaveLength(1)
    })
  }

  test('a backend that says yes to what was to fail', async () => {
    const gate = new ScriptedGate()
    gate.judge = () => 'refuse'
    for (const answer of [complete('SELECT 1'), ready]) {
      const { client } = await open(({ tag }, stream) => void (tag === 'Q' && stream.write(answer)), gate)
      client.send(write.query('select 1'))
      expect(outline(await client.end())).toEqual(['E:08P01'])
    }
  })
})

test('a backend that closes in the middle of a statement leaves words, and its own if it had any', async () => {
  const fatal = write.diagnostics(
    'E'.charCodeAt(0),
    new Map(Object.entries({ S: 'FATAL', V: 'FATAL', C: '57P01', M: 'terminating' })),
  )
  for (const [last, codes] of [
    [Buffer.alloc(0), ['E:08006']],
    [fatal, ['E:57P01']],
  ] as const) {
    const gate = new ScriptedGate()
    const { client } = await open(({ tag }, stream) => void (tag === 'Q' && stream.end(last)), gate)
    client.send(write.query('select 1'))
    expect(outline(await client.end())).toEqual(codes)
    expect(gate.of('select 1')?.outcomes).toHaveLength(1)
  }
})

test('a backend that resets the connection while the caller still logs in ends only that login', async () => {
  const [near, far] = duplexPair()
  const { client, done } = serve({ upstream: fakeUpstream, dial: async () => far })
  near.once('data', () => near.write(welcome))
  client.send(startupMessage({ user: 'ada' }))
  await expect.poll(() => client.received.length).toBe(1)
  // The backend is logged in, and nobody listens to it yet.
  await expect.poll(() => far.isPaused()).toBe(true)
  far.destroy(new Error('reset'))
  await client.prove(localPassword).catch(() => undefined)
  expect(outline(await client.end()).at(-1)).toBe('E:08006')
  expect(await done).toBeNull()
})

test('the caller gets everything up to the last word, however slow the record is', async () => {
  const gate = new ScriptedGate()
  const recorded = Promise.withResolvers<void>()
  gate.recording = () => recorded.promise
  const { client } = await open(({ tag }, stream) => void (tag === 'Q' && stream.end(oneRow)), gate)
  client.send(write.query('select 1'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(client.received).toEqual([])
  recorded.resolve()
  expect(outline(await client.end())).toEqual(['T:1', 'D', 'C:SELECT 1', 'Z:I', 'E:08006'])
})

test('nothing that could not be recorded reaches the caller', async () => {
  for (const recording of [
    (): never => {
      throw new Error('disk full')
    },
    () => Promise.reject(new Error('disk full')),
  ]) {
    const gate = new ScriptedGate()
    gate.recording = recording
    const { client, done } = await open(({ tag }, stream) => void (tag === 'Q' && stream.write(oneRow)), gate)
    client.send(write.query('select 1'))
    expect(outline(await client.end())).toEqual(['E:58000'])
    expect(await done).toMatchObject({ message: 'disk full' })
  }
})

test('a record that fails when the caller leaves ends the stream all the same', async () => {
  const gate = new ScriptedGate()
  gate.recording = () => {
    throw new Error('disk full')
  }
  const { client, done } = await open(({ tag }, stream) => void (tag === 'X' && stream.end()), gate)
  client.send(write.query('select 1'))
  client.stream.end()
  expect(outline(await client.end())).toEqual(['E:58000'])
  expect(await done).toMatchObject({ message: 'disk full' })
})

test('a slow reader gets everything, and the backend waits for it', async () => {
  const count = 20_000
  const row = textRow('x'.repeat(1000))
  let stalled = false
  const { client } = await open(({ tag }, stream) => {
    if (tag !== 'Q') return
    let left = count
    const more = (): void => {
      while (left > 0) {
        left--
        if (!stream.write(row)) {
          stalled = true
          return void stream.once('drain', more)
        }
      }
      stream.write(Buffer.concat([complete(`SELECT ${count}`), ready]))
    }
    stream.write(rowDescription('x'))
    more()
  })
  client.stream.pause()
  client.send(write.query('select 1'))
  await expect.poll(() => stalled).toBe(true)
  client.stream.resume()
  expect(rows(await client.ready())).toHaveLength(count)
})

test('a caller that never reads its last words is not waited for', async () => {
  const { client, session, done } = await open(({ tag }, stream) => {
    if (tag === 'Q')
      stream.write(Buffer.concat([rowDescription('x'), ...Array.from({ length: 500 }, () => textRow('x'.repeat(10_000)))]))
  })
  client.stream.pause()
  client.send(write.query('select 1'))
  await expect.poll(() => client.stream.readableLength).toBeGreaterThan(0)
  session.abort(new Error('killed'))
  await done
})

test('what is sent ahead of a held statement is bounded, and goes on when it is decided', async () => {
  const gate = new ScriptedGate()
  gate.judge = ({ text }) => (text === 'select 1' ? 'hold' : 'permit')
  let syncs = 0
  const { client } = await open(({ tag }, stream) => {
    if (tag === 'S') syncs++
    if (tag === 'S') stream.write(ready)
    if (tag === 'Q') stream.write(oneRow)
  }, gate)
  client.send(write.query('select 1'))
  await expect.poll(() => gate.decide).not.toBeNull()
  const count = 300_000
  client.send(Buffer.concat(Array.from({ length: count }, () => write.sync())))
  await expect.poll(() => client.stream.writableNeedDrain).toBe(true)
  expect(syncs).toBe(0)
  gate.decide?.('permit')
  await client.ready(count + 1)
  expect(syncs).toBe(count)
})

test('a pipeline of statements that nobody answers is not read on for ever', async () => {
  let parses = 0
  let answer = false
  const { client } = await open(({ tag }, stream) => {
    if (tag === 'P') parses++
    if (tag === 'P' && answer) stream.write(raw('1'))
    if (tag === 'S') stream.write(ready)
  })
  const one = parse('', 'select 1')
  client.send(Buffer.concat(Array.from({ length: 50_000 }, () => one)))
  await expect.poll(() => parses).toBe(10_000)
  await new Promise((resolve) => setImmediate(resolve))
  expect(parses).toBe(10_000)
  answer = true
  client.stream.destroy()
})

test('a named result is matched with the statement that it belongs to', async () => {
  const { client, gate } = await open(({ tag }, stream) => {
    if (tag === 'P') stream.write(raw('1'))
    if (tag === 'B') stream.write(raw('2'))
    if (tag === 'E') stream.write(Buffer.concat([textRow('1'), complete('SELECT 1')]))
    if (tag === 'S') stream.write(ready)
  })
  client.send(
    parse('a', 'select 1'),
    parse('b', 'select 2'),
    bind('', 'b'),
    execute(''),
    bind('', 'a'),
    execute(''),
    write.sync(),
  )
  await client.ready()
  expect(gate.admitted.map(({ text, outcomes }) => [text, outcomes[0]?.tag])).toEqual([
    ['select 2', 'SELECT 1'],
    ['select 1', 'SELECT 1'],
  ])
})
