import { chmod, cp, lchown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import { type PostgresServer, startPostgres } from '@hoop/postgres-server'
import { startTestPostgres } from '@hoop/postgres-server/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ByteReader } from '../bytes.ts'
import { Authority, type Pair } from '../certificates.fixture.ts'
import type { BackendHost, BackendTls, PostgresUpstream } from '../protocol.ts'
import { type Backend, cancelBackend, openBackend } from './backend.ts'
import { secure } from './backend-tls.ts'
import { read, write } from './codec.ts'
import { Handshake } from './handshake.ts'
import { authentication } from './messages.ts'
import { acceptTls } from './scripted-server.fixture.ts'

/** Real servers: one that asks each role for something else, and a standby of it. */
const password = 'pä55 ﬁ\u{1f511}'
/** Passwords that only an exact SASLprep brings to what the server keeps. */
const prepared = { ligature: 'ﬁve', 'non-breaking space': 'a\u00a0b', 'soft hyphen': 'so\u00adft', key: '\u{1f511}ﬁ' }
const access = [
  'local all local_trust trust',
  'local all all peer',
  'hostssl all over_tls all scram-sha-256',
  'host all plain all scram-sha-256',
  'host all by_md5 all md5',
  'host all in_clear all password',
  'host all trusted all trust',
  'hostssl all by_certificate all cert',
  'hostssl all by_both all scram-sha-256 clientcert=verify-full',
  'host all all all scram-sha-256',
]

let folder: string
let authority: Authority
let server: Pair
let primary: PostgresServer
let standby: PostgresServer
let admin: pg.Client
const open: Duplex[] = []
const warnings: string[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-methods-'))
  await chmod(folder, 0o755)
  const sockets = join(folder, 'sockets')
  await mkdir(sockets)
  await chmod(sockets, 0o777)
  // SHA-384: a client that always hashed by SHA-256 would not get in with channel binding.
  authority = await Authority.make('ECDSA with SHA-384')
  server = await authority.sign('database', ['127.0.0.1', 'localhost'])
  const options = {
    password: 'admin',
    durable: false,
    access,
    tls: { cert: server.certificate, key: server.key, clientCa: authority.certificate },
  }
  primary = await startTestPostgres({ ...options, dataFolder: join(folder, 'primary') })
  admin = await adminOf(primary)
  for (const role of [
    'over_tls',
    'plain',
    'in_clear',
    'by_both',
    'trusted',
    'local_trust',
    'by_certificate',
    userInfo().username,
  ])
    await admin.query(`create role "${role}" login password '${password}'`)
  for (const [name, each] of Object.entries(prepared)) await admin.query(`create role "${name}" login password '${each}'`)
  await admin.query("set password_encryption = 'md5'")
  await admin.query(`create role by_md5 login password '${password}'`)
  await admin.end()
  await primary.stop()
  await mkdir(join(folder, 'standby'))
  await cp(join(folder, 'primary', 'cluster'), join(folder, 'standby', 'cluster'), { recursive: true })
  await owned(join(folder, 'standby', 'cluster'), join(folder, 'primary', 'cluster'))
  await writeFile(join(folder, 'standby', 'cluster', 'standby.signal'), '')
  ;[primary, standby] = await Promise.all([
    startPostgres({ ...options, dataFolder: join(folder, 'primary'), settings: { unix_socket_directories: sockets } }),
    startPostgres({ ...options, dataFolder: join(folder, 'standby') }),
  ])
  admin = await adminOf(primary)
})
afterAll(async () => {
  for (const stream of open) stream.destroy()
  await admin?.end()
  await Promise.all([primary?.stop(), standby?.stop()])
  await rm(folder, { recursive: true, force: true })
})

async function adminOf(of: PostgresServer): Promise<pg.Client> {
  const client = new pg.Client(of.url())
  await client.connect()
  return client
}

