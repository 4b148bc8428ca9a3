import { generateKeyPairSync } from 'node:crypto'
import { ConnectionDocument, type HoopError } from '@hoop/contracts'
import { beforeAll, describe, expect, test } from 'vitest'
import { makePair, type Pair } from '../testing/certificates.ts'
import { recordedAddress } from './address.ts'
import { checkConnection, sameDestination } from './check.ts'

let pair: Pair
let other: Pair
beforeAll(async () => {
  ;[pair, other] = await Promise.all([makePair('hoop'), makePair('somebody')])
})

function connection(change: Record<string, unknown> = {}): ConnectionDocument {
  return ConnectionDocument.parse({
    kind: 'Connection',
    name: 'shop',
    protocol: 'postgres',
    address: 'db.example:5432',
    databases: ['app'],
    login: { user: 'app', password: 's3cret' },
    ...change,
  })
}
const service = (change: Record<string, unknown>) =>
  ConnectionDocument.parse({ kind: 'Connection', name: 'api', protocol: 'http', address: 'api.example:443', ...change })
const cluster = (change: Record<string, unknown>) =>
  ConnectionDocument.parse({ kind: 'Connection', name: 'prod', protocol: 'kubernetes', address: 'k8s.example:443', ...change })
const oauth = { tokenUrl: 'https://login.example/token', clientId: 'hoop', clientSecret: 'x' }
const eks = { cluster: 'prod', region: 'eu-west-1', accessKeyId: 'AKID', secretAccessKey: 'x' }
const unix = 'unix:/run/postgresql:5432'

describe('what cannot be is refused with words', () => {
  test.each<[string, () => Record<string, unknown>, RegExp]>([
    ['port 0', () => ({ address: 'db:0' }), /0 is not a port/],
    ['a port too large', () => ({ address: ['db:1', unix.replace('5432', '70000')] }), /70000 is not a port/],
    ['a socket path too long', () => ({ address: `unix:/${'x'.repeat(100)}:5432` }), /too long/],
    ['the same host twice', () => ({ address: ['db:1', 'db:1'] }), /twice/],
    [
      'plain to one of several that is elsewhere',
      () => ({ tls: 'disable', address: ['127.0.0.1:1', unix, 'db:1'] }),
      /and db is not/,
    ],
    ['a socket in a folder of another machine', () => ({ tls: 'disable', address: '127.0.0.1.evil.example:1' }), /is not/],
    ['plain by name through an agent', () => ({ tls: 'disable', agent: 'a', address: 'localhost:1' }), /needs an address/],
    ['plain beyond the machine of an agent', () => ({ tls: 'disable', agent: 'a', address: 'db:1' }), /the agent's machine only/],
    ['TLS on a Unix socket', () => ({ address: unix, tls: { mode: 'verify-full', negotiation: 'direct' } }), /has no TLS/],
    ['a certificate without TLS', () => ({ address: unix, login: { user: 'a', ...login(pair) } }), /shown in TLS/],
    [
      'a certificate in plain',
      () => ({ address: '[::1]:1', tls: 'disable', login: { user: 'a', ...login(pair) } }),
      /shown in TLS/,
    ],
    ['a key alone', () => ({ login: { user: 'a', key: pair.key } }), /no login.certificate/],
    ['what is no certificate', () => ({ login: { user: 'a', certificate: 'x', key: pair.key } }), /not a certificate/],
    [
      'a chain that is broken',
      () => ({ login: { user: 'a', ...login(pair), certificate: `${pair.certificate}${broken}` } }),
      /not a cert/,
    ],
    ["another's key", () => ({ login: { user: 'a', certificate: pair.certificate, key: other.key } }), /does not belong/],
    ['what is no key', () => ({ login: { user: 'a', certificate: pair.certificate, key: 'hunter2' } }), /is not a private key/],
    ['a key under a passphrase', () => ({ login: { user: 'a', certificate: pair.certificate, key: encrypted() } }), /passphrase/],
    ['an authority that is none', () => ({ tls: { mode: 'verify-full', ca: 'x' } }), /tls.ca is not a certificate/],
    ['a time limit that nobody waits for', () => ({ connectTimeout: '1m' }), /more than a caller waits/],
  ])('%s', (_, change, words) => {
    const refused = (): void => checkConnection(connection(change()))
    expect(refused).toThrow(words)
    expect(refused).toThrow(
      expect.objectContaining({ code: 'invalid_document', hint: expect.stringMatching(/\w/) } as Partial<HoopError>),
    )
    expect(refused).not.toThrow(/hunter2|PRIVATE/)
  })
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['two ways to log in', { bearer: 'x', basic: { user: 'a' } }, /bearer and basic/],
    ['a token and client credentials', { bearer: { env: 'T' }, oauth }, /bearer and oauth/],
    ['a header beside a password', { basic: { user: 'a' }, headers: [{ name: 'authorization' }] }, /basic and a header/],
    ['a header of the core', { headers: [{ name: 'Content-Length', value: '1' }] }, /gateway's own/],
    ['a header of WebSocket', { headers: [{ name: 'Sec-WebSocket-Key' }] }, /gateway's own/],
    ['a header twice', { headers: [{ name: 'X-Key' }, { name: 'x-key' }] }, /twice/],
    ['a line break in a header', { headers: [{ name: 'X-Key', value: 'hunter2\n' }] }, /characters that no header has/],
    ['a line break in a token', { bearer: 'hunter2\r\nx: y' }, /characters that no header has/],
    ['a user with a colon', { basic: { user: 'a:b' } }, /colon/],
    ['a secret in plain', { oauth: { ...oauth, tokenUrl: 'http://login.example/token' } }, /in plain text/],
    [
      'a secret to what looks like loopback',
      { oauth: { ...oauth, tokenUrl: 'http://127.0.0.1.evil.example/' } },
      /in plain text/,
    ],
    ['a name in the URL', { oauth: { ...oauth, tokenUrl: 'https://a@login.example/token' } }, /has a name/],
  ])('to a service with %s', (_, login, words) => {
    expect(() => checkConnection(service({ login }))).toThrow(words)
    expect(() => checkConnection(service({ login }))).not.toThrow(/hunter2/)
  })
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['a token and Google', { token: 'x', google: {} }, /token and google/],
    ['Google and Amazon', { google: {}, eks }, /google and eks/],
    ['a token with a line break', { token: 'hunter2\n' }, /characters that no header has/],
    ['a key file that is none', { google: { credentials: '{"type":"external_account"}' } }, /not the key file/],
  ])('to a cluster with %s', (_, login, words) => {
    expect(() => checkConnection(cluster({ login }))).toThrow(words)
  })
  test('a base path that leads elsewhere', () => {
    expect(() => checkConnection(service({ basePath: '/a/../b' }))).toThrow(/basePath/)
  })
  test.each([
    { address: 'db' },
    { address: 'unix:relative:5432' },
    { address: '/run/postgresql' },
    { address: [] },
    { address: 'a/b:1' },
    { targetSessionAttrs: 'writable' },
    { tls: 'prefer' },
    { agent: 'Not A Name' },
  ])('the schema takes no %o', (change) => {
    expect(() => connection(change)).toThrow()
  })
})

