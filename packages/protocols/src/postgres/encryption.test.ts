import { once } from 'node:events'
import { type Duplex, duplexPair } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { ByteWriter } from '../bytes.ts'
import { makeLocalTls } from '../local-tls.fixture.ts'
import { type ChannelBinding, ScramClient } from '../scram.ts'
import { localPassword, TestCancels } from '../scripted-gate.fixture.ts'
import { write } from './codec.ts'
import { fakeBackend, fakeUpstream, oneRow } from './fake-backend.fixture.ts'
import { fields, outline, type Served, serve, startupMessage, WireClient } from './wire.fixture.ts'

const request = (code: number): Buffer => new ByteWriter().int32(8).uint32(code).take()
const ssl = request(80_877_103)
const gssenc = request(80_877_104)
const hello = startupMessage({ user: 'ada' })

let localTls: Awaited<ReturnType<typeof makeLocalTls>>
beforeAll(async () => {
  localTls = await makeLocalTls()
})
afterEach(() => vi.restoreAllMocks())

interface Opened extends Served {
  readonly raw: Duplex
}
/** A connection that nobody reads from yet. */
function open(options: { tls?: boolean; cancels?: TestCancels } = {}): Opened {
  const dial = fakeBackend(({ tag }, stream) => {
    if (tag === 'Q') stream.write(oneRow)
    if (tag === 'X') stream.end()
  })
  const tls = options.tls === false ? {} : { localTls }
  const served = serve({ upstream: fakeUpstream, dial, cancels: options.cancels ?? new TestCancels(), ...tls })
  served.client.stream.removeAllListeners('data')
  return { ...served, raw: network(served.client.stream) }
}

/** A pair in memory hands bytes over within the write; a network does not, and TLS would be done before anybody listens. */
function network(far: Duplex): Duplex {
  const [near, middle] = duplexPair()
  for (const [from, to] of [
    [middle, far],
    [far, middle],
  ] as const) {
    from.on('data', (chunk: Buffer) => setImmediate(() => to.write(chunk)))
    from.on('end', () => setImmediate(() => to.end()))
    from.on('close', () => setImmediate(() => to.destroy()))
    from.on('error', () => undefined)
  }
  return near
}

async function ask(raw: Duplex, bytes: Buffer): Promise<string> {
  raw.write(bytes)
  const [answer] = (await once(raw, 'data')) as [Buffer]
  return answer.toString('latin1')
}

/** The handshake of a client that trusts this very certificate. */
async function secure(raw: Duplex, alpn: string[] | null = null): Promise<TLSSocket> {
  const socket = connectTls({
    socket: raw,
    servername: 'localhost',
    ca: localTls.certificate,
    ...(alpn === null ? {} : { ALPNProtocols: alpn }),
  })
  await once(socket, 'secureConnect')
  return socket
}

async function negotiated(opened: Opened): Promise<WireClient> {
  expect(await ask(opened.raw, ssl)).toBe('S')
  return new WireClient(await secure(opened.raw))
}

/** SASL by hand, to the end or to an error. */
async function prove(client: WireClient, mechanism: string, binding: ChannelBinding): Promise<string[]> {
  const scram = new ScramClient(localPassword, binding)
  client.send(hello)
  const [offer] = await client.until(({ tag }) => tag === 'R')
  const offered = offer?.body.toString('utf8', 4).split('\0').slice(0, -2) ?? []
  client.send(write.saslInitial(mechanism, scram.first()))
  const next = (await client.until(({ tag }) => tag === 'R' || tag === 'E')).at(-1)
  if (next?.tag === 'E') return [...offered, `E:${fields(next).get('C')}`]
  client.send(write.saslResponse(await scram.final(next?.body.toString('utf8', 4) ?? '')))
  const last = (await client.until(({ tag }) => tag === 'Z' || tag === 'E')).at(-1)
  return [...offered, last?.tag === 'E' ? `E:${fields(last).get('C')}` : 'in']
}

describe('TLS', () => {
  test('after SSLRequest, also after GSSENCRequest was answered N', async () => {
    for (const before of [[], [gssenc]]) {
      const opened = open()
      for (const each of before) expect(await ask(opened.raw, each)).toBe('N')
      const client = await negotiated(opened)
      await client.logIn({ user: 'ada' }, localPassword)
      expect(outline(await client.query('select 1'))).toEqual(['T:1', 'D', 'C:SELECT 1', 'Z:I'])
      client.send(write.terminate()).stream.end()
      expect(await opened.done).toBeNull()
    }
  })
  test('at once, with ALPN', async () => {
    const { raw, done } = open()
    const client = new WireClient(await secure(raw, ['postgresql']))
    await client.logIn({ user: 'ada' }, localPassword)
    client.send(write.terminate()).stream.end()
    expect(await done).toBeNull()
  })
  test('at once, without ALPN, is refused with words', async () => {
    const { raw, done } = open()
    const client = new WireClient(await secure(raw))
    client.send(hello)
    const [refusal] = await client.end()
    expect(fields(refusal).get('M')).toContain('ALPN')
    expect(await done).toBeNull()
  })
  test('with the ALPN of another protocol does not come about', async () => {
    const { raw, done } = open()
    await expect(secure(raw, ['h2'])).rejects.toThrow(/no application protocol/i)
    expect(await done).toBeNull()
  })
})

