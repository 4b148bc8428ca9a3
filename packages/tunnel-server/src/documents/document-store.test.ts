import { afterAll, beforeAll, expect, test } from 'vitest'
import { registeredConnections } from '../connections/connections.ts'
import type { Caller } from '../identity/access-tokens.ts'
import { References } from '../secrets/references.ts'
import { readSecret } from '../store/secrets.ts'
import { makeKeys, makePair, type Pair } from '../testing/certificates.ts'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import { callerOf, openParts, type Parts, startServer, type TestServer, until } from '../testing/parts.ts'

let server: TestServer
let issuer: Issuer
let parts: Parts
let admin: Caller

beforeAll(async () => {
  ;[server, issuer] = await Promise.all([startServer(), startIssuer()])
  parts = await openParts(server, issuer)
  admin = await callerOf(parts, issuer, 'root', ['admins'])
})
afterAll(async () => {
  await parts?.close()
  await issuer?.close()
  await server?.remove()
})

const connection = ({
  name = 'shop',
  address = 'db.example:5432',
  user = 'app',
  password = '',
  tls = 'verify-full',
  env = 'prod',
} = {}) => `
kind: Connection
name: ${name}
protocol: postgres
labels: { env: ${env} }
address: "${address}"
databases: [app]
login: { user: ${user}${password && `, password: ${password}`} }
tls: ${tls}
`
const apply = (yaml: string) => parts.documentStore.apply(admin.identity, yaml, 'test.yaml')
const changes = async (yaml: string) => (await apply(yaml)).results.map(({ change }) => change)
const upstream = (name: string) => {
  const references = new References((variable) => ({ SHOP_PASSWORD: 'from the environment' })[variable])
  return registeredConnections({ ...parts, references, find: (each) => parts.documents.connection(each) }).upstream(
    name,
    'postgres',
  )
}

test('applying says what changed, and applying again changes nothing', async () => {
  const yaml = `${connection({ password: 's3cret' })}---\nkind: Access\nname: all\ngroups: [engineering]\nconnections: {}\n`
  expect(await changes(yaml)).toEqual(['created', 'created'])
  expect(await changes(yaml)).toEqual(['unchanged', 'unchanged'])
  expect(await changes(connection({ password: 'other' }))).toEqual(['updated'])
  expect(await changes(connection({ password: 's3cret' }))).toEqual(['updated'])
  expect(parts.documents.connection('shop')?.address).toBe('db.example:5432')
  const { rows } = await parts.store.run((db) => db.execute('select action, target, detail from admin_log order by id'))
  expect(rows.at(0)).toEqual({ action: 'document.apply', target: 'Connection/shop', detail: 'created' })
})

test('a password is neither stored nor printed in plain, and is there for the dial', async () => {
  await apply(connection({ password: 's3cret' }))
  const printed = await parts.documentStore.print(admin.identity, 'Connection', 'shop')
  expect(printed).not.toContain('s3cret')
  const { rows } = await parts.store.run((db) => db.execute('select spec::text as text from documents'))
  expect(JSON.stringify(rows)).not.toContain('s3cret')
  expect(await upstream('shop')).toMatchObject({
    hosts: [{ host: 'db.example', port: 5432, tls: { serverName: 'db.example', ca: null, negotiation: 'postgres' } }],
    password: 's3cret',
    certificate: null,
  })
  expect(await changes(printed)).toEqual(['unchanged'])
  expect(await changes(connection({ env: 'staging' }))).toEqual(['updated'])
  expect((await upstream('shop')).password).toBe('s3cret')
})

test.each([
  ['address', { address: 'evil.example:5432' }],
  ['user', { user: 'postgres' }],
  ['TLS', { address: '127.0.0.1:5432', tls: 'disable' }],
])('a stored password goes nowhere new without being given again: %s', async (_, change) => {
  await apply(connection({ password: 's3cret' }))
  await expect(apply(connection(change))).rejects.toMatchObject({ code: 'invalid_document' })
  expect((await upstream('shop')).hosts).toMatchObject([{ host: 'db.example' }])
})

