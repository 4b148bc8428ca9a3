import { readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { LoginSummary } from '@hoop/contracts'
import { completeDeviceLogin, type DemoUser, demoUsers, logIn, type Program, startHoop } from '@hoop/demo'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accounts } from '../../packages/cli/src/credentials/store.ts'
import {
  type GatewayProcess,
  hoop,
  type IdentityProvider,
  keepUntilEnd,
  type System,
  startConnect,
  startGatewayProcess,
  startIdentityProvider,
  startSystem,
  temporaryFolder,
} from '../support/index.ts'

const keep = keepUntilEnd(afterAll)
let system: System
/** Of the system's provider: a test may take somebody out. */
const users: DemoUser[] = demoUsers.map((user) => ({ ...user }))

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10 }, users, env: { HOOP_OIDC_CHECK_EVERY: '2s' } }))
})

const user = (name: string) => demoUsers.find((each) => each.name === name)!
const newHome = async () => (await keep(temporaryFolder('login'))).path
const login = (home: string, ...args: string[]) => startHoop(['login', system.gateway.url, '--json', ...args], { home })
const address = (program: Program) =>
  program.find('stdout', (line) => (JSON.parse(line) as { event: string; address?: string }).address)

async function kept(home: string): Promise<Record<string, string>> {
  return JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as Record<string, string>
}

describe('in a browser', () => {
  test('a login by authorization code and PKCE, on a loopback redirect', async () => {
    const home = await newHome()
    const program = await login(home, '--browser', '--no-open')
    const url = new URL(await address(program))
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      max_age: '900',
      redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/),
    })
    await completeDeviceLogin(url.href, user('grace'))
    expect(await program.finish()).toMatchObject({ code: 0 })
    const me = JSON.parse((await hoop(['whoami', '--json'], { home })).stdout) as Record<string, unknown>
    expect(me).toMatchObject({ identity: { name: 'Grace Lindqvist' }, account_checked_at: expect.any(String) })
    expect(Object.keys(await kept(home)).sort()).toEqual([
      accounts.deviceKey(system.gateway.url),
      accounts.login(system.gateway.url),
    ])
  })

  test('an answer with another state, of another issuer, or with a made-up code logs nobody in', async () => {
    const home = await newHome()
    for (const [wrong, code] of [
      [{ iss: 'https://evil.example' }, 126],
      [{ code: 'made-up' }, 120],
    ] as const) {
      const program = await login(home, '--browser', '--no-open')
      const url = new URL(await address(program))
      const back = new URL(url.searchParams.get('redirect_uri')!)
      const state = url.searchParams.get('state')!
      const answer = (parameters: Record<string, string>) => {
        back.search = new URLSearchParams({ code: 'c', iss: system.provider.issuer, ...parameters }).toString()
        return fetch(back)
      }
      expect((await answer({ state: 'x' })).status).toBe(404)
      expect((await answer({ state, ...wrong })).status).toBe(200)
      expect(await program.finish()).toMatchObject({ code })
    }
    expect((await hoop(['whoami'], { home })).code).toBe(120)
  })
})

/** An identity token as the provider gives one to whoever logs in. */
async function identityToken(name: string): Promise<string> {
  const { issuer, clientId } = system.provider
  const metadata = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Record<string, string>
  const post = async (endpoint: string, form: Record<string, string>) =>
    (await (await fetch(metadata[endpoint]!, { method: 'POST', body: new URLSearchParams(form) })).json()) as Record<
      string,
      string
    >
  const scope = 'openid profile email groups'
  const started = await post('device_authorization_endpoint', { client_id: clientId, scope })
  await completeDeviceLogin(started.verification_uri_complete!, user(name))
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  return (await post('token_endpoint', { grant_type, client_id: clientId, device_code: started.device_code! })).id_token!
}

describe('unattended', () => {
  test('a token from a file or a command is a login, and taken again when the login has ended', async () => {
    const home = await newHome()
    const file = join(home, 'token')
    await writeFile(file, await identityToken('devin'))
    for (const source of [
      ['--token-file', file],
      ['--token-command', `cat '${file}'`],
    ]) {
      expect(await hoop(['login', system.gateway.url, ...source], { home })).toMatchObject({ code: 0 })
      const account = accounts.login(system.gateway.url)
      const all = await kept(home)
      const { refreshToken } = JSON.parse(all[account]!) as { refreshToken: string }
      await fetch(`${system.gateway.url}/v1/logout`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ refresh_token: refreshToken }),
      })
      const me = await hoop(['whoami', '--json'], { home })
      expect(me).toMatchObject({ code: 0 })
      expect(JSON.parse(me.stdout)).toMatchObject({ identity: { kind: 'ai-agent' }, account_checked_at: null })
    }
    await writeFile(file, 'x')
    expect(await hoop(['login', '--token-file', file], { home })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(file),
    })
  })
})

test('what is kept on one machine is of no use on another, without the key', async () => {
  const home = await newHome()
  await logIn({ gateway: system.gateway.url, home, user: user('ada') })
  const { [accounts.deviceKey(system.gateway.url)]: _, ...stolen } = await kept(home)
  const elsewhere = await newHome()
  await writeFile(join(elsewhere, 'credentials.json'), JSON.stringify(stolen), { mode: 0o600 })
  for (const args of [['whoami'], ['exec', 'sample', '--', 'true']]) {
    const run = await hoop(args, { home: elsewhere, env: { HOOP_GATEWAY: system.gateway.url } })
    expect(run, run.stderr).toMatchObject({ code: 120, stderr: expect.stringContaining('key') })
  }
  // The thief has not ended the login either.
  expect(await hoop(['whoami'], { home })).toMatchObject({ code: 0 })
})

