import { type Duplex, duplexPair } from 'node:stream'
import type { MaskPlan } from '@hoop/contracts'
import { expect, test } from 'vitest'
import { nines } from '../http/json-masks.fixture.ts'
import { received, webSocketsThrough } from '../http/websocket-relay.fixture.ts'
import { noMasks } from '../scripted-gate.fixture.ts'
import { readOperation } from './operations.ts'
import { requestOf } from './request.fixture.ts'
import { SpdyPeer } from './spdy-peer.fixture.ts'
import { upgradeRelay } from './upgrades.ts'

const masks: MaskPlan = { ...noMasks, empty: false, detectors: nines }
const nothing: Buffer = Buffer.alloc(0)
const fin = 1

/** The relay of an exec, and what it puts on the record of its standard output. */
function execOver(upgrade: 'websocket' | 'SPDY/3.1', agreed: readonly [string, string]) {
  const sent = requestOf(`GET /api/v1/namespaces/n/pods/p/exec?command=sh&stdout=1 ${upgrade}`)
  const relay = upgradeRelay(sent[0], readOperation(...sent), [agreed], masks)
  if (relay === null) throw new Error('It is not relayed.')
  const recorded: string[] = []
  const run = (caller: Duplex, backend: Duplex, callerHead = nothing, backendHead = nothing) =>
    relay({
      caller: { socket: caller, head: callerHead },
      backend: { socket: backend, head: backendHead },
      signal: new AbortController().signal,
      admit: async () => true,
      record: (_, bytes, channel) => {
        if (channel === 'stdout') recorded.push(bytes.toString())
      },
    })
  return { run, recorded }
}

const inWebSocket = async () => {
  const { run, recorded } = execOver('websocket', ['sec-websocket-protocol', 'v5.channel.k8s.io'])
  const ends = await webSocketsThrough(
    ({ caller, callerHead, backend, backendHead }) => run(caller, backend, callerHead, backendHead),
    'v5.channel.k8s.io',
  )
  const { messages, closed } = received(ends.client)
  return { ...ends, recorded, closed, texts: () => messages.map(({ text }) => text) }
}

test('a value that is cut over two messages is not shown, nor recorded', async () => {
  const { server, recorded, closed, texts, relayed } = await inWebSocket()
  server.send('\x01paid by 999')
  server.send('\x019999\nok\n$ ')
  server.send('\x03{"status":"Success"}')
  server.close(1000)
  await closed
  await relayed
  expect(texts()).toEqual(['\x01paid by *******\nok\n', '\x01$ ', '\x03{"status":"Success"}'])
  expect(recorded.join('')).toBe('paid by *******\nok\n$ ')
})

test('a prompt appears, though nothing follows', async () => {
  const { client, server, texts, relayed } = await inWebSocket()
  server.send('\x01$ ')
  await expect.poll(texts).toEqual(['\x01$ '])
  client.close()
  await relayed
})

test('what waits leaves before the end of its connection', async () => {
  const { server, closed, texts, relayed } = await inWebSocket()
  server.send('\x01no newline')
  server.close(1000)
  await closed
  await relayed
  expect(texts()).toEqual(['\x01no newline'])
})

test('and over SPDY before the end of its stream', async () => {
  const { run, recorded } = execOver('SPDY/3.1', ['x-stream-protocol-version', 'v4.channel.k8s.io'])
  const [callerEnd, caller] = duplexPair()
  const [backend, backendEnd] = duplexPair()
  const relayed = run(caller, backend)
  const [client, server] = [new SpdyPeer(callerEnd), new SpdyPeer(backendEnd)]
  for (const [at, streamtype] of ['error', 'stdout'].entries()) await client.open(2 * at + 1, { streamtype })
  await expect.poll(() => server.frames.length).toBe(2)
  for (const stream of [1, 3]) await server.reply(stream)
  await server.data(3, 'paid by 999')
  await server.data(3, '9999', fin)
  await expect.poll(() => client.frames.filter(({ flags }) => flags === fin).length).toBe(1)
  await client.end()
  await relayed
  expect(recorded.join('')).toBe('paid by *******')
  expect(JSON.stringify(client.frames)).not.toContain('999')
})