/** A copy made by root belongs to whom the original does. */
async function owned(copy: string, original: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid, gid, mode } = await stat(original)
  await chmod(copy, mode)
  for (const each of ['', ...(await readdir(copy, { recursive: true }))]) await lchown(join(copy, each), uid, gid)
}

async function dial({ host, port }: BackendHost): Promise<Duplex> {
  const socket = connect(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port })
  await new Promise<void>((resolve, reject) => void socket.once('connect', resolve).once('error', reject))
  return socket
}

const verified = (): BackendTls => ({ serverName: 'localhost', ca: authority.certificate, negotiation: 'postgres' })
const hostOf = (of: PostgresServer, tls: BackendTls | null): BackendHost => ({ host: '127.0.0.1', port: of.port, tls })
const over = (tls: BackendTls | null): Pick<PostgresUpstream, 'hosts'> => ({ hosts: [hostOf(primary, tls)] })

async function logIn(
  user: string,
  options: Partial<PostgresUpstream>,
  change: { pinned?: boolean; dial?: typeof dial } = {},
): Promise<Backend> {
  const backend = await openBackend({
    context: { dial: change.dial ?? dial, warn: (words) => void warnings.push(words), own: () => undefined },
    upstream: {
      hosts: [],
      loadBalance: 'disable',
      targetSessionAttrs: 'any',
      connectTimeout: 5_000,
      user,
      password,
      certificate: null,
      databases: ['postgres'],
      ...options,
    },
    database: 'postgres',
    settings: new Map([['application_name', 'methods']]),
    pinned: change.pinned ?? true,
    signal: AbortSignal.timeout(10_000),
  })
  open.push(backend.stream)
  return backend
}

/** The first value of a query's answer, or its SQLSTATE. */
async function ask({ stream }: Backend, text: string): Promise<string> {
  const handshake = new Handshake(stream, AbortSignal.timeout(10_000))
  stream.write(write.query(text))
  let answer = ''
  for (;;) {
    const { message } = await handshake.message()
    const body = new ByteReader(message.subarray(5))
    const tag = String.fromCharCode(message[0] ?? 0)
    if (tag === 'E') answer = read.diagnostics(body).get('C') ?? ''
    if (tag === 'D') answer = String(read.dataRow(body)[0])
    if (tag === 'Z') break
  }
  handshake.release()
  return answer
}

