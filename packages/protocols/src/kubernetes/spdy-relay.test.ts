import { type Duplex, duplexPair } from 'node:stream'
import { HoopError } from '@hoop/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWebSocketStream } from 'ws'
import { ProtocolViolation } from '../bytes.ts'
import { received, webSocketsThrough } from '../http/websocket-relay.fixture.ts'
import { SpdyEncoder } from './spdy-frames.ts'
import { SpdyPeer, words } from './spdy-peer.fixture.ts'
import type { StreamEvent, UpgradePurpose } from './stream-event.ts'
import { relayUpgraded, type UpgradedOptions, upgradedProtocol } from './upgraded-relay.ts'

const living = new AbortController().signal
const command: UpgradePurpose = { kind: 'remote-command' }
const spdy = { transport: 'spdy', version: 4 } as const
const nothing = Buffer.alloc(0)

function bareLegs() {
  const [callerEnd, caller] = duplexPair()
  const [backend, backendEnd] = duplexPair()
  return { callerEnd, backendEnd, legs: { caller, backend, callerHead: nothing, backendHead: nothing } }
}

/** A client and a server that speak SPDY through a relay, and what its hook saw. */
function through(options: Partial<UpgradedOptions> = {}) {
  const { callerEnd, backendEnd, legs } = bareLegs()
  const events: StreamEvent[] = []
  const relayed = relayUpgraded({
    ...{ ...legs, protocol: spdy, purpose: command, signal: living },
    onEvent: (event) => {
      events.push(event)
      return event.bytes
    },
    ...options,
  })
  return { client: new SpdyPeer(callerEnd), server: new SpdyPeer(backendEnd), events, relayed }
}

/** The same, with each end in a WebSocket of its own. */
async function inWebSockets(options: Partial<UpgradedOptions>) {
  const events: StreamEvent[] = []
  const { client, server, relayed } = await webSocketsThrough((legs) =>
    relayUpgraded({
      ...{ ...legs, protocol: spdy, purpose: command, signal: living, ...options },
      onEvent: (event) => {
        events.push(event)
        return event.bytes
      },
    }),
  )
  return {
    client: new SpdyPeer(createWebSocketStream(client)),
    server: new SpdyPeer(createWebSocketStream(server)),
    events,
    relayed,
  }
}

const flat = (events: readonly StreamEvent[]) => events.map(({ bytes, ...rest }) => ({ ...rest, text: bytes.toString() }))
const fin = 1

test('relays a remote command, and tells how it ended', async () => {
  const { client, server, events, relayed } = through()
  for (const [at, streamtype] of ['error', 'stdin', 'stdout', 'stderr', 'resize'].entries()) {
    await client.open(2 * at + 1, { streamtype, 'x-other': 'is not passed on' })
  }
  await expect.poll(() => server.frames.length).toBe(5)
  expect(server.frames[4]).toEqual({ type: 1, flags: 0, stream: 9, headers: { streamtype: 'resize' } })
  for (const stream of [1, 3, 5, 7, 9]) await server.reply(stream)
  await expect.poll(() => client.frames.length).toBe(5)
  await client.data(9, '{"Width":80,"Height":24}')
  await client.data(3, 'ls\n')
  await client.data(3, '', fin)
  await server.data(5, 'a file\n')
  await server.data(7, 'a warning\n')
  const failure = { reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '3' }] } }
  const status = JSON.stringify({ metadata: {}, status: 'Failure', message: 'command terminated', ...failure })
  await server.data(1, status)
  for (const stream of [1, 5, 7]) await server.data(stream, '', fin)
  await expect.poll(() => client.frames.length).toBe(11)
  await expect
    .poll(() => server.frames.slice(5).map(({ stream, flags, rest }) => [stream, flags, rest]))
    .toEqual([
      [9, 0, '{"Width":80,"Height":24}'],
      [3, 0, 'ls\n'],
      [3, 1, ''],
    ])
  await server.end()
  const end = await relayed
  expect(end).toMatchObject({ exitCode: 3, failure: null, bytesUp: 27, bytesDown: 17 + status.length })
  expect(end.error).toMatchObject({ status: 'Failure', message: 'command terminated' })
  expect(flat(events).filter(({ way }) => way === 'up')).toEqual([
    { channel: 'resize', way: 'up', text: '{"Width":80,"Height":24}' },
    { channel: 'stdin', way: 'up', text: 'ls\n' },
  ])
  expect(flat(events).filter(({ way }) => way === 'down')).toEqual([
    { channel: 'stdout', way: 'down', text: 'a file\n' },
    { channel: 'stderr', way: 'down', text: 'a warning\n' },
    { channel: 'error', way: 'down', text: status },
  ])
})

