import { HoopError } from '@hoop/contracts'
import { expect, test } from 'vitest'
import { ProtocolViolation } from '../bytes.ts'
import { received, webSocketsThrough } from '../http/websocket-relay.fixture.ts'
import type { StreamEvent, UpgradePurpose } from './stream-event.ts'
import { relayUpgraded, type UpgradedOptions, upgradedProtocol } from './upgraded-relay.ts'

const living = new AbortController().signal
const command: UpgradePurpose = { kind: 'remote-command' }

async function through(subprotocol: string, options: Partial<UpgradedOptions> = {}) {
  const events: StreamEvent[] = []
  const { purpose = command } = options
  const protocol = upgradedProtocol('websocket', subprotocol, purpose.kind)
  if (protocol === null) throw new Error(`${subprotocol} is not relayed`)
  const onEvent = (event: StreamEvent): Buffer => {
    events.push({ ...event, bytes: Buffer.from(event.bytes) })
    return event.bytes
  }
  const ends = await webSocketsThrough(
    (legs) => relayUpgraded({ ...legs, protocol, purpose, signal: living, onEvent, ...options }),
    subprotocol,
  )
  return { ...ends, events, atClient: received(ends.client), atServer: received(ends.server) }
}

const flat = (events: readonly StreamEvent[]) => events.map(({ bytes, ...rest }) => ({ ...rest, text: bytes.toString() }))
const on = (channel: number, text: string): Buffer => Buffer.concat([Buffer.from([channel]), Buffer.from(text)])

test('relays a remote command of version 5, with its close signal', async () => {
  const { client, server, events, atClient, atServer, relayed } = await through('v5.channel.k8s.io')
  server.send(on(1, ''))
  client.send(on(4, '{"Width":80,"Height":24}'))
  client.send(on(0, 'ls\n'))
  client.send(Buffer.from([255, 0]))
  await expect
    .poll(() => atServer.messages.map(({ text }) => text))
    .toEqual(['\x04{"Width":80,"Height":24}', '\x00ls\n', '\ufffd\x00'])
  server.send(on(1, 'a file\n'))
  server.send(on(2, 'a warning\n'))
  server.send(on(3, '{"metadata":{},"status":"Success"}'))
  server.close(1000)
  await atClient.closed
  expect(atClient.messages.map(({ text }) => text)).toEqual([
    '\x01',
    '\x01a file\n',
    '\x02a warning\n',
    '\x03{"metadata":{},"status":"Success"}',
  ])
  expect(await relayed).toEqual({ exitCode: 0, error: null, failure: null, bytesUp: 27, bytesDown: 51 })
  expect(flat(events)).toEqual([
    { channel: 'resize', way: 'up', text: '{"Width":80,"Height":24}' },
    { channel: 'stdin', way: 'up', text: 'ls\n' },
    { channel: 'stdout', way: 'down', text: 'a file\n' },
    { channel: 'stderr', way: 'down', text: 'a warning\n' },
    { channel: 'error', way: 'down', text: '{"metadata":{},"status":"Success"}' },
  ])
})

test('takes text for bytes, as the server does', async () => {
  const { client, server, events, atServer, relayed } = await through('v5.channel.k8s.io')
  client.send('\x00ls\n')
  await expect.poll(() => atServer.messages).toEqual([{ text: '\x00ls\n', binary: false }])
  server.close(1000)
  await relayed
  expect(flat(events)).toEqual([{ channel: 'stdin', way: 'up', text: 'ls\n' }])
})

test('decodes base64, and writes it', async () => {
  const { client, server, events, atClient, atServer, relayed } = await through('v4.base64.channel.k8s.io')
  client.send(`0${Buffer.from('foo\n').toString('base64')}`)
  await expect.poll(() => atServer.messages).toEqual([{ text: '0Zm9vCg==', binary: false }])
  server.send('1Cg==')
  await expect.poll(() => atClient.messages).toEqual([{ text: '1Cg==', binary: false }])
  client.close()
  await relayed
  expect(flat(events).map(({ text }) => text)).toEqual(['foo\n', '\n'])
})

test.each(['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'])(
  'a long message of %s goes on as several whole ones',
  async (name) => {
    const { client, server, atServer, events, relayed } = await through(name)
    const text = 'x'.repeat(200_000)
    if (name.includes('base64')) client.send(`0${Buffer.from(text).toString('base64')}`)
    else client.send(on(0, text))
    const sent = (): string => events.map(({ bytes }) => bytes.toString()).join('')
    await expect.poll(() => sent().length).toBe(text.length)
    expect(sent()).toBe(text)
    await expect.poll(() => atServer.messages.length).toBe(events.length)
    const first = name.includes('base64') ? '0' : '\x00'
    expect(atServer.messages.every((message) => message.text.startsWith(first))).toBe(true)
    server.close()
    await relayed
  },
)

