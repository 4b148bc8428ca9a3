import { once } from 'node:events'
import { HoopError } from '@hoop/contracts'
import { beforeAll, describe, expect, test } from 'vitest'
import { Authority, type Pair } from '../certificates.fixture.ts'
import type { BackendHost, BackendTls } from '../protocol.ts'
import { scramVerifier } from '../scram.fixture.ts'
import { ScramServer } from '../scram.ts'
import { localPassword } from '../scripted-gate.fixture.ts'
import { BackendRefused } from './backend.ts'
import { write } from './codec.ts'
import { complete, fakeBackend, fakeUpstream, rowDescription, textRow } from './fake-backend.fixture.ts'
import type { Handshake } from './handshake.ts'
import { authentication, startupCodes, backend as tags } from './messages.ts'
import { acceptTls, openScripted, type Scripted, saslInitialOf, startupOf } from './scripted-server.fixture.ts'
import { fields, outline, raw, serve } from './wire.fixture.ts'

const ok = write.authentication(0)
const ready = write.readyForQuery('I')
const status = (name: string, value: string) => write.parameterStatus(name, value)
const keyOf = (length: number) => write.backendKeyData(7, Buffer.alloc(length, 1))
const failure = (code: string, words: string, severity = 'FATAL') =>
  write.diagnostics(
    tags.errorResponse,
    new Map([
      ['S', severity],
      ['V', severity],
      ['C', code],
      ['M', words],
    ]),
  )
const notice = write.diagnostics(tags.noticeResponse, new Map([['M', 'x'.repeat(200)]]))
const negotiate = (version: number, ...options: string[]) => write.negotiateProtocolVersion(version, options)

/** Answers the startup packet with these bytes. */
const answers =
  (...bytes: Uint8Array[]): Scripted =>
  async (server) => {
    await startupOf(server)
    server.stream.write(Buffer.concat(bytes))
  }
/** Why the login failed, as callers are told. */
async function wordsOf(script: Scripted, ...rest: [Parameters<typeof openScripted>[1]?]): Promise<string> {
  const { backend } = openScripted(script, ...rest)
  const error: unknown = await backend.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(HoopError)
  return String(error)
}

describe('methods that are not supported are refused with what to do', () => {
  test.each([
    ['GSSAPI', authentication.gss, /GSSAPI/],
    ['SSPI', authentication.sspi, /SSPI/],
    ['Kerberos V5', authentication.kerberosV5, /Kerberos/],
    ['one that is not known', 99, /request 99/],
  ])('%s', async (_, request, words) => {
    const { backend } = openScripted(answers(write.authentication(request)))
    await expect(backend).rejects.toMatchObject({
      message: expect.stringMatching(words),
      hint: expect.stringContaining('pg_hba.conf'),
    })
  })
  test('a SASL mechanism that is not known', async () => {
    const offer = write.authentication(authentication.sasl, Buffer.from('OAUTHBEARER\0\0'))
    expect(await wordsOf(answers(offer))).toContain('OAUTHBEARER')
  })
})

