import type { Dirent } from 'node:fs'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demoDocuments } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyDocuments, hoop, keepUntilEnd, type System, startConnect, startSystem, temporaryFolder } from '../support/index.ts'
import { clientOn, RawCaller } from './security-caller.ts'

const keep = keepUntilEnd(afterAll)
let system: System
/** Everything that anybody was told. */
const told: { where: string; text: string }[] = []
const heard = (where: string, text: string) => told.push({ where, text })
let metricsPort: number
const metricsToken = 'Prometheus-and-nobody-else-4711'
const passphrase = 'nine-words-that-open-the-keys-of-a-backup'
const wrongPassword = 'Tr0ub4dor-and-3-of-another-database'

/** The demo's documents, with the password in them, as most people will apply it; and a connection whose password is wrong. */
function documents(sample: System['sample']): string {
  const stored = demoDocuments(sample).replace(/password: \{ env: \w+ \}/, `password: ${JSON.stringify(sample.password)}`)
  const [connection = ''] = stored.split('\n---\n')
  const broken = connection
    .replace('name: sample', 'name: broken')
    .replace(JSON.stringify(sample.password), JSON.stringify(wrongPassword))
  return [stored.replace('names: [sample]', 'names: [sample, broken]'), broken].join('\n---\n')
}

beforeAll(async () => {
  metricsPort = await freePort()
  const env = { HOOP_LOG: 'trace', HOOP_METRICS_LISTEN: String(metricsPort), HOOP_METRICS_TOKEN: metricsToken }
  system = await keep(startSystem({ sample: { customers: 20 }, documents, env }))
})

async function filesIn(folder: string): Promise<string[]> {
  const entries: Dirent[] = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const { startsWith } = String.prototype
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !startsWith.call(path, join(system.gateway.dataFolder, 'keys')))
}

