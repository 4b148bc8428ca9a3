import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { dialAnswers } from '@hoop/contracts'
import { type ResumableTunnel, resetCodes, StreamReset } from '@hoop/tunnel'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { Strangers } from '../api/strangers.ts'
import { putGateway } from '../store/gateways.ts'
import { makePair } from '../testing/certificates.ts'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import { callerOf, login, openParts, type Parts, silent, startServer, type TestServer, until } from '../testing/parts.ts'
import { channelOf, GatewayKey, type GatewayProof } from './gateway-proof.ts'
import { attachPeerTunnels } from './peer-tunnels.ts'
import { Peers } from './peers.ts'
import { reachThrough } from './reach.ts'

const documents = `
kind: Connection
name: shop
protocol: postgres
address: [db.internal:5432, "unix:/run/postgresql:5432"]
agent: private
databases: [shop]
login: { user: app, password: secret }
---
kind: Connection
name: direct
protocol: postgres
address: db.internal:5432
databases: [shop]
login: { user: app, password: secret }
`
const header = { connection: 'shop', agent: 'private', target: { host: 'db.internal', port: 5432 } }
const never = new AbortController().signal

let server: TestServer
let issuer: Issuer
/** The gateway that asks, and the one that has the agent. */
let asking: Parts
let having: Parts
let https: Server
let pair: Awaited<ReturnType<typeof makePair>>
let tunnels: ReturnType<typeof attachPeerTunnels>
const backends: Duplex[] = []
let asked = 0

beforeAll(async () => {
  ;[server, issuer, pair] = await Promise.all([startServer(), startIssuer(), makePair('somewhere else')])
  asking = await openParts(server, issuer, 'gateway-1')
  having = await openParts(server, issuer, 'gateway-2')
  https = createServer({ cert: pair.certificate, key: pair.key })
  tunnels = attachPeerTunnels({ server: https, ...parts(having), strangers: new Strangers(), log: silent })
  https.on('upgrade', () => asked++)
  https.listen(0, '127.0.0.1')
  await once(https, 'listening')
  await asking.registration.begin(null)
  await having.registration.begin(urlOf(https))
  const { identity } = await callerOf(asking, issuer, 'admin', ['admins'])
  await asking.documentStore.apply(identity, documents, 'test.yaml')
  await until(() => having.documents.connection('shop') !== null)
  having.agents.online.add({ id: 'agt_1', name: 'private', key: 'k', expiresAt: new Date() }, agentTunnel())
})
afterAll(async () => {
  await tunnels?.close('The test is over.')
  https?.close()
  await asking?.close()
  await having?.close()
  await issuer?.close()
  await server?.remove()
})

const parts = ({ registration, documents: all, agents }: Parts) => ({ registration, documents: all, online: agents.online })

function urlOf(listener: { address(): unknown }): string {
  return `https://127.0.0.1:${(listener.address() as AddressInfo).port}`
}

/** An agent's end of a tunnel: each stream says what it was asked to dial, and echoes. */
function agentTunnel(): ResumableTunnel {
  const openStream = (asked: object) => {
    const [ours, theirs] = duplexPair()
    for (const end of [ours, theirs]) end.on('error', () => undefined)
    backends.push(ours)
    theirs.write(Buffer.of(dialAnswers.connected, 8, ...Buffer.from('10.0.0.1')))
    theirs.write(JSON.stringify(asked))
    theirs.pipe(theirs)
    return ours
  }
  return { openStream, closed: new Promise(() => undefined), close: () => undefined } as unknown as ResumableTunnel
}

function peers(registration: ConstructorParameters<typeof Peers>[0]['registration'] = asking.registration): Peers {
  const made = new Peers({ registration, log: silent })
  onTestFinished(() => made.close('The test is over.'))
  return made
}

async function read(stream: Duplex, length: number): Promise<string> {
  let text = ''
  for await (const bytes of stream.iterator({ destroyOnReturn: false })) {
    text += bytes
    if (text.length >= length) break
  }
  return text
}

test('an agent of another gateway dials, over TLS whose certificate is nobody’s that is known', async () => {
  const { stream, address, agent, through } = await peers().dial('gateway-2', header, never)
  expect({ address, agent, through }).toEqual({
    address: '10.0.0.1',
    agent: { name: 'private', instance: 'agt_1' },
    through: 'gateway-2',
  })
  const dialled = JSON.stringify({ dial: header.target })
  expect(await read(stream, dialled.length)).toBe(dialled)
  stream.write('hello')
  expect(await read(stream, 5)).toBe('hello')
  stream.destroy()
  await until(() => backends.at(-1)?.destroyed === true)
})