test.each(['spdy', 'spdy-in-websocket'] as const)('relays forwarded ports over %s', async (transport) => {
  const purpose: UpgradePurpose = { kind: 'port-forward', ports: [], mayForward: async (port) => port !== 5432 }
  const options = { purpose, protocol: { transport, version: 1 } }
  const { client, server, events, relayed } = transport === 'spdy' ? through(options) : await inWebSockets(options)
  await client.open(1, { streamtype: 'error', port: '8080', requestid: '0' })
  await server.reply(1)
  await client.data(1, '', fin)
  await client.open(3, { streamtype: 'data', port: '8080', requestid: '0' })
  await expect.poll(() => server.frames.length).toBe(3)
  expect(server.frames[2]).toMatchObject({ headers: { streamtype: 'data', port: '8080', requestid: '0' } })
  await server.reply(3)
  await client.data(3, 'GET /')
  await expect.poll(() => events.length).toBe(1)
  await server.data(3, '200')
  await server.data(1, 'oh no')
  await expect.poll(() => client.frames.length).toBe(4)
  await client.open(5, { streamtype: 'error', port: '5432', requestid: '1' })
  await expect.poll(() => client.frames.at(-1)).toEqual({ type: 3, flags: 0, stream: 5, rest: '00000003' })
  await client.end()
  expect(await relayed).toMatchObject({ exitCode: null, error: null, failure: null, bytesUp: 5, bytesDown: 8 })
  expect(flat(events)).toEqual([
    { channel: 'data', port: 8080, connection: '0', way: 'up', text: 'GET /' },
    { channel: 'data', port: 8080, connection: '0', way: 'down', text: '200' },
    { channel: 'error', port: 8080, connection: '0', way: 'down', text: 'oh no' },
  ])
})

const refused: [string, UpgradePurpose['kind'], Record<string, string>][] = [
  ['of an unknown type', 'remote-command', { streamtype: 'admin' }],
  ['of no type', 'remote-command', {}],
  ['for a port in a remote command', 'remote-command', { streamtype: 'data', port: '80' }],
  ['of a remote command in a port forward', 'port-forward', { streamtype: 'stdin' }],
  ['for no port', 'port-forward', { streamtype: 'data' }],
  ['for port 0', 'port-forward', { streamtype: 'data', port: '0' }],
  ['for port 65536', 'port-forward', { streamtype: 'data', port: '65536' }],
  ['for a port in words', 'port-forward', { streamtype: 'data', port: '80x' }],
]

test.each(refused)('resets a stream %s, and goes on', async (_name, kind, headers) => {
  const purpose: UpgradePurpose = kind === 'remote-command' ? command : { kind, ports: [], mayForward: () => true }
  const { client, server, relayed } = through({ purpose })
  await client.open(1, headers)
  await client.data(1, 'on its way')
  await expect.poll(() => client.frames).toEqual([{ type: 3, flags: 0, stream: 1, rest: '00000003' }])
  await client.control(6, words(1))
  await expect.poll(() => server.frames).toEqual([{ type: 6, flags: 0, stream: 1, rest: '' }])
  await client.end()
  expect(await relayed).toMatchObject({ failure: null, bytesUp: 0 })
})

test('opens each stream of a remote command once, and none for the server', async () => {
  const { client, server, relayed } = through()
  await client.open(1, { streamtype: 'stdin' })
  await client.open(3, { streamtype: 'stdin' })
  await client.open(5, { streamtype: 'stdout' }, 2)
  await server.open(2, { streamtype: 'stdin' })
  await expect
    .poll(() => client.frames.map(({ type, stream }) => [type, stream]))
    .toEqual([
      [3, 3],
      [3, 5],
    ])
  await expect
    .poll(() => server.frames.map(({ type, stream }) => [type, stream]))
    .toEqual([
      [1, 1],
      [3, 2],
    ])
  await client.end()
  await relayed
})

test('settings, pings, window updates, resets and GOAWAY are passed on', async () => {
  const { client, server, relayed } = through()
  await client.open(1, { streamtype: 'stdin' })
  await client.control(4, words(1, 7, 65_536))
  await client.control(9, words(0, 1000))
  await client.control(9, words(1, 1000))
  await client.control(3, words(1, 5))
  await client.control(9, words(1, 1000))
  await client.control(7, words(0, 0))
  await server.control(6, words(2))
  await expect.poll(() => server.frames.map(({ type }) => type)).toEqual([1, 4, 9, 9, 3, 7])
  await expect.poll(() => client.frames.map(({ type }) => type)).toEqual([6])
  await client.end()
  expect(await relayed).toMatchObject({ failure: null })
})

