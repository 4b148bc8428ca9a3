import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { connect as connectTls, createServer } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Cipher } from '../secrets/cipher.ts'
import { Store } from '../store/database.ts'
import { readLocalAuthority } from '../store/local-authorities.ts'
import { silent, startServer, type TestServer } from '../testing/parts.ts'
import { signLocalhost } from './certificates.ts'
import { LocalCertificates } from './local-certificates.ts'

const day = 24 * 60 * 60 * 1000
const cipher = new Cipher(Buffer.alloc(32, 7))
const person = (name: string) => ({
  id: `https://i#${name}`,
  kind: 'person' as const,
  name,
  email: null,
  groups: [],
  issuer: 'https://i',
})

let server: TestServer
let store: Store
beforeAll(async () => {
  server = await startServer()
  store = await Store.open(server.url, silent)
})
afterAll(async () => {
  await store?.close()
  await server?.remove()
})

const certificates = (now: () => number = Date.now, of = cipher) => new LocalCertificates({ store, cipher: of, now })

test('one authority for each identity, whichever gateway makes it first; the certificate is kept in memory', async () => {
  const [ours, theirs] = [certificates(), certificates()]
  const [one, two, bob] = await Promise.all([ours.of(person('ada')), theirs.of(person('ada')), ours.of(person('bob'))])
  expect(two.authority).toBe(one.authority)
  expect(bob.authority).not.toBe(one.authority)
  expect(await ours.of(person('ada'))).toBe(one)
  expect(two.tls.endPoint).not.toEqual(one.tls.endPoint)
})

test('a client that verifies finds localhost, by name and by both addresses, and the hash that it binds to', async () => {
  const { authority, tls } = await certificates().of(person('ada'))
  const listener = createServer({ SNICallback: (_, done) => done(null, tls.context) }).listen(0, '127.0.0.1')
  listener.on('connection', (socket) => socket.on('error', () => undefined))
  listener.setSecureContext({})
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const socket = connectTls({ socket: connect(port, '127.0.0.1'), servername: 'localhost', ca: authority })
  await once(socket, 'secureConnect')
  const shown = new X509Certificate(socket.getPeerCertificate().raw)
  for (const address of ['127.0.0.1', '::1']) expect(shown.checkIP(address)).toBe(address)
  expect(shown.checkHost('localhost')).toBe('localhost')
  expect(createHash('sha256').update(shown.raw).digest()).toEqual(tls.endPoint)
  socket.destroy()
  listener.close()
})

test('the key is in the store encrypted, for its identity', async () => {
  await certificates().of(person('ada'))
  const row = await store.run((db) => readLocalAuthority(db, person('ada').id))
  const place = { connection: `localhost of ${person('ada').id}`, field: 'authority' }
  const key = cipher.open(place, row!.key)
  expect(key).toContain('PRIVATE KEY')
  expect(row!.key.ciphertext.includes(Buffer.from(key.split('\n')[1]!))).toBe(false)
  expect(() => cipher.open({ ...place, connection: `localhost of ${person('bob').id}` }, row!.key)).toThrow('altered')
})

test('renewed a month before it ends, by its own key: what the former signed is still vouched for, and the other way round', async () => {
  let now = Date.now()
  const kept = certificates(() => now)
  const first = await kept.of(person('eve'))
  now += 6 * day
  expect((await kept.of(person('eve'))).authority).toBe(first.authority)
  now += 330 * day
  const renewed = await kept.of(person('eve'))
  expect(renewed.authority).not.toBe(first.authority)
  expect(new X509Certificate(renewed.authority).publicKey.equals(new X509Certificate(first.authority).publicKey)).toBe(true)
})

test('made anew when it has ended, or when its key cannot be decrypted any more', async () => {
  const first = await certificates().of(person('kim'))
  const rekeyed = await certificates(Date.now, new Cipher(Buffer.alloc(32, 8))).of(person('kim'))
  const late = await certificates(() => Date.now() + 400 * day, new Cipher(Buffer.alloc(32, 8))).of(person('kim'))
  const keys = [first, rekeyed, late].map(({ authority }) => new X509Certificate(authority).publicKey.export({ format: 'jwk' }).x)
  expect(new Set(keys).size).toBe(3)
})

test('a name that is long, or strange, is only a name', async () => {
  const { authority } = await certificates().of(person(`"x", CN=*\n${'🂡'.repeat(100)}`))
  expect(new X509Certificate(authority).subject.split('\n').filter((line) => line.startsWith('CN='))).toHaveLength(1)
  const own = { notBefore: new Date(), notAfter: new Date(Date.now() + day) }
  const { makeAuthority } = await import('./certificates.ts')
  expect(new X509Certificate((await signLocalhost(await makeAuthority('x', own, null), own)).certificate).ca).toBe(false)
})
