import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ApiError, OpenSessionResponse, SessionList, type TokenResponse } from '@hoop/contracts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Gateway, startGateway } from './main.ts'
import { makeDevice } from './testing/device.ts'
import { clientId, type Issuer, startIssuer } from './testing/issuer.ts'

let folder: string
let issuer: Issuer
const device = await makeDevice()
const running: Gateway[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-main-'))
  issuer = await startIssuer()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.close()))
  await issuer.close()
  await rm(folder, { recursive: true, force: true })
})

const environment = (change: Record<string, string> = {}) => ({
  HOOP_LISTEN: '127.0.0.1:0',
  HOOP_DATA: join(folder, 'data'),
  HOOP_OIDC_ISSUER: issuer.url,
  HOOP_OIDC_CLIENT_ID: clientId,
  HOOP_ADMIN_GROUP: 'admins',
  HOOP_DEMO: '1',
  HOOP_LOG: 'silent',
  ...change,
})

async function start(change: Record<string, string> = {}): Promise<Gateway> {
  const gateway = await startGateway(environment(change))
  running.push(gateway)
  return gateway
}

async function call(url: string, body?: unknown, token?: string): Promise<Response> {
  const request = { method: body === undefined ? 'GET' : 'POST', url }
  const proven =
    token === undefined ? { dpop: await device.proof(request) } : await device.headers({ ...request, accessToken: token })
  const headers = { 'content-type': 'application/json', ...proven }
  return await fetch(url, { headers, ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }) })
}

async function login(url: string, groups: string[]): Promise<TokenResponse> {
  const answer = await call(`${url}/v1/token`, {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: await issuer.idToken({ sub: 'ada', groups }),
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  })
  expect(answer.status).toBe(200)
  return (await answer.json()) as TokenResponse
}

test('logins and documents outlive the gateway; what is in the data folder is for its owner only', async () => {
  const first = await start()
  const { access_token: token, refresh_token: refresh } = await login(first.url, ['admins'])
  const yaml = 'kind: Role\nname: auditors\ngroups: [auditors]\nmay: [audit]\n'
  expect((await call(`${first.url}/v1/documents`, { yaml }, token)).status).toBe(200)
  await first.close()
  await expect(fetch(first.url)).rejects.toThrow()
  expect(await readdir(join(folder, 'data'))).not.toContain('gateway.lock')

  const second = await start({ HOOP_LISTEN: first.url.replace('http://', '') })
  expect(await (await call(`${second.url}/v1/whoami`, undefined, token)).json()).toMatchObject({ may: ['admin'] })
  expect(await (await call(`${second.url}/v1/documents/Role`, undefined, token)).json()).toMatchObject({
    yaml: expect.stringContaining('name: auditors'),
  })
  expect((await call(`${second.url}/v1/token`, { grant_type: 'refresh_token', refresh_token: refresh })).status).toBe(200)

  for (const name of await readdir(join(folder, 'data', 'keys'))) {
    expect((await stat(join(folder, 'data', 'keys', name))).mode & 0o077).toBe(0)
  }
  for (const name of ['keys', 'records']) expect((await stat(join(folder, 'data', name))).mode & 0o077).toBe(0)
  // As root the store runs as another user, who may pass through, and neither read nor write.
  expect((await stat(join(folder, 'data'))).mode & 0o066).toBe(0)
})

test('a killed gateway leaves nothing that the next one cannot take over', async () => {
  const program = fileURLToPath(new URL('testing/run-gateway.ts', import.meta.url))
  const run = async () => {
    const child = spawn(process.execPath, [program], {
      env: { PATH: process.env.PATH, ...environment() },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
    expect(line).toMatch(/^hoop gateway ready at http:\/\/127\.0\.0\.1:\d+\n$/)
    return child
  }
  const killed = await run()
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  expect(await readdir(join(folder, 'data'))).toContain('gateway.lock')
  const asked = await run()
  asked.kill('SIGTERM')
  expect(await once(asked, 'exit')).toEqual([0, null])
  expect(await readdir(join(folder, 'data'))).not.toContain('gateway.lock')
})

test('two gateways never share a data folder; the lock of one that was killed is taken over', async () => {
  const first = await start()
  await expect(startGateway(environment())).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining(`${process.pid}`),
  })
  await first.close()
  // A living process with this number, which started at another time.
  await writeFile(join(folder, 'data', 'gateway.lock'), JSON.stringify({ pid: process.pid, start: '1', token: 'stale' }))
  await start()
  expect(await readFile(join(folder, 'data', 'gateway.lock'), 'utf8')).not.toContain('stale')
})

test('a port that is taken is said, and nothing is left behind', async () => {
  const first = await start()
  const second = environment({ HOOP_DATA: join(folder, 'second'), HOOP_LISTEN: first.url.replace('http://', '') })
  await expect(startGateway(second)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('EADDRINUSE'),
  })
  expect(await readdir(join(folder, 'second'))).not.toContain('gateway.lock')
})

test('a logout ends the sessions of the identity', async () => {
  const { url } = await start()
  const admin = await login(url, ['admins', 'engineering'])
  const yaml = [
    'kind: Connection\nname: shop\nprotocol: postgres\naddress: 127.0.0.1:1\ndatabases: [app]\nlogin: { user: app, password: x }\ntls: disable\n',
    'kind: Access\nname: all\ngroups: [engineering]\nconnections: {}\n',
  ].join('---\n')
  expect((await call(`${url}/v1/documents`, { yaml }, admin.access_token)).status).toBe(200)
  const tunnel = crypto.randomUUID()
  const { WebSocket } = await import('ws')
  const headers = await device.headers({ method: 'GET', url: `${url}/v1/tunnel`, accessToken: admin.access_token })
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/tunnel?id=${tunnel}`, 'hoop.tunnel.v1', { headers })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const opened = await call(
    `${url}/v1/sessions`,
    {
      connection: 'shop',
      via: 'connect',
      reason: null,
      client: { version: '1', host: 'laptop' },
      tunnel,
      local_secret: { salt: 'c2FsdA==', iterations: 4096, storedKey: 'a2V5', serverKey: 'a2V5' },
    },
    admin.access_token,
  )
  const { id } = OpenSessionResponse.parse(await opened.json())
  expect((await call(`${url}/v1/logout`, { refresh_token: admin.refresh_token })).status).toBe(204)
  const refused = await call(`${url}/v1/sessions`, undefined, admin.access_token)
  expect(refused.status).toBe(401)
  expect(ApiError.parse(await refused.json()).code).toBe('invalid_token')
  const again = await login(url, ['admins'])
  for (;;) {
    const { sessions } = SessionList.parse(await (await call(`${url}/v1/sessions`, undefined, again.access_token)).json())
    if (sessions.some((session) => session.id === id && session.state === 'closed' && session.words?.includes('login'))) break
  }
  socket.terminate()
})