test('a whole day of use tells no secret to anybody', { timeout: 120_000 }, async () => {
  const { gateway, sample } = system
  const homes = { ada: await system.home('ada'), grace: await system.home('grace'), root: await system.home('root-admin') }
  const run = async (who: keyof typeof homes, ...args: string[]) => {
    const { stdout, stderr } = await hoop(args, { home: homes[who], env: { HOOP_DEBUG: '1' } })
    heard(`hoop ${args.join(' ')}`, stdout + stderr)
  }
  const connect = await startConnect('sample', { home: homes.ada })
  const client = new pg.Client(connect.url)
  client.on('error', () => {})
  client.on('notice', ({ message }) => heard('a notice', String(message)))
  await client.connect()
  for (const statement of [
    'select * from customers limit 3',
    'drop table customers',
    'show all',
    'select current_user, session_user',
    "select * from pg_stat_activity where query like '%password%'",
    'select usename, passwd from pg_shadow',
    `create role x password '${wrongPassword}'`,
    'select no_such_column from customers',
  ]) {
    heard(
      statement,
      JSON.stringify(await client.query(statement).catch((error: Error) => ({ ...error, message: error.message }))),
    )
  }
  const held = client.query('delete from orders where id = 1').catch((error: Error) => heard('a denial', error.message))
  await expect.poll(async () => (await hoop(['approvals', 'ls', '--json'], { home: homes.grace })).stdout).toContain('ap_')
  await run('grace', 'approvals', 'show', 'ap_')
  await run('grace', 'approvals', 'deny', 'ap_', '--reason', 'no')
  await held
  await run(
    'ada',
    'exec',
    'broken',
    '--',
    process.execPath,
    '-e',
    "new (require('net').Socket)().connect(process.env.PGPORT, process.env.PGHOST)",
  )
  const ada = await RawCaller.from(system, 'ada')
  const tunnel = await ada.tunnel()
  const { body } = await ada.askForSession(tunnel.id, 'broken')
  await clientOn(tunnel, (body as { id: string }).id).catch((error: Error) =>
    heard('a wrong password', error.message + error.stack),
  )
  tunnel.close('done')
  await applyDocuments(homes.root, documents(sample))
  for (const args of [
    ['get', 'connection'],
    ['get', 'connection', '-o', 'json'],
    ['get', 'connection', 'sample'],
    ['sessions', 'ls'],
    ['sessions', 'show', connect.session],
  ])
    await run('root', ...args)
  await run('ada', 'sessions', 'show', connect.session, '--json')
  await run('ada', 'ls', '--json')
  const admin = await RawCaller.from(system, 'root-admin')
  for (const path of [
    '/v1/config',
    '/v1/whoami',
    '/v1/connections',
    '/v1/sessions',
    `/v1/sessions/${connect.session}/events`,
    '/v1/approvals?state=all',
    '/v1/documents/Connection',
    '/v1/healthz',
    '/healthz',
    '/readyz',
    '/metrics',
    '/v1/openapi.json',
    '/v1/nothing',
    '/v1/documents/Connection/none',
  ])
    heard(path, (await admin.ask('GET', path)).text)
  heard(
    'a document that is wrong',
    (await admin.ask('POST', '/v1/documents', { yaml: documents(sample).replace('protocol: postgres', 'protocol: mysql') })).text,
  )
  heard(
    'a password that is wrong',
    (
      await admin.ask('POST', '/v1/documents', {
        yaml: `kind: Connection\nname: x\nlogin: { user: u, password: { evn: ${JSON.stringify(sample.password)} } }`,
      })
    ).text,
  )
  await client.end()
  heard('connect', connect.program.output('stdout') + connect.program.output('stderr'))
  await connect.stop()

  for (const path of ['/metrics', '/readyz', '/healthz', '/nothing']) {
    for (const headers of [{}, { authorization: `Bearer ${metricsToken}` }]) {
      const answer = await fetch(`http://127.0.0.1:${metricsPort}${path}`, { headers })
      heard(`${path} of the metrics`, await answer.text())
    }
  }
  const scratch = await keep(temporaryFolder('backup'))
  const [backup, passphraseFile] = [join(scratch.path, 'backup'), join(scratch.path, 'passphrase')]
  await writeFile(passphraseFile, passphrase)
  const { issuer, clientId } = system.provider
  const settings = { HOOP_DATA: gateway.dataFolder, HOOP_DEMO: '1', HOOP_OIDC_ISSUER: issuer, HOOP_OIDC_CLIENT_ID: clientId }
  const operator = { home: homes.root, env: { ...settings, HOOP_METRICS_TOKEN: metricsToken } }
  for (const args of [['check'], ['backup', backup, '--records', '--passphrase-file', passphraseFile], ['restore', backup]]) {
    const { stdout, stderr } = await hoop(['gateway', ...args], operator)
    heard(`hoop gateway ${args[0]}`, stdout + stderr)
  }
  for (const sign of [
    'hoop_operations_total{protocol="postgres",verdict="refuse"}',
    'identity provider',
    'rows of',
    'belongs to a gateway that runs',
  ])
    expect([sign, told.some(({ text }) => text.includes(sign))]).toEqual([sign, true])
  heard('a backup', await readFile(backup, 'latin1'))
  const log = gateway.logs()
  heard('the log of the gateway', log)
  for (const token of [ada.token, admin.token]) expect(log.includes(token)).toBe(false)
  if (process.platform === 'linux') {
    for (const pid of await readdir('/proc').then((all) => all.filter((name) => /^\d+$/.test(name)))) {
      heard(`the arguments of process ${pid}`, await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''))
    }
  }
  for (const file of [...(await filesIn(gateway.dataFolder)), ...(await filesIn(join(gateway.dataFolder, 'postgres')))]) {
    heard(file, await readFile(file, 'latin1').catch(() => ''))
  }
  for (const home of Object.values(homes)) for (const file of await filesIn(home)) heard(file, await readFile(file, 'latin1'))

  const keys = join(gateway.dataFolder, 'keys')
  const secrets = new Map([['the password of the sample', sample.password]])
  secrets.set('the password that is wrong', wrongPassword)
  secrets.set('the token of the metrics', metricsToken)
  secrets.set('the passphrase of the backup', passphrase)
  for (const name of await readdir(keys)) {
    if (name === 'gateway-id') continue
    const text = (await readFile(join(keys, name), 'utf8')).trim()
    const [line = text] = name.endsWith('.pem') ? text.split('\n').slice(1) : [text]
    secrets.set(name, line)
    if (/^[0-9a-f]{64}$/.test(text)) {
      secrets.set(`${name} in base64`, Buffer.from(text, 'hex').toString('base64').slice(0, -1))
      secrets.set(`${name} in bytes`, Buffer.from(text, 'hex').toString('latin1'))
    }
  }
  expect(secrets.size).toBeGreaterThan(6)
  const leaks = told.flatMap(({ where, text }) =>
    [...secrets].filter(([, secret]) => text.includes(secret)).map(([what]) => `${what}: ${where}`),
  )
  expect(leaks).toEqual([])
  expect(told.length).toBeGreaterThan(50)
  expect(told.some(({ text }) => text.includes('BEGIN') || text.includes('select * from customers'))).toBe(true)
})