test('who is logged in on several devices sees them, and logs out of all: what is live ends, with words', {
  timeout: 60_000,
}, async () => {
  const [laptop, desktop] = [await newHome(), await newHome()]
  for (const home of [laptop, desktop]) await logIn({ gateway: system.gateway.url, home, user: user('ada') })
  const connect = await keep(startConnect('sample', { home: laptop }))
  const client = new pg.Client({ connectionString: connect.url })
  const ended = new Promise<string>((resolve) => client.on('error', ({ message }) => resolve(message)))
  await client.connect()
  const listed = JSON.parse((await hoop(['logins', '--json'], { home: desktop })).stdout) as { logins: LoginSummary[] }
  // Each is of this machine; the last used first.
  expect(new Set(listed.logins.map(({ device }) => device))).toEqual(new Set([hostname()]))
  expect(listed.logins.map(({ current }) => current)).toEqual([true, ...listed.logins.slice(1).map(() => false)])
  const began = performance.now()
  const out = await hoop(['logout', '--everywhere'], { home: desktop })
  expect(out).toMatchObject({ code: 0, stderr: expect.stringContaining(`everywhere: ${listed.logins.length} logins`) })
  expect(await ended).toContain('The login was ended: logged out everywhere.')
  expect(performance.now() - began).toBeLessThan(20_000)
  for (const home of [laptop, desktop]) expect(await hoop(['whoami'], { home })).toMatchObject({ code: 120 })

  await logIn({ gateway: system.gateway.url, home: laptop, user: user('ada') })
  const admin = await system.home('root-admin')
  const lines = (await hoop(['logins', '--of', 'ada@shop.example'], { home: admin })).stdout.trim().split('\n')
  expect(lines).toHaveLength(1)
  expect(await hoop(['logins', 'end', '--of', 'ada@shop.example', lines[0]!.slice(0, 8)], { home: laptop })).toMatchObject({
    code: 121,
  })
  expect(await hoop(['logins', 'end', '--of', 'ada@shop.example', lines[0]!.slice(0, 8)], { home: admin })).toMatchObject({
    code: 0,
  })
  expect(await hoop(['whoami'], { home: laptop })).toMatchObject({ code: 120, stderr: expect.stringContaining('an admin') })
})

test('an account that is closed at the provider ends the live connection, with words', { timeout: 60_000 }, async () => {
  const connect = await keep(startConnect('sample', { home: await system.home('ada') }))
  const client = new pg.Client({ connectionString: connect.url })
  const ended = new Promise<string>((resolve) => client.on('error', ({ message }) => resolve(message)))
  await client.connect()
  await client.query('select 1')
  users.splice(
    users.findIndex(({ name }) => name === 'ada'),
    1,
  )
  const began = performance.now()
  expect(await ended).toContain('The login was ended: the identity provider does not vouch for it any more.')
  // Long before its tokens are too old.
  expect(performance.now() - began).toBeLessThan(20_000)
  expect(await hoop(['whoami'], { home: await system.home('ada') })).toMatchObject({ code: 120 })
})

test('a gateway that has no admin gets its first one by a token of its own, by the only flow that it offers', {
  timeout: 60_000,
}, async () => {
  const { provider } = system
  const env = { HOOP_ADMIN_GROUP: '', HOOP_OIDC_FLOWS: 'browser' }
  const gateway: GatewayProcess = await keep(startGatewayProcess({ provider, env }))
  const token = join(gateway.dataFolder, 'admin-token')
  expect(gateway.logs()).toContain(token)
  expect(gateway.logs()).not.toContain((await readFile(token, 'utf8')).trim())
  const home = await newHome()
  expect(await hoop(['login', gateway.url, '--device'], { home })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('offers no login by a code for any browser, only in a browser on this machine'),
  })
  const program = await startHoop(['login', gateway.url, '--json', '--admin-token-file', token], { home })
  await completeDeviceLogin(await address(program), user('grace'))
  expect(await program.finish()).toMatchObject({ code: 0 })
  const me = JSON.parse((await hoop(['whoami', '--json'], { home })).stdout) as { may: string[]; identity: { id: string } }
  expect(me.may).toEqual(['admin'])
  const role = await hoop(['get', 'Role', 'first-admin'], { home })
  expect(role).toMatchObject({ code: 0, stdout: expect.stringContaining(me.identity.id) })
  await expect(readFile(token)).rejects.toThrow('ENOENT')
})

test('a gateway whose groups cannot be looked up logs nobody in', { timeout: 60_000 }, async () => {
  const provider: IdentityProvider = await keep(startIdentityProvider())
  const gateway: GatewayProcess = await keep(
    startGatewayProcess({ provider, env: { HOOP_OIDC_GROUPS_CLAIM: 'absent', HOOP_OIDC_GROUPS: 'userinfo' } }),
  )
  const attempt = logIn({ gateway: gateway.url, home: await newHome(), user: user('ada') })
  await expect(attempt).rejects.toThrow('The groups cannot be looked up')
})