describe('what can be passes', () => {
  test.each<[string, () => Record<string, unknown>]>([
    ['one host', () => ({})],
    [
      'several of every kind',
      () => ({ address: ['a:5432', '[2001:db8::1]:5432', unix], targetSessionAttrs: 'prefer-standby', loadBalance: 'random' }),
    ],
    ['plain on this machine', () => ({ tls: 'disable', address: ['localhost:1', '[::1]:1', '127.0.0.1:1', unix] })],
    ['a Unix socket, and nothing said of TLS', () => ({ address: unix, login: { user: 'postgres', password: null } })],
    ['a certificate alone', () => ({ login: { user: 'a', ...login(pair) } })],
    [
      'a certificate, a password, and a key elsewhere',
      () => ({ login: { user: 'a', password: 'x', certificate: pair.certificate, key: { file: '/k' } } }),
    ],
    ['a certificate whose key is in the store', () => ({ login: { user: 'a', certificate: pair.certificate } })],
  ])('%s', (_, change) => {
    expect(() => checkConnection(connection(change()))).not.toThrow()
  })
  test.each<[string, () => ConnectionDocument]>([
    ['a service that asks for nothing', () => service({})],
    ['a header of its own beside a token', () => service({ login: { bearer: 'x', headers: [{ name: 'X-Key', value: 'y' }] } })],
    ['another kind of Authorization', () => service({ login: { headers: [{ name: 'Authorization', value: 'Token x' }] } })],
    ['a password, and no token', () => service({ login: { bearer: null, basic: { user: 'a', password: 'b' } } })],
    ['an issuer on this machine', () => service({ login: { oauth: { ...oauth, tokenUrl: 'http://[::1]:8080/token' } } })],
    ['a token and a certificate', () => cluster({ login: { token: 'x', ...login(pair) } })],
    ["the machine's account at Google", () => cluster({ login: { google: {} } })],
    ['keys of Amazon', () => cluster({ login: { eks } })],
  ])('%s', (_, document) => {
    expect(() => checkConnection(document())).not.toThrow()
  })
})

describe('where a stored secret may go', () => {
  const before = { address: ['a:1', 'b:1'], tls: { mode: 'verify-full', ca: 'one' } }
  test.each<[string, Record<string, unknown>, boolean]>([
    ['the same', {}, true],
    ['in another order', { address: ['b:1', 'a:1'] }, true],
    ['fewer hosts', { address: 'b:1' }, true],
    ['one host more', { address: ['a:1', 'b:1', 'c:1'] }, false],
    ['another port', { address: ['a:1', 'b:2'] }, false],
    ['a socket', { address: unix }, false],
    ['through an agent', { agent: 'gke-europe' }, false],
    ['another user', { login: { user: 'postgres' } }, false],
    ['another authority', { tls: { mode: 'verify-full', ca: 'two' } }, false],
    ['the roots of the system', { tls: 'verify-full' }, false],
    ['another name', { tls: { mode: 'verify-full', ca: 'one', serverName: 'evil' } }, false],
    ['plain', { tls: 'disable' }, false],
    ['TLS at once', { tls: { mode: 'verify-full', ca: 'one', negotiation: 'direct' } }, true],
    ['another kind of server', { targetSessionAttrs: 'standby', loadBalance: 'random' }, true],
    ['another label', { labels: { env: 'prod' } }, true],
  ])('%s', (_, change, same) => {
    expect(sameDestination(connection(before), connection({ ...before, ...change }))).toBe(same)
  })
})

test('the record names every address, and that a socket has no TLS', () => {
  expect(recordedAddress(connection({ address: ['a:1', unix] }))).toEqual({ address: `a:1, ${unix}`, tls: 'verify-full' })
  expect(recordedAddress(connection({ address: unix }))).toEqual({ address: unix, tls: 'none (Unix socket)' })
})

const login = ({ certificate, key }: Pair) => ({ certificate, key })
const broken = '\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
function encrypted(): string {
  return generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
  }).privateKey
}
