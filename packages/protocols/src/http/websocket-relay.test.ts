import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import { HoopError, type Way } from '@hoop/contracts'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { WebSocketDecoder, WebSocketEncoder, type WebSocketPiece, WebSocketViolation } from './websocket-frames.ts'
import { received, type UpgradedLegs, webSocketsThrough } from './websocket-relay.fixture.ts'
import { relayWebSocket, type WebSocketRelayOptions } from './websocket-relay.ts'

const nothing = Buffer.alloc(0)
const living = new AbortController().signal
const unchanged = ({ bytes }: WebSocketPiece): Buffer => bytes

const through = (options: Partial<WebSocketRelayOptions> = {}) =>
  webSocketsThrough((legs: UpgradedLegs) => relayWebSocket({ ...legs, signal: living, onPiece: unchanged, ...options }))

test('relays messages, pings and the closing handshake between two ends', async () => {
  const seen: [Way, string, string][] = []
  const { client, server, relayed } = await through({
    onPiece: ({ type, bytes }, way) => {
      seen.push([way, type, bytes.toString()])
      return bytes
    },
  })
  const [atClient, atServer] = [received(client), received(server)]
  const pinged = new Promise((resolve) => server.on('ping', (data) => resolve(data.toString())))
  const ponged = new Promise((resolve) => client.on('pong', (data) => resolve(data.toString())))
  client.ping('are you there')
  client.send('grüße')
  client.send(Buffer.from([1, 2, 3]))
  await expect.poll(() => atServer.messages.length).toBe(2)
  server.send('answer')
  await expect.poll(() => atClient.messages).toEqual([{ text: 'answer', binary: false }])
  expect(await pinged).toBe('are you there')
  expect(await ponged).toBe('are you there')
  client.close(3001, 'enough')
  expect(await atServer.closed).toEqual({ code: 3001, reason: 'enough' })
  expect(await atClient.closed).toEqual({ code: 3001, reason: 'enough' })
  expect(seen).toEqual([
    ['up', 'text', 'grüße'],
    ['up', 'binary', '\x01\x02\x03'],
    ['down', 'text', 'answer'],
  ])
  expect(await relayed).toEqual({ bytesUp: 10, bytesDown: 6, failure: null })
})

test('what the hook answers moves on in the place of what came', async () => {
  const { client, server, relayed } = await through({
    onPiece: async ({ bytes }) => (bytes.includes('drop') ? null : Buffer.from(bytes.toString().replace('secret', '******'))),
  })
  const [atClient, atServer] = [received(client), received(server)]
  server.send('drop this')
  server.send('a secret')
  await expect.poll(() => atClient.messages.map(({ text }) => text)).toEqual(['a ******'])
  server.close()
  await atServer.closed
  expect(await relayed).toMatchObject({ bytesDown: 8, failure: null })
})

test.each(['fragments', 'messages'] as const)('a long message goes on in %s', async (pieces) => {
  const { client, server, relayed } = await through({ pieces })
  const atServer = received(server)
  const long = 'ä'.repeat(100_000)
  client.send(long)
  await expect.poll(() => atServer.messages.map(({ text }) => text).join('').length).toBe(long.length)
  expect(atServer.messages.length).toBe(pieces === 'fragments' ? 1 : 4)
  client.close()
  await relayed
})

test('a promise of the hook holds back what follows', async () => {
  const gate = Promise.withResolvers<void>()
  const seen: string[] = []
  const { client, server, relayed } = await through({
    onPiece: ({ bytes }) => {
      seen.push(bytes.toString())
      return gate.promise.then(() => bytes)
    },
  })
  const atServer = received(server)
  for (const text of ['one', 'two', 'three']) client.send(text)
  await expect.poll(() => seen).toEqual(['one'])
  expect(atServer.messages).toEqual([])
  gate.resolve()
  await expect.poll(() => atServer.messages.map(({ text }) => text)).toEqual(['one', 'two', 'three'])
  client.close()
  await relayed
})

test.each([true, false])(
  'what the hook throws closes both sides, with its words for the caller (in a message: %s)',
  async (last) => {
    const refusal = new HoopError('no_access', 'the rule says no')
    const { client, server, relayed } = await through({
      onPiece: () => {
        throw refusal
      },
      lastMessage: (words) => (last ? { type: 'text', bytes: Buffer.from(`refused: ${words}`) } : null),
    })
    const [atClient, atServer] = [received(client), received(server)]
    client.send('anything')
    expect(await atClient.closed).toEqual(last ? { code: 1000, reason: '' } : { code: 1008, reason: 'the rule says no' })
    expect(atClient.messages.map(({ text }) => text)).toEqual(last ? ['refused: the rule says no'] : [])
    expect(await atServer.closed).toEqual({ code: 1001, reason: '' })
    expect(await relayed).toEqual({ bytesUp: 0, bytesDown: 0, failure: refusal })
  },
)