test('many streams share one tunnel, and one that is lost ends alone', async () => {
  const own = peers()
  const [one, another] = await Promise.all([own.dial('gateway-2', header, never), own.dial('gateway-2', header, never)])
  const failed = once(one!.stream, 'error')
  one!.stream.resume()
  const [first] = backends.slice(-2)
  first!.destroy(new StreamReset(resetCodes.tunnelClosed, 'the agent is gone'))
  expect((await failed)[0]).toMatchObject({ code: resetCodes.lost, words: 'the agent is gone' })
  expect(another!.stream.destroyed).toBe(false)
  const ended = once(another!.stream, 'error')
  own.close('it stops')
  expect((await ended)[0]).toMatchObject({ code: resetCodes.tunnelClosed })
})

test('more streams than one tunnel carries have another, and no third is opened while one has room', async () => {
  const own = peers()
  const before = asked
  const dials = (length: number) => Promise.all(Array.from({ length }, () => own.dial('gateway-2', header, never)))
  const first = await dials(1100)
  const second = await dials(10)
  expect(asked - before).toBe(2)
  for (const { stream } of first) stream.destroy()
  await until(() => backends.slice(-1110, -10).every(({ destroyed }) => destroyed))
  await dials(900)
  expect(asked - before).toBe(2)
  expect(second.every(({ stream }) => !stream.destroyed)).toBe(true)
})

describe('the gateway that is asked dials nothing', () => {
  test.each([
    ['for a connection that it does not have', { ...header, connection: 'absent' }],
    ['for a connection without an agent', { ...header, connection: 'direct' }],
    ['by another agent than the connection has', { ...header, agent: 'other' }],
    ['but where the connection leads', { ...header, target: { host: '169.254.169.254', port: 80 } }],
    ['at another port', { ...header, target: { host: 'db.internal', port: 22 } }],
    ['at another socket', { ...header, target: { path: '/run/docker.sock' } }],
  ])('%s', async (_, asked) => {
    const before = backends.length
    await expect(peers().dial('gateway-2', asked, never)).rejects.toMatchObject({ name: 'AgentLost' })
    expect(backends.length).toBe(before)
  })

  test.each([{ session: 's' }, { dial: header.target }])('for a stream of a caller or of an agent: %o', async (asked) => {
    const before = backends.length
    await expect(peers().dial('gateway-2', asked as never, never)).rejects.toMatchObject({ name: 'AgentLost' })
    expect(backends.length).toBe(before)
  })

  test('while it cannot tell which documents are in force', async () => {
    const feed = Object.getPrototypeOf(having.feed)
    const fresh = Object.getOwnPropertyDescriptor(feed, 'fresh')!
    Object.defineProperty(having.feed, 'fresh', { get: () => false, configurable: true })
    onTestFinished(() => void Object.defineProperty(having.feed, 'fresh', { ...fresh, get: () => true }))
    const before = backends.length
    await expect(peers().dial('gateway-2', header, never)).rejects.toMatchObject({ code: 'connection_unavailable' })
    expect(backends.length).toBe(before)
  })

  test('but over its socket, too', async () => {
    const target = { path: '/run/postgresql/.s.PGSQL.5432' }
    const { stream } = await peers().dial('gateway-2', { ...header, target }, never)
    stream.destroy()
  })
})

describe('no tunnel', () => {
  /** Asks as a stranger would, with what the proof of this connection says. */
  async function ask(headers: (channel: string) => Promise<Record<string, string>> | Record<string, string>): Promise<number> {
    const socket = connectTls({ host: '127.0.0.1', port: Number(new URL(urlOf(https)).port), rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const given = await headers(channelOf(socket))
    const webSocket = new WebSocket(`wss://127.0.0.1/v1/gateway/tunnel`, 'hoop.tunnel.v1', {
      headers: given,
      createConnection: () => socket,
    })
    webSocket.on('error', () => undefined)
    return await new Promise((resolve) => {
      webSocket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode ?? 0))
      webSocket.once('open', () => resolve(101))
    }).then((status) => {
      webSocket.terminate()
      return status as number
    })
  }
  const proven = (change: Partial<GatewayProof> = {}, key = asking.registration.key) => {
    return async (channel: string) => {
      const proof = {
        purpose: 'dial',
        from: 'gateway-1',
        to: 'gateway-2',
        channel,
        nonce: crypto.randomUUID(),
        ...change,
      } as const
      return { authorization: `Gateway ${await key.prove(proof)}` }
    }
  }

  test('but for a gateway of the store: the others fail for what is wrong in each', async () => {
    expect(await ask(proven())).toBe(101)
  })

  test.each<[string, () => Parameters<typeof ask>[0]]>([
    ['without a proof', () => () => ({})],
    [
      'with a proof as a bearer token',
      () => async (channel) => ({
        authorization: (await proven()(channel)).authorization.replace('Gateway', 'Bearer'),
      }),
    ],
    ['with the proof of another connection', () => proven({ channel: 'another' })],
    ['with the proof of a plain connection', () => proven({ channel: 'plain' })],
    ['with a proof for another gateway', () => proven({ to: 'gateway-3' })],
    ['with the proof of a gateway that nobody knows', () => proven({ from: 'gateway-3' })],
    ['with the answer of a gateway', () => proven({ purpose: 'answer' })],
    ['of a web page', () => async (channel) => ({ ...(await proven()(channel)), origin: 'https://evil.example' })],
  ])('%s', async (_, headers) => {
    expect([401, 403]).toContain(await ask(headers()))
  })

  test('with the proof of a key of one’s own', async () => {
    const key = await GatewayKey.make()
    expect(await ask(proven({}, key))).toBe(401)
  })

  test('with a proof that was used', async () => {
    const nonce = crypto.randomUUID()
    expect(await ask(proven({ nonce }))).toBe(101)
    expect(await ask(proven({ nonce }))).toBe(401)
  })

  test('for a caller, with the token of a person', async () => {
    const { access_token: token } = await login(asking, issuer, 'admin', ['admins'])
    expect(await ask(() => ({ authorization: `DPoP ${token}` }))).toBe(401)
    expect(await ask(() => ({ authorization: `Gateway ${token}` }))).toBe(401)
  })
})

