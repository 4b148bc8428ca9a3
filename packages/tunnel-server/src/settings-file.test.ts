import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadSettings } from './settings.ts'
import { placesInFile } from './settings-file.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-settings-'))
  file = join(folder, 'gateway.yaml')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const whole = `
listen: 0.0.0.0:443
publicUrl: https://hoop.example.com/
trustedProxies: [10.0.0.0/8, "2001:db8::/32"]
tls: { cert: /etc/hoop/cert.pem, key: /etc/hoop/key.pem }
oidc:
  issuer: https://login.example.com
  clientId: hoop
  clientSecret: { env: PROVIDER_SECRET }
  scopes: [openid, groups]
  checkEvery: 1m
databaseUrl: { file: database-url }
metrics: { listen: 9464 }
drainSeconds: 60
log: warn
`

async function load(yaml: string, environment: Record<string, string> = {}) {
  await writeFile(file, yaml.replace('file: database-url', `file: ${join(folder, 'database-url')}`))
  return await loadSettings({ HOOP_CONFIG: file, ...environment })
}

test('a file says what the environment would say, and the environment wins', async () => {
  await writeFile(join(folder, 'database-url'), 'postgres://hoop:pä55@db/hoop\n')
  const settings = await load(whole, { PROVIDER_SECRET: 's3cret', HOOP_LOG: 'error', HOOP_OIDC_CLIENT_ID: '' })
  expect(settings).toMatchObject({
    listen: { host: '0.0.0.0', port: 443 },
    publicUrl: 'https://hoop.example.com',
    databaseUrl: 'postgres://hoop:pä55@db/hoop',
    oidc: { clientId: 'hoop', clientSecret: 's3cret', scopes: ['openid', 'groups'], checkEvery: 60_000 },
    metrics: { host: '127.0.0.1', port: 9464, token: null },
    drainTime: 60_000,
    logLevel: 'error',
  })
  expect(settings.trustedProxies?.check('10.1.2.3')).toBe(true)
})

test.each([
  [
    'an unknown key',
    'listn: 127.0.0.1:1\n',
    /:1:1: unknown field listn\. Did you mean listen\?.*\n {2}listn: 127\.0\.0\.1:1\n {2}\^{5}$/s,
  ],
  ['a wrong type', 'demo: yes please\n', /:1:7: demo must be a boolean.*\n {2} {6}\^{10}/s],
  ['a value that is wrong', 'oidc:\n  issuer: login.example.com\n', /:2:11: must be a URL.*\n {2} {10}\^{17}/s],
  ['a number out of range', 'drainSeconds: 100000\n', /:1:15: must be seconds/],
  ['not YAML', 'oidc: {\n', /gateway\.yaml:/],
  ['not a map', '- listen\n', /must be a map/],
  ['a secret that is nowhere', 'databaseUrl: { env: NOT_SET }\n', /:1:16: there is nothing in what this names/],
])('a mistake is shown at its place: %s', async (_, yaml, words) => {
  await expect(load(yaml)).rejects.toMatchObject({ code: 'invalid_request', message: expect.stringMatching(words) })
})

test('a secret in the file is refused, and not shown', async () => {
  const refusal = await load('databaseUrl: postgres://hoop:s3cret@db/hoop\n').catch((error: Error) => error)
  expect(refusal).toMatchObject({ message: expect.stringContaining('must be { env: NAME } or { file: PATH }') })
  expect(String(refusal)).not.toContain('s3cret')
})

test('a file that is not there is named', async () => {
  await expect(loadSettings({ HOOP_CONFIG: join(folder, 'none') })).rejects.toThrow(/none cannot be read \(ENOENT\)/)
})

test('docs/operations.md lists what a file may hold', async () => {
  const page = await readFile(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-zA-Z.]+)` +\| `(HOOP_[A-Z_]+)`/gm)].map(([, place, name]) => [name, place?.split('.')])
  expect(Object.fromEntries(rows)).toEqual(placesInFile)
})
