import { describe, expect, test } from 'vitest'
import { ByteReader, ByteWriter } from '../bytes.ts'
import { localPassword, ScriptedGate, TestCancels } from '../scripted-gate.fixture.ts'
import { write } from './codec.ts'
import { fakeBackend, fakeUpstream, oneRow, welcome } from './fake-backend.fixture.ts'
import { fields, type Message, outline, raw, type Served, serve, startupMessage } from './wire.fixture.ts'

const request = (code: number): Buffer => new ByteWriter().int32(8).uint32(code).take()
const ssl = request(80_877_103)
const gssenc = request(80_877_104)
const hello = startupMessage({ user: 'ada' })

function open(greeting: Buffer = welcome, cancels = new TestCancels()): Served {
  const dial = fakeBackend(({ tag }, stream) => void (tag === 'Q' && stream.write(oneRow)), greeting)
  return serve({ upstream: fakeUpstream, dial, gate: new ScriptedGate(), cancels })
}

/** The one byte that answers an encryption request. */
function answered({ client }: Served): Promise<string> {
  return new Promise((resolve) => client.stream.once('data', (chunk: Buffer) => resolve(chunk.toString())))
}

describe('before the startup', () => {
  for (const [name, requests] of Object.entries({ SSLRequest: [ssl], GSSENCRequest: [gssenc], both: [gssenc, ssl] })) {
    test(`${name} is answered N`, async () => {
      const served = serve({ upstream: fakeUpstream, dial: fakeBackend(() => undefined) })
      const { stream } = served.client
      stream.removeAllListeners('data')
      for (const each of requests) {
        const answer = answered(served)
        stream.write(each)
        expect(await answer).toBe('N')
      }
      const answer = answered(served)
      stream.write(hello)
      expect((await answer).charAt(0)).toBe('R')
      stream.end()
    })
  }

  const refused: Readonly<Record<string, Buffer>> = {
    'bytes along with SSLRequest': Buffer.concat([ssl, hello]),
    'a packet too short': Buffer.from('00000004', 'hex'),
    'a packet too long': Buffer.from('7fffffff', 'hex'),
    'a negative length': Buffer.from('ffffffff', 'hex'),
    'TLS at once': Buffer.from('16030100c8010000c4', 'hex'),
    'another protocol': startupMessage({ user: 'ada' }, 131_072),
    replication: startupMessage({ user: 'ada', replication: 'true' }),
    'another database': startupMessage({ user: 'ada', database: 'postgres' }),
  }
  for (const [name, bytes] of Object.entries(refused)) {
    test(`${name} is refused with words`, async () => {
      const { client, done } = open()
      client.send(bytes)
      const last = (await client.end()).at(-1)
      expect(fields(last).get('M')).toMatch(/\w+ \w+/)
      expect(await done).toBeNull()
    })
  }
})

/** The version and the unknown options of a NegotiateProtocolVersion. */
function negotiation({ body }: Message): (number | string)[] {
  const reader = new ByteReader(body)
  const version = reader.uint32()
  return [version, ...Array.from({ length: reader.uint32() }, () => reader.cstring())]
}

describe('versions', () => {
  const grease = { user: 'ada', '_pq_.test_protocol_negotiation': 'x' }
  const cases: readonly [
    number,
    Record<string, string>,
    { answered: readonly [number, ...string[]] | null; keyLength: number },
  ][] = [
    [196_608, { user: 'ada' }, { answered: null, keyLength: 4 }],
    [196_609, { user: 'ada' }, { answered: null, keyLength: 4 }],
    [196_610, { user: 'ada' }, { answered: null, keyLength: 32 }],
    [196_611, { user: 'ada' }, { answered: [196_610], keyLength: 32 }],
    [0x0003_270f, grease, { answered: [196_610, '_pq_.test_protocol_negotiation'], keyLength: 32 }],
    [196_608, { user: 'ada', '_pq_.a': '', '_pq_.b': 'x' }, { answered: [196_608, '_pq_.a', '_pq_.b'], keyLength: 4 }],
  ]
  for (const [version, parameters, { answered, keyLength }] of cases) {
    test(`${version >>> 16}.${version & 0xffff} with ${Object.keys(parameters).slice(1).join(' and ') || 'no options'}`, async () => {
      const { client } = open()
      client.send(startupMessage(parameters, version))
      const [first] = await client.until(({ tag }) => tag === 'v' || tag === 'R')
      expect(first?.tag === 'v' ? negotiation(first) : null).toEqual(answered)
      if (first?.tag === 'R') client.received.unshift(first)
      const greeting = await client.prove(localPassword)
      expect(greeting.find(({ tag }) => tag === 'K')?.body.length).toBe(4 + keyLength)
      expect(outline(await client.query('select 1'))).toEqual(['T:1', 'D', 'C:SELECT 1', 'Z:I'])
    })
  }
})

