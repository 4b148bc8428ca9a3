import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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

const keep = keepUntilEnd(afterAll)
/** A name that only the proxy knows. */
const host = 'gateway.hoop.test'
const password = 'p@ss:w/rd'
let proxy: CompanyProxy
let home: string
let gateway: string
let caFile: string
let documents: string

beforeAll(async () => {
  const provider = await keep(startIdentityProvider())
  const sample = await keep(startSamplePostgres({ customers: 10 }))
  const folder = (await keep(temporaryFolder('proxy'))).path
  const { ca, cert, key } = await makeCertificates([host])
  const file = async (name: string, content: string) => {
    await writeFile(join(folder, name), content, { mode: 0o600 })
    return join(folder, name)
  }
  caFile = await file('ca.pem', ca)
  documents = await file('documents.yaml', demoDocuments(sample))
  const port = await freePort()
  gateway = `https://${host}:${port}`
  const env = {
    [samplePasswordVariable]: sample.password,
    HOOP_LOG: 'warn',
    HOOP_PUBLIC_URL: gateway,
    HOOP_TLS_CERT: await file('cert.pem', cert),
    HOOP_TLS_KEY: await file('key.pem', key),
  }
  await keep(startGatewayProcess({ provider, port, env }))
  proxy = await keep(startProxy({ name: 'ada', password, hosts: { [host]: '127.0.0.1' } }))
})

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
