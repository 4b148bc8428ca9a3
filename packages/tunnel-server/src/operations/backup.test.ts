import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gateway, startGateway } from '../main.ts'
import { loadSettings } from '../settings.ts'
import { makeDevice } from '../testing/device.ts'
import { clientId, type Issuer, startIssuer } from '../testing/issuer.ts'
import { backUp } from './backup.ts'
import { BackupWriter, members, textOf, verifyBackup } from './backup-file.ts'
import { restore } from './restore.ts'
import { openKeys, sealKeys } from './sealed-keys.ts'
import { withOwnStore, withStore } from './store-access.ts'

let folder: string
let issuer: Issuer
let device: Awaited<ReturnType<typeof makeDevice>>
let made: Awaited<ReturnType<typeof backUp>>
let before: { access_token: string; refresh_token: string }
/** Of a login that is not in the backup. */
let after: typeof before
let oldUrl: string
const running: Gateway[] = []
const passphrase = 'correct horse battery staple'
const session = 'ses_restored'

const environment = (data: string) => ({
  HOOP_LISTEN: '127.0.0.1:0',
  HOOP_DATA: join(folder, data),
  HOOP_OIDC_ISSUER: issuer.url,
  HOOP_OIDC_CLIENT_ID: clientId,
  HOOP_ADMIN_GROUP: 'admins',
  HOOP_DEMO: '1',
  HOOP_LOG: 'silent',
})
const settings = (data: string) => loadSettings(environment(data))

async function call(url: string, body?: unknown, token?: string): Promise<Response> {
  const request = { method: body === undefined ? 'GET' : 'POST', url }
  const proven =
    token === undefined ? { dpop: await device.proof(request) } : await device.headers({ ...request, accessToken: token })
  const headers = { 'content-type': 'application/json', ...proven }
  return await fetch(url, { headers, ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }) })
}

async function login(url: string): Promise<typeof before> {
  const answer = await call(`${url}/v1/token`, {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: await issuer.idToken({ sub: 'ada', groups: ['admins'] }),
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  })
  return (await answer.json()) as typeof before
}

const yaml =
  'kind: Connection\nname: shop\nprotocol: postgres\naddress: 127.0.0.1:1\ndatabases: [app]\nlogin: { user: app, password: s3cret }\ntls: disable\n' +
  '---\nkind: Access\nname: on-request\ngroups: [admins]\nconnections: { names: [shop] }\nrequest: { approvers: [sre], max: 1h }\n'

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-backup-'))
  issuer = await startIssuer()
  device = await makeDevice()
  const gateway = await startGateway(environment('old'))
  running.push(gateway)
  before = await login(gateway.url)
  expect((await call(`${gateway.url}/v1/documents`, { yaml }, before.access_token)).status).toBe(200)
  const wanted = { connection: 'shop', reason: 'why', lasts: '1h' }
  expect((await call(`${gateway.url}/v1/access`, wanted, before.access_token)).status).toBe(200)
  const { openRecord } = await import('@hoop/recording')
  const record = openRecord({ folder: join(folder, 'old', 'records', session), session, durability: 'ordered', results: 'full' })
  await record.close('done')
  await withStore(await settings('old'), (client) =>
    client.query("insert into admin_tokens values ('\\x00', now(), now() + interval '1 hour')"),
  )
  // While it runs.
  made = await backUp(await settings('old'), join(folder, 'backup'), { records: true, passphrase, version: '1' })
  after = await login(gateway.url)
  oldUrl = gateway.url
  await gateway.close()
}, 120_000)
afterAll(async () => {
  await Promise.all(running.map((gateway) => gateway.close()))
  await issuer?.close()
  await rm(folder, { recursive: true, force: true })
})