describe('the login', () => {
  test('with a wrong password', async () => {
    const { client, gate, done } = open()
    await expect(client.logIn({ user: 'ada' }, 'wrong')).rejects.toThrow('28P01 the local password is wrong')
    expect(gate.admitted).toEqual([])
    expect(await done).toBeNull()
  })
  for (const [name, message] of Object.entries({
    'a query before it': write.query('select 1'),
    'another mechanism': write.saslInitial('SCRAM-SHA-256-PLUS', 'p=tls-server-end-point,,n=,r=abcdefgh'),
    'a message too long': Buffer.from('70ffffffff', 'hex'),
    'a message of garbage': raw('p', Buffer.from('ffffffff', 'hex')),
  })) {
    test(name, async () => {
      const { client, done } = open()
      client.send(hello, message)
      expect(outline(await client.end())).toEqual(['R', expect.stringMatching(/^E:(08P01|28P01)$/)])
      expect(await done).toBeNull()
    })
  }
  test('is left by a caller that goes away at any byte', async () => {
    for (let at = 0; at < hello.length; at++) {
      const { client, done } = open()
      client.send(hello.subarray(0, at)).stream.end()
      expect(await done).toBeNull()
    }
  })
})

test('a cancel request ends quietly, with the right key or another', async () => {
  let cancelled = 0
  const cancels = new TestCancels()
  cancels.register(() => cancelled++, 4)
  for (const key of ['0000', '9876', '']) {
    const { client } = open(welcome, cancels)
    const packet = new ByteWriter()
      .int32(12 + key.length)
      .uint32(80_877_102)
      .uint32(1)
      .bytes(Buffer.from(key))
      .take()
    client.send(
      packet.length < 16 ? Buffer.concat([packet.subarray(0, 3), Buffer.of(packet.length), packet.subarray(4)]) : packet,
    )
    expect(await client.end()).toEqual([])
  }
  expect(cancelled).toBe(1)
})

describe('a backend that does not let the gateway in', () => {
  const refusal = (code: string, message: string): Buffer =>
    write.diagnostics(
      69,
      new Map([
        ['S', 'FATAL'],
        ['V', 'FATAL'],
        ['C', code],
        ['M', message],
      ]),
    )
  const greetings: Readonly<Record<string, [Buffer, string]>> = {
    'for its password': [refusal('28P01', 'password authentication failed for user "app"'), '08001'],
    'for its address': [refusal('28000', 'no pg_hba.conf entry for host "10.0.0.7", user "app"'), '08001'],
    'for too many connections': [refusal('53300', 'too many clients already'), '53300'],
    'with a negative length': [Buffer.from('52ffffffff', 'hex'), '08P01'],
    'with rows': [raw('D', Buffer.of(0, 0)), '08001'],
    'asking for the password in the clear': [write.authentication(3), '08001'],
    'asking for Kerberos': [write.authentication(2), '08001'],
    'ending SCRAM before it began': [write.authentication(12, Buffer.from('v=AA')), '08001'],
  }
  for (const [name, [greeting, code]] of Object.entries(greetings)) {
    test(`${name}: words without the account`, async () => {
      const { client, done } = open(greeting)
      await expect(client.logIn({ user: 'ada' }, localPassword)).rejects.toThrow(new RegExp(`${code}|ended after`))
      const words = client.received.map((message) => message.body.toString()).join()
      expect(words).not.toMatch(/app|secret|10\.0\.0\.7/)
      expect(await done).toBeNull()
    })
  }
})