describe('every method of authentication', () => {
  test.each<[string, string, () => Partial<PostgresUpstream>]>([
    ['SCRAM with channel binding', 'over_tls', () => over(verified())],
    ['SCRAM without TLS', 'plain', () => over(null)],
    ['MD5', 'by_md5', () => over(null)],
    ['a password in clear, over TLS', 'in_clear', () => over(verified())],
    ['trust, with a password that nobody asks for', 'trusted', () => over(null)],
    ['trust', 'trusted', () => ({ ...over(null), password: null })],
    ['TLS from the first byte', 'over_tls', () => over({ ...verified(), negotiation: 'direct' })],
  ])('%s', async (_, user, options) => {
    expect(await ask(await logIn(user, options()), 'select current_user')).toBe(user)
  })

  test('a password that differs from what is kept only before SASLprep', async () => {
    for (const [name, each] of Object.entries(prepared)) await logIn(name, { ...over(null), password: each })
    await logIn('soft hyphen', { ...over(null), password: 'soft' })
    await logIn('ligature', { ...over(null), password: 'five' })
    await expect(logIn('key', { ...over(null), password: '\u{1f511}fi' })).rejects.toThrow(/credential/)
  })

  test('a certificate, and a certificate and a password', async () => {
    for (const user of ['by_certificate', 'by_both']) {
      const { certificate, key } = await authority.sign(user)
      const backend = await logIn(user, { ...over(verified()), certificate: { certificate, key } })
      expect(await ask(backend, 'select current_user')).toBe(user)
    }
    const other = await authority.sign('somebody')
    const stranger = await (await Authority.make()).sign('by_certificate')
    for (const certificate of [null, other, stranger])
      await expect(logIn('by_certificate', { ...over(verified()), certificate })).rejects.toMatchObject({
        code: 'connection_unavailable',
      })
  })

  test('a Unix socket, by peer and by trust', async () => {
    const hosts = [{ host: join(folder, 'sockets'), port: primary.port, tls: null }]
    const local = await logIn('local_trust', { hosts, password: null })
    expect(await ask(local, 'select inet_client_addr() is null')).toBe('t')
    const { username } = userInfo()
    expect(await ask(await logIn(username, { hosts, password: null }), 'select current_user')).toBe(username)
  })

  test('MD5 is used with words in the log', async () => {
    warnings.length = 0
    await logIn('by_md5', over(verified()))
    expect(warnings).toEqual([expect.stringMatching(/MD5, which is weak/)])
  })

  test.each<[string, string, () => Partial<PostgresUpstream>, RegExp]>([
    ['a password in clear without TLS', 'in_clear', () => over(null), /in clear on a connection without TLS/],
    ['no password where one is asked for', 'plain', () => ({ ...over(null), password: null }), /asks for a password.* none/],
    ['a wrong password', 'plain', () => ({ ...over(null), password: 'wrong' }), /refused the gateway's own credential/],
  ])('is refused with words: %s', async (_, user, options, words) => {
    const error: unknown = await logIn(user, options()).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'connection_unavailable', message: expect.stringMatching(words) })
    expect(String(error)).not.toMatch(/pä55|in_clear|plain"/)
  })

  test('why the credential was refused is in the log, and not for callers', async () => {
    warnings.length = 0
    const error: unknown = await logIn('nobody at all', over(null)).catch((reason: unknown) => reason)
    expect(String(error)).not.toContain('nobody at all')
    expect(warnings).toHaveLength(1)
  })
})

describe('TLS', () => {
  test.each<[string, () => BackendTls]>([
    ['another authority', () => ({ ...verified(), ca: null })],
    ['another name', () => ({ ...verified(), serverName: 'db.example' })],
  ])('verifies the server: %s', async (_, tls) => {
    await expect(logIn('over_tls', over(tls()))).rejects.toThrow(/TLS to the database failed/)
    await expect(logIn('over_tls', over({ ...tls(), negotiation: 'direct' }))).rejects.toThrow(/TLS to the database failed/)
  })

  /** Somebody in between who has a certificate that the gateway trusts, and takes one offer out of what the server says. */
  function inBetween(pair: Pair, takeAway: string | null): typeof dial {
    return async (host) => {
      const [near, far] = duplexPair()
      const toServer = await secure(await dial(host), { tls: verified(), certificate: null, signal: AbortSignal.timeout(5_000) })
      const { stream } = await acceptTls(new Handshake(far, AbortSignal.timeout(5_000)), pair, {
        direct: true,
        alpn: ['postgresql'],
      })
      stream.pipe(toServer.stream)
      toServer.stream.on('data', (chunk: Buffer) => {
        const offers = takeAway !== null && chunk.includes('SCRAM-SHA-256-PLUS')
        stream.write(offers ? write.authentication(authentication.sasl, Buffer.from(`${takeAway}\0\0`)) : chunk)
      })
      toServer.stream.on('close', () => stream.destroy())
      open.push(stream, toServer.stream)
      return near
    }
  }

  test('somebody in between with a trusted certificate is found out by channel binding', async () => {
    const stranger = await authority.sign('database', ['localhost'])
    const direct = over({ ...verified(), negotiation: 'direct' })
    // With the server's own certificate nobody can tell, and the way there works: what fails below fails by the certificate.
    await logIn('over_tls', direct, { dial: inBetween(server, null) })
    await expect(logIn('over_tls', direct, { dial: inBetween(stranger, null) })).rejects.toThrow(/credential/)
  })
  test('an offer of channel binding that is taken away is found out by the server', async () => {
    const direct = over({ ...verified(), negotiation: 'direct' })
    await expect(logIn('over_tls', direct, { dial: inBetween(server, 'SCRAM-SHA-256') })).rejects.toThrow(/credential/)
  })
})