describe('refused with words', () => {
  const cases: Readonly<Record<string, { tls: boolean; first: readonly Buffer[]; last: Buffer }>> = {
    'bytes along with SSLRequest': { tls: true, first: [], last: Buffer.concat([ssl, hello]) },
    'bytes along with GSSENCRequest': { tls: true, first: [], last: Buffer.concat([gssenc, ssl]) },
    'SSLRequest twice': { tls: false, first: [ssl], last: ssl },
    'GSSENCRequest twice': { tls: true, first: [gssenc], last: gssenc },
    'GSSENCRequest after SSLRequest': { tls: false, first: [ssl], last: gssenc },
    'TLS at once where there is none': { tls: false, first: [], last: Buffer.from('16030100c8010000c4', 'hex') },
    'SSLRequest with a body': { tls: true, first: [], last: new ByteWriter().int32(12).uint32(80_877_103).int32(0).take() },
  }
  for (const [name, { tls, first, last }] of Object.entries(cases)) {
    test(name, async () => {
      const { raw, done } = open({ tls })
      for (const each of first) expect(await ask(raw, each)).toBe('N')
      expect(await ask(raw, last)).toMatch(/^E.*C08P01\0/s)
      expect(await done).toBeNull()
    })
  }
  for (const [name, again] of Object.entries({ SSLRequest: ssl, GSSENCRequest: gssenc })) {
    test(`${name} inside TLS`, async () => {
      const opened = open()
      const client = await negotiated(opened)
      client.send(again)
      expect(outline(await client.end())).toEqual(['E:08P01'])
      expect(await opened.done).toBeNull()
    })
  }
})

describe('channel binding', () => {
  const both = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']
  const ours = (): ChannelBinding => ({ kind: 'tls-server-end-point', data: localTls.endPoint })
  const cases: Readonly<Record<string, readonly [string, () => ChannelBinding, string]>> = {
    'to our certificate': ['SCRAM-SHA-256-PLUS', ours, 'in'],
    'of a client that has none': ['SCRAM-SHA-256', () => ({ kind: 'none' }), 'in'],
    'to another certificate': ['SCRAM-SHA-256-PLUS', () => ({ kind: 'tls-server-end-point', data: Buffer.alloc(32) }), 'E:28P01'],
    'of a client that was told there is none': ['SCRAM-SHA-256', () => ({ kind: 'not-offered' }), 'E:28P01'],
    'under the name of the other mechanism': ['SCRAM-SHA-256', ours, 'E:28P01'],
    'of no kind, under the name of the one that has it': ['SCRAM-SHA-256-PLUS', () => ({ kind: 'none' }), 'E:28P01'],
  }
  for (const [name, [mechanism, binding, result]] of Object.entries(cases)) {
    test(name, async () => {
      const client = await negotiated(open())
      expect(await prove(client, mechanism, binding())).toEqual([...both, result])
    })
  }
  test('is not offered without TLS', async () => {
    // Bound to nothing, the proof would be right.
    for (const binding of [ours(), { kind: 'tls-server-end-point', data: Buffer.alloc(0) } as const]) {
      const bound = new WireClient(open({ tls: false }).raw)
      expect(await prove(bound, 'SCRAM-SHA-256-PLUS', binding)).toEqual(['SCRAM-SHA-256', 'E:28P01'])
    }
    const unbound = new WireClient(open().raw)
    expect(await prove(unbound, 'SCRAM-SHA-256', { kind: 'not-offered' })).toEqual(['SCRAM-SHA-256', 'in'])
  })
})

describe('a caller that does not finish', () => {
  for (const [name, bytes] of Object.entries({
    'its first packet': Buffer.from('00', 'hex'),
    'a handshake after SSLRequest': null,
    'a handshake at once': Buffer.from('16030100c8010000c4', 'hex'),
  })) {
    test(`${name}: is let go`, async () => {
      const time = new AbortController()
      vi.spyOn(AbortSignal, 'timeout').mockReturnValue(time.signal)
      const { raw, done } = open()
      if (bytes === null) expect(await ask(raw, ssl)).toBe('S')
      raw.resume().write(bytes ?? Buffer.from('160301', 'hex'))
      await new Promise(setImmediate)
      time.abort(new DOMException('late', 'TimeoutError'))
      expect(await done).toBeNull()
      // The far side is gone: nothing is kept for it.
      await expect.poll(() => raw.readableEnded || raw.destroyed, { timeout: 4_500 }).toBe(true)
    })
  }
  test('garbage in place of a handshake ends the connection without words', async () => {
    const { raw, done } = open()
    expect(await ask(raw, ssl)).toBe('S')
    const came: Buffer[] = []
    raw.on('data', (chunk: Buffer) => came.push(chunk))
    raw.write(hello)
    expect(await done).toBeNull()
    await expect.poll(() => raw.readableEnded).toBe(true)
    // A TLS alert at most.
    expect(Buffer.concat(came).toString('latin1')).not.toContain('FATAL')
  })
})

test('a cancel request inside TLS, with a key of 32 bytes', async () => {
  let cancelled = 0
  const cancels = new TestCancels()
  const { secret } = cancels.register(() => cancelled++, 32)
  const client = await negotiated(open({ cancels }))
  const packet = new ByteWriter()
    .int32(12 + 32)
    .uint32(80_877_102)
    .uint32(1)
    .bytes(secret)
  client.send(packet.take())
  expect(await client.end()).toEqual([])
  expect(cancelled).toBe(1)
})