const certified = ({ certificate, key }: Partial<Pair>, address = 'db.example:5432', password = '') => `
kind: Connection
name: certified
protocol: postgres
address: ${JSON.stringify(address)}
databases: [app]
login: ${JSON.stringify({ user: 'app', certificate, ...(key === undefined ? {} : { key }), ...(password === '' ? {} : { password }) })}
`

test('a private key is kept as a password is: encrypted, not printed, tied to its destination and its certificate', async () => {
  const keys = await makeKeys()
  const [pair, renewed, stranger] = await Promise.all([makePair('hoop', keys), makePair('hoop', keys), makePair('hoop')])
  await expect(apply(certified({ certificate: pair.certificate }))).rejects.toThrow(/login.key is missing/)
  expect(await changes(certified(pair, undefined, 's3cret'))).toEqual(['created'])
  expect(await changes(certified(pair, undefined, 's3cret'))).toEqual(['unchanged'])
  const printed = await parts.documentStore.print(admin.identity, 'Connection', 'certified')
  expect(printed).toContain('BEGIN CERTIFICATE')
  const { rows } = await parts.store.run((db) => db.execute('select spec::text as text from documents'))
  for (const text of [printed, JSON.stringify(rows)]) expect(text).not.toMatch(/PRIVATE KEY|s3cret/)
  expect(await changes(printed)).toEqual(['unchanged'])
  expect(await upstream('certified')).toMatchObject({ password: 's3cret', certificate: pair })
  // A certificate that was renewed for the same key needs no new one; any other does.
  expect(await changes(certified({ certificate: renewed.certificate }))).toEqual(['updated'])
  await expect(apply(certified({ certificate: stranger.certificate }))).rejects.toThrow(/does not belong to the certificate/)
  await expect(apply(certified({ certificate: renewed.certificate }, 'evil.example:5432', 'x'))).rejects.toThrow(
    /login.key is missing/,
  )
  expect(await upstream('certified')).toMatchObject({ certificate: { certificate: renewed.certificate, key: pair.key } })
  // Without its certificate it is forgotten.
  await apply(connection({ name: 'certified' }))
  expect(await parts.store.run((db) => readSecret(db, 'certified', 'login.key'))).toBeNull()
})

test('no password is kept where null says that there is none', async () => {
  await apply(connection({ name: 'open', password: 's3cret' }))
  expect(await changes(connection({ name: 'open', password: 'null', address: 'evil.example:5432' }))).toEqual(['updated'])
  expect((await upstream('open')).password).toBeNull()
  const printed = await parts.documentStore.print(admin.identity, 'Connection', 'open')
  expect(printed).toContain('password: null')
  expect(await changes(printed)).toEqual(['unchanged'])
  // Nor is one asked for: a database may let the gateway in by its certificate, its socket, or its address.
  await apply(connection({ name: 'trusting' }))
  expect((await upstream('trusting')).password).toBeNull()
})

test('several hosts, a socket among them', async () => {
  await apply(
    connection({ name: 'many' }).replace(
      '"db.example:5432"',
      '["a:1", "unix:/run/postgresql:5432"]\ntargetSessionAttrs: primary',
    ),
  )
  expect(await upstream('many')).toMatchObject({
    targetSessionAttrs: 'primary',
    hosts: [
      { host: 'a', port: 1, tls: { serverName: 'a' } },
      { host: '/run/postgresql', port: 5432, tls: null },
    ],
  })
})

test('a secret copied to another connection does not decrypt there', async () => {
  await apply(`${connection({ password: 's3cret' })}---${connection({ name: 'copy', password: 'mine' })}`)
  await parts.store.run((db) =>
    db.execute(
      `update secrets c set ciphertext = s.ciphertext, nonce = s.nonce from secrets s where c.connection = 'copy' and s.connection = 'shop'`,
    ),
  )
  await expect(upstream('copy')).rejects.toMatchObject({ code: 'connection_unavailable' })
  // Applying it again with its password mends it.
  expect(await changes(connection({ name: 'copy', password: 'mine' }))).toEqual(['updated'])
  expect((await upstream('copy')).password).toBe('mine')
})