test('our own faults are told to nobody but the relay', async () => {
  const fault = new Error('cannot read /secret/place')
  const { client, relayed } = await through({ onPiece: () => Promise.reject(fault) })
  const atClient = received(client)
  client.send('anything')
  expect((await atClient.closed).reason).not.toContain('secret')
  expect(await relayed).toMatchObject({ failure: fault })
})

test('the signal ends it', async () => {
  const killed = new AbortController()
  const { client, server, relayed } = await through({ signal: killed.signal })
  const [atClient, atServer] = [received(client), received(server)]
  killed.abort(new HoopError('no_access', 'your session was ended'))
  expect(await atClient.closed).toEqual({ code: 1008, reason: 'your session was ended' })
  expect((await atServer.closed).code).toBe(1001)
  await relayed
})

/** Both legs, and what stands behind them as bare streams. */
function bareLegs() {
  const [callerEnd, caller] = duplexPair()
  const [backend, backendEnd] = duplexPair()
  const heard = { caller: [] as Buffer[], backend: [] as Buffer[] }
  callerEnd.on('data', (chunk) => heard.caller.push(chunk))
  backendEnd.on('data', (chunk) => heard.backend.push(chunk))
  for (const end of [callerEnd, backendEnd]) end.on('end', () => end.end())
  return { callerEnd, backendEnd, heard, legs: { caller, backend, callerHead: nothing, backendHead: nothing } }
}

test.each(['caller', 'backend'] as const)('when the %s is gone, the other side is told', async (gone) => {
  const { callerEnd, backendEnd, heard, legs } = bareLegs()
  const relayed = relayWebSocket({ ...legs, signal: living, onPiece: unchanged })
  const left = gone === 'caller' ? callerEnd : backendEnd
  left.end()
  expect(await relayed).toMatchObject({ failure: null })
  const [other, peer] = gone === 'caller' ? (['backend', 'server'] as const) : (['caller', 'client'] as const)
  const decoder = new WebSocketDecoder(peer === 'server' ? 'client' : 'server')
  decoder.push(Buffer.concat(heard[other]))
  expect(decoder.next()).toEqual({ kind: 'close', code: 1001, reason: 'the other side is gone' })
})

test('a violation closes both sides with 1002 and words', async () => {
  const { callerEnd, heard, legs } = bareLegs()
  const relayed = relayWebSocket({ ...legs, signal: living, onPiece: unchanged })
  callerEnd.write(Buffer.from('8100', 'hex'))
  const { failure } = await relayed
  expect(failure).toBeInstanceOf(WebSocketViolation)
  const close = new WebSocketEncoder('client').close(1002, 'a frame of a client that is not masked')
  expect(Buffer.concat(heard.caller)).toEqual(close)
  expect(heard.backend.length).toBe(1)
})

test('a peer that never answers a close frame is left after a while', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const [callerEnd, caller] = duplexPair()
    const [backend, backendEnd] = duplexPair()
    const heard = once(backendEnd, 'data')
    const relayed = relayWebSocket({
      ...{ caller, backend, callerHead: nothing, backendHead: nothing },
      ...{ signal: living, onPiece: unchanged },
    })
    const close = new WebSocketEncoder('server').close(1000)
    callerEnd.resume().write(close)
    await heard
    // First for its answer, then for its end.
    await vi.advanceTimersByTimeAsync(10_000)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await relayed).toMatchObject({ failure: null })
    expect([caller.destroyed, backend.destroyed]).toEqual([true, true])
  } finally {
    vi.useRealTimers()
  }
})

test('what came with the handshakes is the beginning', async () => {
  const { callerEnd, backendEnd, heard, legs } = bareLegs()
  const backendHead = new WebSocketEncoder('client').piece({ type: 'text', first: true, last: true, bytes: Buffer.from('early') })
  const relayed = relayWebSocket({ ...legs, backendHead, signal: living, onPiece: unchanged })
  await expect.poll(() => Buffer.concat(heard.caller).includes('early')).toBe(true)
  backendEnd.end()
  callerEnd.end()
  expect(await relayed).toMatchObject({ bytesDown: 5 })
})

test('ends whatever either side sends', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), fc.boolean(), async (chunks, up) => {
      const { callerEnd, backendEnd, legs } = bareLegs()
      const relayed = relayWebSocket({ ...legs, signal: living, onPiece: unchanged })
      const sender = up ? callerEnd : backendEnd
      for (const chunk of chunks) if (sender.writable) sender.write(chunk)
      if (sender.writable) sender.end()
      const { failure } = await relayed
      expect(failure === null || failure instanceof WebSocketViolation).toBe(true)
    }),
    { numRuns: 60 },
  )
})