test('a promise of the hook holds back its way, and what it answers moves on', async () => {
  const gate = Promise.withResolvers<void>()
  const seen: string[] = []
  const { client, server, relayed } = through({
    onEvent: async ({ bytes }) => {
      seen.push(bytes.toString())
      await gate.promise
      return bytes.includes('drop') ? null : Buffer.from(bytes.toString().toUpperCase())
    },
  })
  await client.open(1, { streamtype: 'stdin' })
  for (const text of ['one', 'drop', 'two']) await client.data(1, text, text === 'two' ? fin : 0)
  await expect.poll(() => seen).toEqual(['one'])
  gate.resolve()
  await expect
    .poll(() => server.frames.slice(1).map(({ rest, flags }) => [rest, flags]))
    .toEqual([
      ['ONE', 0],
      ['TWO', 1],
    ])
  await client.end()
  expect(await relayed).toMatchObject({ bytesUp: 6 })
})

test('what the hook throws is the error of the command, and ends both sides', async () => {
  const refusal = new HoopError('no_access', 'the rule says no')
  const { client, server, relayed } = through({
    onEvent: () => {
      throw refusal
    },
  })
  await client.open(1, { streamtype: 'error' })
  await client.open(3, { streamtype: 'stdin' })
  await expect.poll(() => server.frames.length).toBe(2)
  await server.reply(1)
  await expect.poll(() => client.frames.length).toBe(1)
  await client.data(3, 'rm -rf /\n')
  expect(await relayed).toMatchObject({ failure: refusal, exitCode: null, bytesUp: 0 })
  await client.closed
  expect(client.frames.slice(1).map(({ type, stream }) => [type, stream])).toEqual([
    [0, 1],
    [7, 0],
  ])
  expect(JSON.parse(client.frames[1]?.rest ?? '')).toMatchObject({ status: 'Failure', message: 'the rule says no' })
  expect(server.frames.at(-1)).toEqual({ type: 7, flags: 0, stream: 0, rest: '00000002' })
})

test('what is no byte stream inside a WebSocket ends both sides', async () => {
  const purpose: UpgradePurpose = { kind: 'port-forward', ports: [], mayForward: () => true }
  const protocol = { transport: 'spdy-in-websocket', version: 1 } as const
  const { client, server, relayed } = await webSocketsThrough((legs) =>
    relayUpgraded({ ...legs, protocol, purpose, signal: living, onEvent: ({ bytes }) => bytes }),
  )
  const [atClient, atServer] = [received(client), received(server)]
  client.send('a text')
  expect((await relayed).failure).toBeInstanceOf(ProtocolViolation)
  expect((await atClient.closed).code).toBe(1002)
  expect((await atServer.closed).code).toBe(1000)
})

test('the signal ends it', async () => {
  const killed = new AbortController()
  const { client, relayed } = through({ signal: killed.signal })
  const reason = new HoopError('no_access', 'your session was ended')
  killed.abort(reason)
  expect(await relayed).toMatchObject({ failure: reason })
  await client.closed
})

const open = (peer: SpdyPeer): Promise<void> => peer.open(1, { streamtype: 'stdout' })
const violations: [string, (client: SpdyPeer, server: SpdyPeer) => Promise<unknown>][] = [
  ['an even stream of the client', (client) => client.open(2, { streamtype: 'stdin' })],
  ['a stream id again', (client) => open(client).then(() => open(client))],
  ['data of no stream', (client) => client.data(9, 'x')],
  ['data of no stream of the server', (_client, server) => server.data(1, 'x')],
  ['output from the client', (client) => open(client).then(() => client.data(1, 'x'))],
  ['data behind its end', (client) => client.open(1, { streamtype: 'stdin' }, fin).then(() => client.data(1, 'x'))],
  ['a reply of the client', (client) => open(client).then(() => client.reply(1))],
  ['too many settings', (client) => client.control(4, words(65, ...new Array<number>(130).fill(0)))],
  ['a text', (client) => client.raw(Buffer.from('GET / HTTP/1.1\r\n\r\n'))],
]

test.each(violations)('%s ends both sides', async (_name, wrong) => {
  const { client, server, relayed } = through()
  await wrong(client, server)
  expect((await relayed).failure).toBeInstanceOf(ProtocolViolation)
  await Promise.all([client.closed, server.closed])
  const goAway = { type: 7, flags: 0, stream: 0, rest: '00000001' }
  expect([client.frames.at(-1), server.frames.at(-1)]).toEqual([goAway, goAway])
})

test('data before its reply is refused', async () => {
  const { client, server, relayed } = through()
  await open(client)
  await expect.poll(() => server.frames.length).toBe(1)
  await server.data(1, 'x')
  expect((await relayed).failure).toBeInstanceOf(ProtocolViolation)
})