test('a backup of a gateway that runs is whole, for its owner only, and shows no key', async () => {
  expect((await stat(join(folder, 'backup'))).mode & 0o077).toBe(0)
  expect(await verifyBackup(join(folder, 'backup'))).toEqual(made)
  expect(made.tables).toMatchObject({
    documents: { rows: 2 },
    admin_tokens: { rows: 1 },
    gateways: { rows: 1 },
    secrets: { rows: 1 },
    logins: { rows: 1 },
  })
  const text = await readFile(join(folder, 'backup'), 'latin1')
  for (const name of ['master', 'digest', 'access-tokens.pem', 'store-password']) {
    const [line = '', second = line] = (await readFile(join(folder, 'old', 'keys', name), 'utf8')).trim().split('\n')
    expect(text).not.toContain(name.endsWith('.pem') ? second : line)
  }
  expect(text).not.toContain('s3cret')
  await expect(
    backUp(await settings('old'), join(folder, 'backup'), { records: false, passphrase: null, version: '1' }),
  ).rejects.toMatchObject({ code: 'conflict' })
})

test('a backup is written into no file of somebody else', async () => {
  const [file, theirs] = [join(folder, 'another'), join(folder, 'theirs')]
  await writeFile(theirs, 'theirs')
  await symlink(theirs, `${file}.partial`)
  const options = { records: false, passphrase: null, version: '1' }
  await expect(BackupWriter.create(file)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('.partial'),
  })
  await expect(backUp(await settings('old'), file, options)).rejects.toMatchObject({ code: 'conflict' })
  expect(await readFile(theirs, 'utf8')).toBe('theirs')
  await expect(stat(file)).rejects.toThrow('ENOENT')
})

test('restored elsewhere, the gateway starts and has what it had; old logins do not work', { timeout: 120_000 }, async () => {
  const { notes } = await restore(await settings('new'), join(folder, 'backup'), { passphrase })
  expect(notes.join()).not.toContain('master key')
  for (const name of ['master', 'digest', 'gateway-id']) {
    expect(await readFile(join(folder, 'new', 'keys', name), 'utf8')).toBe(
      await readFile(join(folder, 'old', 'keys', name), 'utf8'),
    )
  }
  const voided = 'select (select count(*) from admin_tokens) + (select count(*) from gateways) as rows'
  const { rows } = await withOwnStore(await settings('new'), (client) => client.query(voided))
  expect(rows).toEqual([{ rows: '0' }])
  const events = join('records', session, '000000', 'events.ndjson')
  expect(await readFile(join(folder, 'new', events))).toEqual(await readFile(join(folder, 'old', events)))

  // In the place of the old one: it takes the same tokens.
  const gateway = await startGateway({ ...environment('new'), HOOP_LISTEN: new URL(oldUrl).host })
  running.push(gateway)
  expect((await call(`${gateway.url}/v1/whoami`, undefined, after.access_token)).status).toBe(401)
  const renewed = await call(`${gateway.url}/v1/token`, { grant_type: 'refresh_token', refresh_token: before.refresh_token })
  expect(renewed.status).toBe(401)
  expect((await call(`${gateway.url}/v1/whoami`, undefined, before.access_token)).status).toBe(401)
  const { access_token: token } = await login(gateway.url)
  const shown = await (await call(`${gateway.url}/v1/documents/Connection`, undefined, token)).text()
  expect(shown).toContain('name: shop')
  const { grants } = (await (await call(`${gateway.url}/v1/access?state=all`, undefined, token)).json()) as { grants: unknown[] }
  expect(grants).toMatchObject([{ state: 'withdrawn' }])
  // The sequence of the admin log goes on behind the restored rows.
  expect((await call(`${gateway.url}/v1/documents`, { yaml: yaml.replace('name: shop', 'name: other') }, token)).status).toBe(200)
  await expect(restore(await settings('new'), join(folder, 'backup'), { passphrase })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('belongs to a gateway that runs'),
  })
  await gateway.close()
  await expect(restore(await settings('new'), join(folder, 'backup'), { passphrase })).rejects.toThrow(/is not empty/)
})