describe('the protocol version', () => {
  test('3.2 is asked for, and gone on with', async () => {
    const seen: number[] = []
    const { backend } = openScripted(async (server) => {
      seen.push((await startupOf(server)).version)
      server.stream.write(Buffer.concat([ok, keyOf(256), ready]))
    })
    expect((await backend).key?.secret).toHaveLength(256)
    expect(seen).toEqual([startupCodes.protocol32])
  })
  test('3.0 is gone on with where the server knows no other', async () => {
    const { backend } = openScripted(answers(negotiate(startupCodes.protocol30), ok, keyOf(4), ready))
    expect((await backend).key?.processId).toBe(7)
  })
  test.each(['0A000', '08P01'])('a server that ends the connection over it (%s) is asked again for 3.0, once', async (code) => {
    const seen: number[] = []
    const script: Scripted = async (server) => {
      const { version } = await startupOf(server)
      seen.push(version)
      server.stream.write(
        version === startupCodes.protocol30 && code === '0A000' ? Buffer.concat([ok, ready]) : failure(code, 'no'),
      )
    }
    const { backend } = openScripted(script)
    if (code === '0A000') expect((await backend).key).toBeNull()
    else await expect(backend).rejects.toThrow(BackendRefused)
    expect(seen).toEqual([startupCodes.protocol32, startupCodes.protocol30])
  })
  test.each<[string, Buffer]>([
    ['higher than what was asked for', negotiate(196_611)],
    ['the one that was asked for', negotiate(startupCodes.protocol32)],
    ['3.1, which there is not', negotiate(196_609)],
    ['2.0', negotiate(131_072)],
    ['options that were not asked for', negotiate(startupCodes.protocol30, '_pq_.x')],
    ['more options than there are bytes', raw('v', Buffer.from('000300007fffffff', 'hex'))],
    ['twice', Buffer.concat([negotiate(startupCodes.protocol30), negotiate(startupCodes.protocol30)])],
    ['after the authentication', Buffer.concat([ok, negotiate(startupCodes.protocol30)])],
  ])('is refused: %s', async (_, bytes) => {
    expect(await wordsOf(answers(bytes, ok, ready))).toMatch(/does not speak PostgreSQL's protocol/)
  })
})

describe('what a server says before it is ready is believed within bounds', () => {
  const valid = Buffer.concat([ok, status('server_version', '18.4'), notice, keyOf(32), ready])
  const scramOffer = write.authentication(authentication.sasl, Buffer.from('SCRAM-SHA-256\0\0'))

  test('whatever the pieces it comes in', async () => {
    const { backend } = openScripted(async (server) => {
      await startupOf(server)
      for (const byte of valid) server.stream.write(Buffer.of(byte))
    })
    expect((await backend).parameters.get('server_version')).toBe('18.4')
  })
  test('and if it ends at any byte, the login ends with words', async () => {
    for (let end = 0; end < valid.length; end += end < 40 ? 1 : 7) {
      const words = await wordsOf(async (server) => {
        await startupOf(server)
        server.stream.end(valid.subarray(0, end))
      })
      expect(words).toMatch(/closed the connection during the login/)
    }
  })

  const hex = (digits: string) => Buffer.from(digits, 'hex')
  test.each<[string, Buffer]>([
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a negative length', hex('52ffffffff')],
    ['a length that wraps', hex('5280000004')],
    ['a length below its own', hex('5200000003')],
    ['a length above the limit', hex('5200010001')],
    ['an authentication without its request', raw('R')],
    ['AuthenticationOk with something behind it', raw('R', hex('0000000000'))],
    ['MD5 without its salt', raw('R', hex('00000005'))],
    ['mechanisms without their end', raw('R', Buffer.concat([hex('0000000a'), Buffer.from('SCRAM-SHA-256')]))],
    ['a query result', Buffer.concat([ok, rowDescription('x')])],
    ['a key of three bytes', Buffer.concat([ok, keyOf(3)])],
    ['a key of 257 bytes', Buffer.concat([ok, keyOf(257)])],
    ['a key of 32 bytes with protocol 3.0', Buffer.concat([negotiate(startupCodes.protocol30), ok, keyOf(32)])],
    ['two keys', Buffer.concat([ok, keyOf(32), keyOf(32)])],
    ['a parameter without its value', Buffer.concat([ok, raw('S', 'server_version\0')])],
    ['an error without its end', raw('E', 'SFATAL\0')],
    ['an open transaction', Buffer.concat([ok, write.readyForQuery('T')])],
    ['a second AuthenticationOk', Buffer.concat([ok, ok])],
  ])('%s', async (_, bytes) => {
    expect(await wordsOf(answers(bytes, ready))).toMatch(/does not speak PostgreSQL's protocol/)
  })

  const md5 = write.authentication(authentication.md5, Buffer.from('salt'))
  test.each<[string, Buffer[]]>([
    ['the second step of SASL first', [write.authentication(authentication.saslContinue, Buffer.from('r=x'))]],
    ['the last step of SASL first', [write.authentication(authentication.saslFinal, Buffer.from('v=x'))]],
    ['two offers', [scramOffer, scramOffer]],
    ['MD5 in place of the proof', [scramOffer, md5]],
    ['MD5 with salt upon salt', [md5, md5]],
  ])('an authentication out of turn: %s', async (_, requests) => {
    expect(await wordsOf(answers(...requests))).toMatch(/out of turn/)
  })

  test.each<[string, (n: number) => Buffer, RegExp]>([
    ['notices', () => notice, /a login without an end/],
    ['the same parameter', () => status('x', 'y'), /a login without an end/],
    ['parameters', (n) => status(`x${n}`, 'y'), /more than 200 parameters/],
    ['large parameters', () => status('x', 'y'.repeat(60_000)), /a login without an end/],
  ])('an endless row of %s', async (_, message, expected) => {
    let sent = 0
    const words = await wordsOf(async (server) => {
      const { stream } = server
      await startupOf(server)
      stream.write(ok)
      for (let n = 0; !stream.destroyed && n < 1_000_000; n++) {
        const bytes = message(n)
        sent += bytes.length
        if (!stream.write(bytes)) await Promise.race([once(stream, 'drain'), once(stream, 'close')])
      }
    })
    expect(words).toMatch(expected)
    expect(sent).toBeLessThan(2 * 1024 * 1024)
  })

  const silence: BackendTls = { serverName: 'x', ca: null, negotiation: 'postgres' }
  test.each<[string, BackendTls | null, Scripted]>([
    ['nothing at all', null, () => undefined],
    ['nothing after SSLRequest', silence, () => undefined],
    ['nothing in TLS', { ...silence, negotiation: 'direct' }, () => undefined],
    [
      'a byte now and then',
      null,
      async ({ stream }) => {
        for (let n = 0; !stream.destroyed; n++) {
          stream.write(notice.subarray(n % notice.length).subarray(0, 1))
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
      },
    ],
  ])('%s ends within the time limit', async (_, tls, script) => {
    const words = await wordsOf(script, { hosts: [{ host: 'one', port: 1, tls }], connectTimeout: 200 })
    expect(words).toMatch(/did not finish the login within 0\.2 s/)
  })
})

describe('errors of the server', () => {
  test('words of class 28 stay in the log', async () => {
    const { backend, warnings } = openScripted(answers(failure('28P01', 'password authentication failed for user "app"')))
    const error = await backend.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(HoopError)
    expect(String(error)).not.toContain('app')
    expect(warnings).toHaveLength(1)
  })
  test('others are the caller to read', async () => {
    const { backend } = openScripted(answers(ok, failure('3D000', 'database "shop" does not exist')))
    await expect(backend).rejects.toMatchObject({ name: 'BackendRefused', code: '3D000' })
  })
})

describe('the server proves that it knows the password', () => {
  const verifier = scramVerifier('secret')
  const scramServer =
    (change: (final: string) => Buffer[]): Scripted =>
    async (server) => {
      await startupOf(server)
      const scram = new ScramServer(verifier)
      server.stream.write(write.authentication(authentication.sasl, Buffer.from('SCRAM-SHA-256\0\0')))
      const first = scram.first((await saslInitialOf(server)).data)
      server.stream.write(write.authentication(authentication.saslContinue, Buffer.from(first)))
      const final = scram.final((await server.message()).body().rest().toString())
      server.stream.write(Buffer.concat([...change(final), ok, ready]))
    }
  const final = (text: string) => write.authentication(authentication.saslFinal, Buffer.from(text))

  test('or is not believed', async () => {
    const { backend } = openScripted(scramServer((text) => [final(text)]))
    expect((await backend).key).toBeNull()
    expect(await wordsOf(scramServer(() => []))).toContain('without its proof')
    expect(await wordsOf(scramServer(() => [final(`v=${Buffer.alloc(32).toString('base64')}`)]))).toContain('did not prove')
  })
  test.each([
    ['a nonce of its own', 'r=abcdefghijklmnop,s=QUJD,i=4096'],
    ['no salt', 'r=abc,i=4096'],
    ['work for years', 'i=1000000000'],
  ])('and may not choose %s', async (_, message) => {
    const words = await wordsOf(async (server) => {
      await startupOf(server)
      server.stream.write(write.authentication(authentication.sasl, Buffer.from('SCRAM-SHA-256\0\0')))
      const { data } = await saslInitialOf(server)
      const nonce = /r=(.*)$/.exec(data)?.[1] ?? ''
      const first = message.startsWith('i=') ? `r=${nonce}x,s=QUJD,${message}` : message
      server.stream.write(write.authentication(authentication.saslContinue, Buffer.from(first)))
    })
    expect(words).toMatch(/SCRAM exchange failed/)
  })
})

describe('TLS', () => {
  let pair: Pair
  let host: BackendHost & { tls: BackendTls }
  beforeAll(async () => {
    const authority = await Authority.make()
    pair = await authority.sign('database', ['db.example'])
    host = { host: 'db.example', port: 1, tls: { serverName: 'db.example', ca: authority.certificate, negotiation: 'postgres' } }
  })
  const direct = () => ({ hosts: [{ ...host, tls: { ...host.tls, negotiation: 'direct' as const } }] })

  test.each<[string, string | Buffer, RegExp]>([
    ['no TLS', 'N', /does not offer TLS/],
    ['an error, whose words could be anybody’s', failure('53300', 'call 555-0100'), /does not offer TLS/],
    [
      'bytes that come before the handshake',
      Buffer.concat([Buffer.from('S'), failure('28000', 'x')]),
      /before the TLS handshake/,
    ],
  ])('is refused: %s', async (_, answer, expected) => {
    const words = await wordsOf(
      async (server) => {
        await server.packet()
        server.stream.write(answer)
      },
      { hosts: [host] },
    )
    expect(words).toMatch(expected)
    expect(words).not.toContain('555')
  })

  const inTls =
    (options: Parameters<typeof acceptTls>[2], script: (server: Handshake) => Promise<void>): Scripted =>
    async (plain) => {
      const { server } = await acceptTls(plain, pair, options)
      await script(server)
    }
  const greets = async (server: Handshake) => {
    await startupOf(server)
    server.stream.write(Buffer.concat([ok, ready]))
  }

  test('ALPN must name PostgreSQL where TLS is all that was said', async () => {
    const { backend } = openScripted(inTls({ direct: true, alpn: ['postgresql'] }, greets), direct())
    expect((await backend).key).toBeNull()
    expect(await wordsOf(inTls({ direct: true }, greets), direct())).toMatch(/does not say that it is PostgreSQL/)
  })
  test('ALPN may be silent after SSLRequest', async () => {
    const { backend } = openScripted(inTls({}, greets), { hosts: [host] })
    expect((await backend).key).toBeNull()
  })

  test.each([
    ['SCRAM-SHA-256-PLUS\0SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS', 'p=tls-server-end-point,,'],
    ['SCRAM-SHA-256', 'SCRAM-SHA-256', 'y,,'],
  ])('of %s, %s is taken', async (offered, mechanism, header) => {
    const taken = Promise.withResolvers<{ mechanism: string; data: string }>()
    const { backend } = openScripted(
      inTls({}, async (server) => {
        await startupOf(server)
        server.stream.write(write.authentication(authentication.sasl, Buffer.from(`${offered}\0\0`)))
        taken.resolve(await saslInitialOf(server))
        server.stream.destroy()
      }),
      { hosts: [host] },
    )
    expect(await taken.promise).toMatchObject({ mechanism, data: expect.stringMatching(`^${header}`) })
    await expect(backend).rejects.toThrow()
  })
})

describe('several hosts', () => {
  const host = (name: string): BackendHost => ({ host: name, port: 5432, tls: null })
  const hosts = [host('a'), host('b'), host('c')]
  const greeting = (parameters: Record<string, string>) =>
    Buffer.concat([ok, ...Object.entries(parameters).map(([name, value]) => status(name, value)), ready])
  /** A server before 14: it says what it is when it is asked. */
  const older =
    (kinds: Record<string, 'standby' | 'primary'>): Scripted =>
    async (server, { host: name }) => {
      await startupOf(server)
      server.stream.write(greeting({ server_version: '13.9' }))
      const asked = (await server.message()).body().cstring()
      const yes = asked.includes('recovery') ? 't' : 'on'
      const no = asked.includes('recovery') ? 'f' : 'off'
      const value = kinds[name] === 'standby' ? yes : no
      server.stream.write(Buffer.concat([rowDescription('x'), textRow(value), complete('SELECT 1'), ready]))
    }

  test('are tried in order, and at random where that is asked for', async () => {
    const down: Scripted = async (server) => void server.stream.destroy()
    const ordered = openScripted(down, { hosts })
    await expect(ordered.backend).rejects.toThrow(/none of the hosts.*a:5432: .*; b:5432: .*; c:5432: /)
    expect(ordered.dials).toEqual(['a:5432', 'b:5432', 'c:5432'])
    const orders = new Set<string>()
    for (let n = 0; n < 60; n++) {
      const random = openScripted(down, { hosts, loadBalance: 'random' })
      await random.backend.catch(() => undefined)
      expect(random.dials.toSorted()).toEqual(ordered.dials)
      orders.add(random.dials.join())
    }
    expect(orders.size).toBeGreaterThan(3)
  })
  test('one that is starting up is passed over, one that refuses is not', async () => {
    const one = (code: string) =>
      openScripted(
        async (server, { host: name }) => {
          await startupOf(server)
          server.stream.write(name === 'a' ? failure(code, 'words') : Buffer.concat([ok, ready]))
        },
        { hosts },
      )
    expect((await one('57P03').backend).host).toBe('b:5432')
    for (const code of ['28P01', '3D000', '53300']) {
      const { backend, dials } = one(code)
      await expect(backend).rejects.toThrow()
      expect(dials).toEqual(['a:5432'])
    }
  })
  test('one that is silent does not cost the others their turn', async () => {
    const { backend } = openScripted(
      async (server, { host: name }) => {
        if (name === 'c') await answers(ok, ready)(server, host(name))
      },
      { hosts, connectTimeout: 150 },
    )
    expect((await backend).host).toBe('c:5432')
  })
  test.each([
    ['read-write', 'b'],
    ['read-only', 'a'],
    ['primary', 'b'],
    ['standby', 'a'],
  ] as const)('servers before 14 are asked what they are, on the record: %s', async (targetSessionAttrs, wanted) => {
    const { backend, own } = openScripted(older({ a: 'standby', b: 'primary' }), { hosts, targetSessionAttrs })
    expect((await backend).host).toBe(`${wanted}:5432`)
    expect(own).toHaveLength(wanted === 'a' ? 1 : 2)
  })
  test('a default that is read-only counts as read-only', async () => {
    const script: Scripted = async (server, { host: name }) => {
      await startupOf(server)
      server.stream.write(greeting({ in_hot_standby: 'off', default_transaction_read_only: name === 'a' ? 'on' : 'off' }))
    }
    expect((await openScripted(script, { hosts, targetSessionAttrs: 'read-write' }).backend).host).toBe('b:5432')
    expect((await openScripted(script, { hosts, targetSessionAttrs: 'primary' }).backend).host).toBe('a:5432')
  })
  test('an answer that is none is an error', async () => {
    const script: Scripted = async (server) => {
      await startupOf(server)
      server.stream.write(greeting({}))
      await server.message()
      server.stream.write(Buffer.concat([complete('SELECT 0'), ready]))
    }
    expect(await wordsOf(script, { targetSessionAttrs: 'primary' })).toMatch(/does not say whether/)
  })
})

test('a transaction that is lost with its connection is seen to be lost', async () => {
  let dials = 0
  const dial = fakeBackend(({ tag, body }, stream) => {
    if (tag !== 'Q') return
    if (body.toString().startsWith('begin')) stream.write(Buffer.concat([complete('BEGIN'), write.readyForQuery('T')]))
    else stream.destroy()
  })
  const { client, done } = serve({
    upstream: fakeUpstream,
    dial: async (...of) => {
      dials++
      return await dial(...of)
    },
  })
  await client.logIn({ user: 'ada' }, localPassword)
  expect(outline(await client.query('begin'))).toEqual(['C:BEGIN', 'Z:T'])
  client.send(write.query('select 1'))
  const last = (await client.end()).at(-1)
  expect(fields(last).get('C')).toBe('08006')
  expect(fields(last).get('S')).toBe('FATAL')
  expect(fields(last).get('H')).toMatch(/rolled back/)
  expect(await done).toBeNull()
  // One for the session and one for our own reads of the catalogue: none in place of the one that was lost.
  expect(dials).toBeLessThanOrEqual(2)
})