test('a number of streams beyond the limit is refused', async () => {
  const purpose: UpgradePurpose = { kind: 'port-forward', ports: [], mayForward: () => true }
  const { client, server, relayed } = through({ purpose })
  for (let stream = 1; stream <= 2001; stream += 2) await client.open(stream, { streamtype: 'data', port: '80' })
  await expect.poll(() => client.frames).toEqual([{ type: 3, flags: 0, stream: 2001, rest: '00000003' }])
  await expect.poll(() => server.frames.length).toBe(1000)
  await client.end()
  await relayed
})

test('ends whatever either side sends', async () => {
  const control = fc.tuple(fc.constantFrom(1, 2, 3, 4, 6, 7, 8, 9), fc.uint8Array({ maxLength: 16 })).map(([type, body]) => {
    return Buffer.concat([Buffer.from([0x80, 3, 0, type, 0, 0, 0, body.length]), body])
  })
  const chunk = fc.oneof(control, fc.uint8Array({ maxLength: 40 }).map(Buffer.from))
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 4 }), fc.boolean(), async (chunks, up) => {
      const { callerEnd, backendEnd, legs } = bareLegs()
      for (const end of [callerEnd, backendEnd]) end.on('end', () => end.end()).resume()
      const relayed = relayUpgraded({ ...legs, protocol: spdy, purpose: command, signal: living, onEvent: ({ bytes }) => bytes })
      const sender: Duplex = up ? callerEnd : backendEnd
      for (const bytes of chunks) if (sender.writable) sender.write(bytes)
      if (sender.writable) sender.end()
      const { failure } = await relayed
      expect(failure === null || failure instanceof ProtocolViolation).toBe(true)
    }),
    { numRuns: 60 },
  )
})

test('ends a conversation of which any byte was changed', async () => {
  const encoder = new SpdyEncoder()
  const opened = ['error', 'stdin', 'stdout'].map((streamtype, at) => ({
    ...{ type: 'synStream' as const, stream: 2 * at + 1, associated: 0, priority: 0, fin: false, unidirectional: false },
    headers: new Map([['streamtype', streamtype]]),
  }))
  const input = [1, 2].map((at) => ({ type: 'data' as const, stream: 3, fin: at === 2, bytes: Buffer.from('some input') }))
  const conversation = Buffer.concat([...opened, ...input].map((frame) => encoder.write(frame)))
  const place = fc.nat({ max: conversation.length - 1 })
  await fc.assert(
    fc.asyncProperty(place, place, fc.nat({ max: 255 }), async (changed, cut, byte) => {
      const { callerEnd, backendEnd, legs } = bareLegs()
      for (const end of [callerEnd, backendEnd]) end.on('end', () => end.end()).resume()
      const relayed = relayUpgraded({ ...legs, protocol: spdy, purpose: command, signal: living, onEvent: ({ bytes }) => bytes })
      const bytes = Buffer.from(conversation)
      bytes[changed] = byte
      callerEnd.write(bytes.subarray(0, cut))
      callerEnd.end(bytes.subarray(cut))
      const { failure } = await relayed
      expect(failure === null || failure instanceof ProtocolViolation).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test.each([
  ['spdy/3.1', 'v4.channel.k8s.io', 'remote-command', { transport: 'spdy', version: 4 }],
  ['spdy/3.1', null, 'remote-command', { transport: 'spdy', version: 1 }],
  ['spdy/3.1', 'portforward.k8s.io', 'remote-command', null],
  ['spdy/3.1', 'portforward.k8s.io', 'port-forward', { transport: 'spdy', version: 1 }],
  ['spdy/3.1', 'v4.channel.k8s.io', 'port-forward', null],
  ['websocket', 'SPDY/3.1+portforward.k8s.io', 'port-forward', { transport: 'spdy-in-websocket', version: 1 }],
  ['websocket', 'SPDY/3.1+portforward.k8s.io', 'remote-command', null],
  ['websocket', 'v5.channel.k8s.io', 'remote-command', { transport: 'channels', channels: { version: 5, base64: false } }],
  ['websocket', 'v5.channel.k8s.io', 'port-forward', null],
  ['websocket', 'v4.base64.channel.k8s.io', 'port-forward', { transport: 'channels', channels: { version: 4, base64: true } }],
  ['websocket', 'base64.channel.k8s.io', 'remote-command', { transport: 'channels', channels: { version: 1, base64: true } }],
  ['websocket', 'v5.base64.channel.k8s.io', 'remote-command', null],
  ['websocket', 'v6.channel.k8s.io', 'remote-command', null],
  ['websocket', 'base64.binary.k8s.io', 'remote-command', null],
  ['websocket', null, 'remote-command', { transport: 'channels', channels: { version: 1, base64: false } }],
  ['h2c', null, 'remote-command', null],
] as const)('%s with %s for a %s', (upgrade, name, purpose, protocol) => {
  expect(upgradedProtocol(upgrade, name, purpose)).toEqual(protocol)
})