describe('the gateway that asks believes no other', () => {
  /** The peer as it is, but reached at another address. */
  const reachedAt = (url: string) => ({
    id: asking.registration.id,
    key: asking.registration.key,
    find: async (id: string) => {
      const found = await asking.registration.find(id)
      return found && { ...found, url }
    },
  })

  test('one that decrypts what passes between the two', async () => {
    const between = createTlsServer({ cert: pair.certificate, key: pair.key }, (socket) => {
      const onward = connectTls({ host: '127.0.0.1', port: Number(new URL(urlOf(https)).port), rejectUnauthorized: false })
      for (const end of [socket, onward]) end.on('error', () => undefined)
      socket.pipe(onward).pipe(socket)
    })
    between.listen(0, '127.0.0.1')
    await once(between, 'listening')
    onTestFinished(() => void between.close())
    await expect(peers(reachedAt(urlOf(between))).dial('gateway-2', header, never)).rejects.toThrow(
      /cannot be reached \(The proof of the gateway is of another connection/,
    )
  })

  test('one that answers without the key', async () => {
    const impostor = { ...parts(having), registration: { ...reachedAt(''), id: 'gateway-2', key: await GatewayKey.make() } }
    const other = createServer({ cert: pair.certificate, key: pair.key })
    const attached = attachPeerTunnels({ server: other, ...impostor, strangers: new Strangers(), log: silent })
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(async () => {
      await attached.close('The test is over.')
      other.close()
    })
    await expect(peers(reachedAt(urlOf(other))).dial('gateway-2', header, never)).rejects.toThrow(
      /The proof of the gateway does not hold/,
    )
  })

  test.each([
    ['one that is not there', 'https://127.0.0.1:1', /cannot be reached \(ECONNREFUSED\)/],
    ['one on plain http elsewhere', 'http://gateway.example', /is not behind https/],
  ])('%s', async (_, url, words) => {
    await expect(peers(reachedAt(url)).dial('gateway-2', header, never)).rejects.toThrow(words)
  })

  test('one that has not been seen for long', async () => {
    const seenAt = new Date(Date.now() - 60_000)
    await asking.store.run((db) => putGateway(db, { id: 'gateway-9', url: urlOf(https), publicKey: {}, seenAt }))
    await expect(peers().dial('gateway-9', header, never)).rejects.toThrow(/has stopped/)
  })
})

test('a tunnel’s reading end stands for a stream of two texts, byte by byte', async () => {
  const [ours, theirs] = duplexPair()
  const answered = reachThrough({ openStream: () => ours }, header, never)
  for (const byte of Buffer.of(0, 3, ...Buffer.from('::1'), 5, ...Buffer.from('agt_2'), 42)) theirs.write(Buffer.of(byte))
  const { address, instance } = await answered
  expect({ address, instance }).toEqual({ address: '::1', instance: 'agt_2' })
  expect(ours.read()).toEqual(Buffer.of(42))
})

test('a channel is the same at both ends, and another for each connection', async () => {
  const seen: string[] = []
  const both = createTlsServer({ cert: pair.certificate, key: pair.key }, (socket) => seen.push(channelOf(socket)))
  both.listen(0, '127.0.0.1')
  await once(both, 'listening')
  onTestFinished(() => void both.close())
  for (const at of [0, 1]) {
    const socket: TLSSocket = connectTls({ port: (both.address() as AddressInfo).port, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    await until(() => seen.length > at)
    expect(channelOf(socket)).toBe(seen[at])
    socket.destroy()
  }
  expect(new Set(seen).size).toBe(2)
})