test('a backup that is cut short or altered is refused before anything is written', async () => {
  const whole = await readFile(join(folder, 'backup'))
  const cases: [string, Buffer][] = [
    ['cut', whole.subarray(0, whole.length - 20_000)],
    ['empty', Buffer.alloc(0)],
    ['no tar', Buffer.from('hello'.repeat(1000))],
  ]
  // In a header and in a document: what fills a tar file up is nobody's.
  for (const at of [600, whole.indexOf('"shop"') + 1]) {
    const altered = Buffer.from(whole)
    altered.writeUInt8(altered.readUInt8(at) ^ 1, at)
    cases.push([`altered at ${at}`, altered])
  }
  for (const [what, bytes] of cases) {
    const file = join(folder, 'damaged')
    await writeFile(file, bytes)
    const refused = await restore(await settings('none'), file, { passphrase }).catch((error: Error) => error)
    expect([what, refused]).toEqual([what, expect.objectContaining({ code: 'invalid_request' })])
    await expect(stat(join(folder, 'none'))).rejects.toThrow('ENOENT')
  }
})

test('so is one that was altered with all of its digests, and one of another master key', async () => {
  const file = join(folder, 'forged')
  // An admin more: of the same length as what stood there, so that its place in the file is the same.
  const text = (await readFile(join(folder, 'backup'), 'latin1')).replaceAll('"admins"', '"attack"')
  await writeFile(file, text, 'latin1')
  await expect(verifyBackup(file)).rejects.toMatchObject({ code: 'invalid_request' })
  const sums = new Map<string, string>()
  for await (const { name, content } of members(file)) {
    if (name === 'manifest.json') continue
    sums.set(
      name,
      createHash('sha256')
        .update(await textOf(content))
        .digest('hex'),
    )
  }
  const mended = made.files.reduce((all, { name, sha256 }) => all.replaceAll(sha256, sums.get(name) ?? sha256), text)
  await writeFile(file, mended, 'latin1')
  expect(await verifyBackup(file)).not.toEqual(made)
  await expect(restore(await settings('none'), file, { passphrase })).rejects.toMatchObject({
    code: 'invalid_request',
    message: `${file} was altered after it was made.`,
  })
  const key = join(folder, 'other-master')
  await writeFile(key, 'ab'.repeat(32))
  const other = await loadSettings({ ...environment('none'), HOOP_MASTER_KEY_FILE: key })
  await expect(restore(other, join(folder, 'backup'), { passphrase: null })).rejects.toMatchObject({ code: 'conflict' })
  await expect(stat(join(folder, 'none'))).rejects.toThrow('ENOENT')
})

test('so are one of a newer version, and another passphrase', async () => {
  const file = join(folder, 'newer')
  const text = await readFile(join(folder, 'backup'), 'latin1')
  await writeFile(file, text.replace(`"schema": ${made.schema}`, `"schema": ${made.schema + 1}`), 'latin1')
  await expect(restore(await settings('none'), file, { passphrase })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('newer gateway'),
  })
  await expect(restore(await settings('none'), join(folder, 'backup'), { passphrase: 'another passphrase' })).rejects.toThrow(
    /does not open/,
  )
})

test('a name that leads out of the folder is no name', async () => {
  const { pack } = await import('tar-stream')
  const file = join(folder, 'hostile')
  for (const name of ['records/../../keys/master', '/etc/passwd', 'records/..', 'store/x/../y']) {
    const tar = pack()
    tar.entry({ name }, 'x')
    tar.finalize()
    await writeFile(file, Readable.from(tar))
    await expect(verifyBackup(file)).rejects.toMatchObject({ code: 'invalid_request' })
  }
})

test('keys come back by their passphrase only, and a short one is none', async () => {
  const sealed = await sealKeys({ master: 'abc' }, passphrase)
  expect(await openKeys(sealed, passphrase)).toEqual({ master: 'abc' })
  expect(sealed).not.toContain('abc')
  const altered = JSON.stringify({ ...JSON.parse(sealed), salt: Buffer.alloc(16).toString('base64') })
  await expect(openKeys(altered, passphrase)).rejects.toThrow(/does not open/)
  await expect(sealKeys({}, 'short')).rejects.toThrow(/at least/)
})