test('relays forwarded ports, whose channels begin with the port', async () => {
  const purpose: UpgradePurpose = { kind: 'port-forward', ports: [5432, 80], mayForward: () => true }
  const { client, server, events, atClient, atServer, relayed } = await through('v4.channel.k8s.io', { purpose })
  const port = (channel: number, number: number): Buffer => Buffer.from([channel, number & 0xff, number >> 8])
  server.send(port(0, 5432))
  // The preface may come in parts, and with bytes behind it.
  server.send(Buffer.from([1, 5432 & 0xff]))
  server.send(Buffer.concat([Buffer.from([1, 5432 >> 8]), Buffer.from('oh no')]))
  server.send(port(2, 80))
  client.send(on(2, 'GET /'))
  await expect.poll(() => atServer.messages.map(({ text }) => text)).toEqual(['\x02GET /'])
  server.send(on(2, '200'))
  await expect.poll(() => atClient.messages.length).toBe(5)
  client.close()
  expect(await relayed).toMatchObject({ exitCode: null, error: null, failure: null })
  const sorted = flat(events).toSorted((one, other) => one.text.localeCompare(other.text))
  expect(sorted).toEqual([
    { channel: 'data', port: 80, way: 'down', text: '200' },
    { channel: 'data', port: 80, way: 'up', text: 'GET /' },
    { channel: 'error', port: 5432, way: 'down', text: 'oh no' },
  ])
})

const forwarded: UpgradePurpose = { kind: 'port-forward', ports: [80], mayForward: () => true }
const violations: [string, 'client' | 'server', Buffer | string, string, UpgradePurpose][] = [
  ['a channel that there is not', 'client', on(5, 'x'), 'v4.channel.k8s.io', command],
  ['output of the client', 'client', on(1, 'x'), 'v4.channel.k8s.io', command],
  ['input of the server', 'server', on(0, 'x'), 'v4.channel.k8s.io', command],
  ['the channel as a character where it is a byte', 'client', '0x', 'v4.channel.k8s.io', command],
  ['what is not base64', 'client', '0*&^%', 'v4.base64.channel.k8s.io', command],
  ['base64 behind its padding', 'client', '0eA==eA==', 'v4.base64.channel.k8s.io', command],
  ['base64 that is cut off', 'client', '0eA=', 'v4.base64.channel.k8s.io', command],
  ['a close signal before version 5', 'client', Buffer.from([255, 0]), 'v4.channel.k8s.io', command],
  ['a close signal for output', 'client', Buffer.from([255, 1]), 'v5.channel.k8s.io', command],
  ['a close signal of the server', 'server', Buffer.from([255, 0]), 'v5.channel.k8s.io', command],
  ['a close signal of no channel', 'client', Buffer.from([255]), 'v5.channel.k8s.io', command],
  ['another port', 'server', Buffer.from([0, 22, 0]), 'v4.channel.k8s.io', forwarded],
  ['a channel of no port', 'client', on(2, 'x'), 'v4.channel.k8s.io', forwarded],
  ['an error of the client', 'client', on(1, 'x'), 'v4.channel.k8s.io', forwarded],
]

test.each(violations)('%s ends both sides', async (_name, from, message, subprotocol, purpose) => {
  const { client, server, events, atClient, atServer, relayed } = await through(subprotocol, { purpose })
  const sender = from === 'client' ? client : server
  sender.send(message)
  expect((await relayed).failure).toBeInstanceOf(ProtocolViolation)
  expect([(await atClient.closed).code, (await atServer.closed).code]).toEqual([1002, 1002])
  expect(events).toEqual([])
})

test('what the hook throws is the error of the command', async () => {
  const refusal = new HoopError('no_access', 'the rule says no')
  const onEvent = (): never => {
    throw refusal
  }
  const { client, atClient, relayed } = await through('v4.channel.k8s.io', { onEvent })
  client.send(on(0, 'rm -rf /\n'))
  expect(await relayed).toMatchObject({ failure: refusal, exitCode: null, error: null, bytesUp: 0 })
  expect(await atClient.closed).toEqual({ code: 1000, reason: '' })
  const [message] = atClient.messages
  expect(message?.text[0]).toBe('\x03')
  expect(JSON.parse(message?.text.slice(1) ?? '')).toMatchObject({ status: 'Failure', message: 'the rule says no' })
})
