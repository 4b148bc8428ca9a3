import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createGatewayClient } from '../gateway/client.ts'
import { temporaryFolder } from '../state/temporary-folder.fixture.ts'
import { deviceKey } from './device-key.ts'
import { fileStore } from './file-store.ts'
import { loginTokens } from './login-tokens.ts'
import { accounts } from './store.ts'

const identity = { id: 'iss|ann', kind: 'person' as const, name: 'Ann', email: null, groups: [], issuer: 'https://iss' }
const loginEnds = '2100-01-01T00:00:00Z'

let server: Server
let gateway: string
let home: string
/** Refresh tokens that were used, in order. */
let used: string[]

beforeEach(async () => {
  home = await temporaryFolder('tokens')
  used = []
  server = createServer(async (request, response) => {
    const { refresh_token } = (await json(request)) as { refresh_token: string }
    const known = refresh_token === `refresh-${used.length}`
    used.push(refresh_token)
    response.setHeader('content-type', 'application/json')
    response.statusCode = known ? 200 : 401
    const refused = { code: 'token_reused', message: 'This login was used twice.', hint: null, id: null }
    const n = used.length
    const answer = { access_token: `access-${n}`, token_type: 'Bearer', expires_in: 300, refresh_token: `refresh-${n}` }
    response.end(JSON.stringify(known ? { ...answer, login_expires_at: loginEnds, identity } : refused))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => server.close())

const key = () => deviceKey({ store: fileStore(home), lock: join(home, 'lock'), gateway })
const tokens = () =>
  loginTokens({ store: fileStore(home), lock: join(home, 'lock'), client: createGatewayClient(gateway, null, key()) })

function keep(refreshToken: string, seconds: number): Promise<void> {
  const answer = { access_token: 'access-0', token_type: 'Bearer' as const, expires_in: seconds, refresh_token: refreshToken }
  return tokens().keep({ ...answer, login_expires_at: loginEnds, identity }, null)
}

it('says so when there is no login', async () => {
  await expect(tokens().accessToken()).rejects.toMatchObject({ code: 'invalid_token', hint: `hoop login ${gateway}` })
})

it('gives the token that it has while that is fresh', async () => {
  await keep('refresh-0', 300)
  expect(await tokens().accessToken()).toBe('access-0')
  expect(used).toEqual([])
})

it('refreshes before the end, once, whoever asks', async () => {
  await keep('refresh-0', 10)
  const two = [tokens(), tokens()]
  const asked = await Promise.all([...two, ...two].map((each) => each.accessToken()))
  expect(new Set(asked)).toEqual(new Set(['access-1']))
  expect(used).toEqual(['refresh-0'])
})

it('uses no refresh token up where the next one could not be kept', async () => {
  await keep('refresh-0', 10)
  const store = { ...fileStore(home), set: () => Promise.reject(new Error('no space left')) }
  const client = createGatewayClient(gateway, null, key())
  await expect(loginTokens({ store, lock: join(home, 'lock'), client }).accessToken()).rejects.toThrow('no space left')
  expect(used).toEqual([])
  expect(await tokens().accessToken()).toBe('access-1')
})

it('refreshes once for several processes', async () => {
  await keep('refresh-0', 10)
  const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
  const script = `
    const { createGatewayClient } = await import(${module('../gateway/client.ts')})
    const { deviceKey } = await import(${module('./device-key.ts')})
    const { fileStore } = await import(${module('./file-store.ts')})
    const { loginTokens } = await import(${module('./login-tokens.ts')})
    const [home, gateway] = process.argv.slice(1)
    const tokens = loginTokens({ store: fileStore(home), lock: home + '/lock', client: createGatewayClient(gateway, null, deviceKey({ store: fileStore(home), lock: home + '/lock', gateway })) })
    process.stdout.write(await tokens.accessToken())`
  const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, '--', home, gateway])
  const answers = await Promise.all([run(), run(), run()])
  expect(answers.map(({ stdout }) => stdout)).toEqual(['access-1', 'access-1', 'access-1'])
  expect(used).toEqual(['refresh-0'])
}, 30_000)

it('renews a token that the gateway refused although it looks fresh', async () => {
  await keep('refresh-0', 300)
  const mine = tokens()
  expect(await mine.accessToken()).toBe('access-0')
  expect(await mine.accessToken({ renew: true })).toBe('access-1')
})

it('forgets a login that has ended, and says what to do', async () => {
  await keep('stolen', 10)
  await expect(tokens().accessToken()).rejects.toMatchObject({ code: 'invalid_token', hint: `hoop login ${gateway}` })
  expect(await fileStore(home).get(accounts.login(gateway))).toBeNull()
})

it('keeps the login when the gateway is away', async () => {
  await keep('refresh-0', 10)
  await new Promise((resolve) => server.close(resolve))
  await expect(tokens().accessToken()).rejects.toMatchObject({ code: 'unavailable' })
  expect(await fileStore(home).get(accounts.login(gateway))).not.toBeNull()
})