test('a running statement is cancelled by a key of protocol 3.2, over the same TLS', async () => {
  const backend = await logIn('over_tls', over(verified()))
  expect(backend.key?.secret).toHaveLength(32)
  const running = ask(backend, 'select pg_sleep(30)')
  await expect.poll(async () => (await activity()).includes('active')).toBe(true)
  const { key } = backend
  if (key === null) throw new Error('no key')
  await cancelBackend({ dial, upstream: { certificate: null } as PostgresUpstream, key, signal: AbortSignal.timeout(5_000) })
  expect(await running).toBe('57014')
})

async function activity(): Promise<string[]> {
  const { rows } = await admin.query(
    "select state from pg_stat_activity where application_name = 'methods' and query like '%pg_sleep%'",
  )
  return rows.map(({ state }: { state: string }) => state)
}

test('settings are pinned, or left as they are', async () => {
  await admin.query('alter role trusted set array_nulls = off')
  expect(await ask(await logIn('trusted', over(null)), 'show array_nulls')).toBe('on')
  expect(await ask(await logIn('trusted', over(null), { pinned: false }), 'show array_nulls')).toBe('off')
})

describe('several hosts', () => {
  const both = () => [hostOf(standby, verified()), hostOf(primary, verified())]
  const nameOf = (of: PostgresServer) => `127.0.0.1:${of.port}`
  const gone = (): BackendHost => ({ host: '127.0.0.1', port: 1, tls: null })

  test.each<[PostgresUpstream['targetSessionAttrs'], () => PostgresServer]>([
    ['any', () => standby],
    ['read-write', () => primary],
    ['read-only', () => standby],
    ['primary', () => primary],
    ['standby', () => standby],
    ['prefer-standby', () => standby],
  ])('%s leads to the right one, past one that is down', async (targetSessionAttrs, wanted) => {
    for (const hosts of [
      [gone(), ...both()],
      [gone(), ...both().reverse()],
    ]) {
      if (targetSessionAttrs === 'any' && hosts[1]?.port === primary.port) continue
      const backend = await logIn('over_tls', { hosts, targetSessionAttrs })
      expect(backend.host).toBe(nameOf(wanted()))
      expect(await ask(backend, 'select pg_is_in_recovery()')).toBe(wanted() === standby ? 't' : 'f')
    }
  })

  test('prefer-standby takes the primary where there is no standby', async () => {
    const backend = await logIn('over_tls', {
      hosts: [gone(), hostOf(primary, verified())],
      targetSessionAttrs: 'prefer-standby',
    })
    expect(backend.host).toBe(nameOf(primary))
  })

  test('the error names what each host answered', async () => {
    const hosts = [gone(), hostOf(standby, verified()), hostOf(primary, { ...verified(), serverName: 'db.example' })]
    const error: unknown = await logIn('over_tls', { hosts, targetSessionAttrs: 'primary' }).catch((reason: unknown) => reason)
    expect(String(error)).toMatch(/127\.0\.0\.1:1: .*ECONNREFUSED/)
    expect(String(error)).toContain(`${nameOf(standby)}: is a standby, and targetSessionAttrs asks for primary`)
    expect(String(error)).toMatch(new RegExp(`${nameOf(primary)}: TLS to the database failed`))
    expect(String(error)).not.toContain(password)
  })

  test('a refused credential is not tried on the next host', async () => {
    let dials = 0
    const counting: typeof dial = async (host) => {
      dials++
      return await dial(host)
    }
    const hosts = both()
    await expect(logIn('over_tls', { hosts, loadBalance: 'random', password: 'wrong' }, { dial: counting })).rejects.toThrow(
      /credential/,
    )
    expect(dials).toBe(1)
  })
})