test('references are kept and printed, and read when they are needed', async () => {
  const yaml = connection({ name: 'by-env', password: '{ env: SHOP_PASSWORD }' })
  expect(await changes(yaml)).toEqual(['created'])
  expect(await parts.documentStore.print(admin.identity, 'Connection', 'by-env')).toContain('SHOP_PASSWORD')
  expect((await upstream('by-env')).password).toBe('from the environment')
  await apply(connection({ name: 'by-file', password: '{ file: /nonexistent }' }))
  await expect(upstream('by-file')).rejects.toMatchObject({ code: 'connection_unavailable' })
  await apply(connection({ password: 's3cret' }))
  await apply(connection({ password: '{ env: SHOP_PASSWORD }' }))
  expect(await parts.store.run((db) => readSecret(db, 'shop', 'login.password'))).toBeNull()
})

test.each([
  ['plain to another machine', connection({ name: 'bad', password: 'x', tls: 'disable' })],
  [
    'plain to a name that only begins like loopback',
    connection({ name: 'bad', password: 'x', tls: 'disable', address: '127.0.0.1.evil.example:1' }),
  ],
  ['no such port', connection({ name: 'bad', password: 'x', address: 'db.example:70000' })],
  ['not a certificate', connection({ name: 'bad', password: 'x', tls: '{ mode: verify-full, ca: nothing }' })],
  ['unknown field', `${connection({ name: 'bad', password: 'x' })}colour: red\n`],
])('is refused: %s', async (_, yaml) => {
  await expect(apply(`${connection({ name: 'good', password: 'x' })}---${yaml}`)).rejects.toMatchObject({
    code: 'invalid_document',
  })
  expect(parts.documents.connection('good')).toBeNull()
})

test.each(['127.0.0.1', '[::1]', 'localhost'])('plain goes to %s', async (host) => {
  await apply(connection({ name: 'local', password: 'x', tls: 'disable', address: `${host}:5432` }))
  expect(await upstream('local')).toMatchObject({ hosts: [{ tls: null, host: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) }] })
  await parts.documentStore.remove(admin.identity, 'Connection', 'local')
})

test('what is deleted is gone with its secrets, at other gateways too', async () => {
  const other = await openParts(server, issuer, 'gateway-2')
  await apply(connection({ name: 'gone', password: 'x' }))
  await until(() => other.documents.connection('gone') !== null)
  await parts.documentStore.remove(admin.identity, 'Connection', 'gone')
  await until(() => other.documents.connection('gone') === null)
  expect(await parts.store.run((db) => readSecret(db, 'gone', 'login.password'))).toBeNull()
  await expect(parts.documentStore.remove(admin.identity, 'Connection', 'gone')).rejects.toMatchObject({ code: 'not_found' })
  await other.close()
})

test('a document in the store that cannot be read stops everything but its removal', async () => {
  await parts.store.run((db) =>
    db.execute(
      `insert into documents values ('Policy', 'broken', '{"kind":"Policy","name":"broken","then":"maybe"}', 1, now(), 'x')`,
    ),
  )
  await parts.documents.reload()
  expect(() => parts.documents.rules()).toThrow(expect.objectContaining({ code: 'unavailable' }))
  expect(parts.access.roles(admin.identity)).toEqual(['admin'])
  const auditor = await callerOf(parts, issuer, 'audrey', ['audit'])
  expect(() => parts.access.roles(auditor.identity)).toThrow(expect.objectContaining({ code: 'unavailable' }))
  await parts.documentStore.remove(admin.identity, 'Policy', 'broken')
  expect(parts.documents.rules().version).toBeTypeOf('string')
})
