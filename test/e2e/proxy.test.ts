import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { completeDeviceLogin, demoDocuments, demoUsers, makeCertificates, samplePasswordVariable, startHoop } from '@hoop/demo'
import { freePort } from '@hoop/postgres-server'
import { connectTunnel } from '@hoop/tunnel'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  hoop,
  keepUntilEnd,
  startGatewayProcess,
  startIdentityProvider,
  startSamplePostgres,
  temporaryFolder,
} from '../support/index.ts'
import { type CompanyProxy, startProxy } from '../support/proxy.ts'
import { startTokenPlatform, type TokenPlatform } from '../support/token-platform.ts'

const keep = keepUntilEnd(afterAll)
/** Names that only the proxy knows. */
const host = 'gateway.hoop.test'
const issuerHost = 'issuer.hoop.test'
const hookHost = 'hooks.hoop.test'
const password = 'p@ss:w/rd'
let proxy: CompanyProxy
let home: string
let gateway: string
let caFile: string
let documents: string
let platform: TokenPlatform
let hookPort: number
/** What the webhook was told. */
const told: string[] = []

beforeAll(async () => {
  const provider = await keep(startIdentityProvider())
  const sample = await keep(startSamplePostgres({ customers: 10 }))
  const folder = (await keep(temporaryFolder('proxy'))).path
  const { ca, cert, key } = await makeCertificates([host, issuerHost, hookHost])
  const file = async (name: string, content: string) => {
    await writeFile(join(folder, name), content, { mode: 0o600 })
    return join(folder, name)
  }
  caFile = await file('ca.pem', ca)
  platform = await keep(startTokenPlatform({ host: issuerHost, cert, key }))
  const hooks = createServer({ cert, key }, async (request, response) => {
    told.push(await text(request))
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => hooks.listen(0, '127.0.0.1', resolve))
  await keep(Promise.resolve({ stop: async () => void hooks.close() }))
  hookPort = (hooks.address() as AddressInfo).port
  documents = await file('documents.yaml', `${demoDocuments(sample)}---${trust(platform.issuer)}---${notifier()}`)
  proxy = await keep(
    startProxy({ name: 'ada', password, hosts: { [host]: '127.0.0.1', [issuerHost]: '127.0.0.1', [hookHost]: '127.0.0.1' } }),
  )
  const port = await freePort()
  gateway = `https://${host}:${port}`
  const env = {
    [samplePasswordVariable]: sample.password,
    HOOP_LOG: 'warn',
    HOOP_PUBLIC_URL: gateway,
    HOOP_TLS_CERT: await file('cert.pem', cert),
    HOOP_TLS_KEY: await file('key.pem', key),
    HTTPS_PROXY: laptop().HTTPS_PROXY,
    NODE_EXTRA_CA_CERTS: caFile,
    HOOK_SECRET: 'twenty-four bytes, or more of them',
  }
  await keep(startGatewayProcess({ provider, port, env }))
})

const trust = (issuer: string) => `
kind: Trust
name: jobs
issuer: ${issuer}
audience: hoop-test
when: claims.sub == 'nightly'
as: { kind: service, name: nightly, groups: [engineering] }
`

const notifier = () => `
kind: Notifier
name: hooks
events: [operation.held]
webhook: { url: "https://${hookHost}:${hookPort}/hook", secret: { env: HOOK_SECRET } }
`

/** What a laptop in such a company has set. */
function laptop(given = password) {
  return { HTTPS_PROXY: `http://ada:${encodeURIComponent(given)}@127.0.0.1:${proxy.port}`, HOOP_CA_FILE: caFile }
}

async function logIn(name: string): Promise<string> {
  const home = (await keep(temporaryFolder(name))).path
  const login = await startHoop(['login', gateway, '--no-open', '--json'], { home, env: laptop() })
  try {
    const url = await login.find('stdout', (line) => /https?:\/\/[^"\s]+[?&]user_code=[^"\s]+/.exec(line)?.[0])
    await completeDeviceLogin(url, demoUsers.find((user) => user.name === name)!)
    expect(await login.finish()).toMatchObject({ code: 0 })
    return home
  } finally {
    await login.stop()
  }
}

test('login, calls and tunnel go through the proxy, with its password and the company’s certificates', async () => {
  expect(await hoop(['apply', '-f', documents], { home: await logIn('root-admin'), env: laptop() })).toMatchObject({ code: 0 })
  home = await logIn('ada')
  const before = proxy.asked.length
  const port = await freePort()
  const connect = await startHoop(['connect', 'sample', '--json', '--show-password', '--port', String(port)], {
    home,
    env: laptop(),
  })
  try {
    const url = await connect.find('stdout', (line) => {
      const event = JSON.parse(line) as { event: string; url?: string }
      return event.event === 'ready' ? event.url : undefined
    })
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await client.end()
  } finally {
    await connect.stop('SIGINT')
  }
  // The tunnel, and at least one call.
  expect(proxy.asked.length - before).toBeGreaterThanOrEqual(2)
  expect(new Set(proxy.asked)).toEqual(new Set([new URL(gateway).host]))
})

test('the gateway asks an issuer of tokens through the proxy', async () => {
  const env = { ...laptop(), HOOP_GATEWAY: gateway, HOOP_ID_TOKEN: platform.token({ sub: 'nightly', aud: 'hoop-test' }) }
  const nowhere = '/dev/null/home'
  const run = await hoop(['exec', 'sample', '--', process.execPath, '-p', '1'], { home: nowhere, env: { HOME: nowhere, ...env } })
  expect(run).toMatchObject({ code: 0, stdout: '1\n' })
  expect(proxy.asked).toContain(new URL(platform.issuer).host)
})

test('the gateway tells a webhook through the proxy', async () => {
  const held = await startHoop(['exec', 'sample', '-c', 'delete from orders where id = 1'], { home, env: laptop() })
  try {
    await expect.poll(() => told).toContainEqual(expect.stringContaining('"type":"operation.held"'))
    expect(proxy.asked).toContain(`${hookHost}:${hookPort}`)
  } finally {
    await held.stop('SIGINT')
  }
})

test('a wrong password is told in words that say what to do, and do not repeat it', async () => {
  const { code, stderr } = await hoop(['whoami'], { home, env: laptop('guessed-wrong') })
  expect(code).toBe(126)
  expect(stderr).toMatch(/proxy .* asks for a name and a password .*407/)
  expect(stderr).toContain('HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT')
  expect(stderr).not.toContain('guessed-wrong')
})

test.each([
  [
    'guessed-wrong',
    host,
    /asks for a name and a password, and does not take .* 407/,
    /HTTPS_PROXY=http:\/\/NAME:PASSWORD@HOST:PORT/,
  ],
  [password, 'elsewhere.hoop.test', /does not connect to elsewhere.hoop.test:443 .* 403/, /let it through/],
])('and so for the tunnel, with %s, to %s', async (given, to, message, hint) => {
  const tunnel = connectTunnel({ url: `wss://${to}/v1/tunnel`, token: 'x', proxies: laptop(given) })
  await expect(tunnel).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  })
  await expect(tunnel).rejects.not.toMatchObject({ message: expect.stringContaining('guessed-wrong') })
})

test('NO_PROXY is heard: the name is then looked up here, where nobody knows it', async () => {
  const asked = proxy.asked.length
  const { code, stderr } = await hoop(['whoami'], { home, env: { ...laptop(), NO_PROXY: '.hoop.test' } })
  expect(code).toBe(126)
  expect(stderr).toContain('cannot be reached')
  expect(proxy.asked.length).toBe(asked)
})