test('what the gateway keeps is for its owner only', async () => {
  const { dataFolder } = system.gateway
  for (const name of ['', 'keys', 'records']) {
    expect([name, (await stat(join(dataFolder, name))).mode & 0o066]).toEqual([name, 0])
  }
  for (const folder of ['keys', 'records']) {
    for (const entry of await readdir(join(dataFolder, folder), { recursive: true })) {
      expect([entry, (await stat(join(dataFolder, folder, entry))).mode & 0o077]).toEqual([entry, 0])
    }
  }
})

test('no id or name leads out of the folder of records, or out of the store', async () => {
  const admin = await RawCaller.from(system, 'root-admin')
  const ids = [
    '..',
    '.',
    '../keys',
    '..%2fkeys',
    '%2e%2e%2fkeys%2fmaster',
    'ses_..',
    "ses_' or 1=1 --",
    'ses_%00',
    '%5c..%5ckeys',
    'x'.repeat(5000),
  ]
  for (const id of ids) {
    for (const path of [
      `/v1/sessions/${id}`,
      `/v1/sessions/${id}/events`,
      `/v1/documents/Connection/${id}`,
      `/v1/documents/${id}`,
    ]) {
      const { status, text } = await admin.ask('GET', path)
      expect([path, status >= 400 && status < 500]).toEqual([path, true])
      expect(text).not.toMatch(/ENOENT|syntax error|PRIVATE/)
    }
  }
})

test('documents that would burst are refused soon', { timeout: 60_000 }, async () => {
  const admin = await RawCaller.from(system, 'root-admin')
  const nine = (name: string, of: string) => `${name}: [${Array(9).fill(of).join(', ')}]`
  const bombs = {
    'a billion laughs': ['a: &a [x]', nine('b: &b', '*a'), nine('c: &c', '*b'), nine('d: &d', '*c')].join('\n'),
    'nested deeply': '['.repeat(200_000),
    'nested deeply in blocks': Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
    'a merge of prototypes': 'kind: Role\nname: x\ngroups: [a]\nmay: [audit]\n__proto__: { may: [admin] }',
    'a prototype as a label':
      'kind: Policy\nname: x\nthen: deny\nconnections: { labels: { __proto__: x, constructor: y } }\nwhen: "1"',
    'a condition without end': `kind: Policy\nname: x\nthen: deny\nwhen: "${'('.repeat(50_000)}true"`,
    'a condition of many parts': `kind: Policy\nname: x\nthen: deny\nwhen: "${Array(20_000).fill('true').join(' && ')}"`,
    'a pattern that backtracks': `kind: Policy\nname: x\nthen: deny\nwhen: 'operation.text.matches("(a+)+$")'`,
    'a tag': 'kind: !!js/function "x"\nname: y',
    'many documents': '---\n'.repeat(200_000),
    'many mistakes': Array.from({ length: 20_000 }, (_, i) => `kind: No${i}\n`).join('---\n'),
  }
  for (const [what, yaml] of Object.entries(bombs)) {
    const began = performance.now()
    const { status, text } = await admin.ask('POST', '/v1/documents', { yaml })
    expect([what, status === 422 || (what === 'many documents' && status === 200)], text.slice(0, 300)).toEqual([what, true])
    expect([what, performance.now() - began < 20_000, text.length < 1_000_000]).toEqual([what, true, true])
  }
  expect((await admin.ask('GET', '/v1/healthz')).status).toBe(200)
})

test('a link that somebody put where a record would be is not followed', async () => {
  const folder = await keep(temporaryFolder('elsewhere'))
  const records = join(folder.path, 'records')
  await mkdir(records)
  await mkdir(join(folder.path, 'etc'))
  await symlink(join(folder.path, 'etc'), join(records, 'ses_link'))
  const { openRecord } = await import('@hoop/recording')
  expect(() =>
    openRecord({ folder: join(records, 'ses_link'), session: 'ses_link', durability: 'ordered', results: 'full' }),
  ).toThrow()
  await mkdir(join(records, 'ses_two', '000000'), { recursive: true })
  await writeFile(join(folder.path, 'victim'), 'before')
  await symlink(join(folder.path, 'victim'), join(records, 'ses_two', '000000', 'events.ndjson'))
  expect(() =>
    openRecord({ folder: join(records, 'ses_two'), session: 'ses_two', durability: 'ordered', results: 'full' }),
  ).toThrow()
  expect(await readFile(join(folder.path, 'victim'), 'utf8')).toBe('before')
  expect(await readdir(join(folder.path, 'etc'))).toEqual([])
})
