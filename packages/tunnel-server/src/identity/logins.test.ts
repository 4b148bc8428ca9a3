import { HoopError } from '@hoop/contracts'
import { decodeJwt, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeDevice } from '../testing/device.ts'
import { clientId, type Issuer, startIssuer } from '../testing/issuer.ts'
import { gatewayUrl, login, openParts, type Parts, startServer, type TestServer, until } from '../testing/parts.ts'

let server: TestServer
let issuer: Issuer
let parts: Parts

beforeAll(async () => {
  ;[server, issuer] = await Promise.all([startServer(), startIssuer()])
  parts = await openParts(server, issuer)
})
afterAll(async () => {
  await parts?.close()
  await issuer?.close()
  await server?.remove()
})

async function failure(work: Promise<unknown>): Promise<HoopError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof HoopError)) throw new Error('it did not fail as it should', { cause: error })
  return error
}

const now = () => Math.floor(Date.now() / 1000)

test('an exchange gives an access token that carries the identity', async () => {
  const given = await login(parts, issuer, 'ada', ['engineering'])
  expect(given).toMatchObject({ token_type: 'DPoP', expires_in: 600 })
  const identity = {
    id: `${issuer.url}#ada`,
    kind: 'person',
    name: 'Ada',
    email: null,
    groups: ['engineering'],
    issuer: issuer.url,
  }
  expect(given.identity).toEqual(identity)
  const caller = await parts.logins.verifyAccessToken(given.access_token)
  expect(caller.identity).toEqual(identity)
  expect(caller.loginExpiresAt.getTime() - caller.authenticatedAt.getTime()).toBe(12 * 3600_000)
})

test('the kind of an identity comes from its claim; an unknown one is refused', async () => {
  const agent = await issuer.idToken({ sub: 'devin', groups: [], claims: { hoop_kind: 'ai-agent' } })
  expect((await parts.logins.exchange(agent, parts.device.thumbprint)).identity.kind).toBe('ai-agent')
  const odd = await issuer.idToken({ sub: 'devin', groups: [], claims: { hoop_kind: 'root' } })
  expect((await failure(parts.logins.exchange(odd, parts.device.thumbprint))).message).toContain('hoop_kind')
})

const wrong: [string, Record<string, unknown>, string][] = [
  ['another issuer', { iss: 'https://elsewhere.example' }, '"iss"'],
  ['another audience', { aud: 'another-client' }, '"aud"'],
  ['several audiences without azp', { aud: [clientId, 'another-client'] }, 'another client'],
  ['another azp', { azp: 'another-client' }, 'another client'],
  ['expired', { iat: 1_600_000_000, exp: 1_600_000_300 }, 'expired'],
  ['issued in the future', { iat: now() + 3600, exp: now() + 7200 }, '"iat"'],
  ['issued longer ago than a login lasts', { iat: now() - 13 * 3600, exp: now() + 300 }, 'expired'],
  ['without an expiry', { exp: undefined }, '"exp"'],
  ['not valid yet', { nbf: now() + 3600 }, '"nbf"'],
  ['without groups', { groups: undefined }, '"groups"'],
  ['with groups that are not a list', { groups: 'admins' }, '"groups"'],
  ['without a subject', { sub: undefined }, '"sub"'],
]
test.each(wrong)('an ID token is refused: %s', async (_, claims, words) => {
  const token = await issuer.idToken({ sub: 'ada', groups: ['admins'], claims })
  const error = await failure(parts.logins.exchange(token, parts.device.thumbprint))
  expect(error.code).toBe('invalid_token')
  expect(error.message).toContain(words)
})

test('a token signed by nobody, by a secret that everybody knows, or by another key is refused', async () => {
  const claims = decodeJwt(await issuer.idToken({ sub: 'ada', groups: ['admins'] }))
  const byClientId = new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', kid: 'key-0' })
    .sign(new TextEncoder().encode(clientId))
  const forged = [
    new UnsecuredJWT(claims).encode(),
    await byClientId,
    await issuer.forge({ sub: 'ada', groups: ['admins'] }),
    'x.y.z',
    '',
  ]
  for (const token of forged)
    expect((await failure(parts.logins.exchange(token, parts.device.thumbprint))).code).toBe('invalid_token')
})

test('a refresh token works once; using it again ends the whole login, and those who wait are told', async () => {
  const first = await login(parts, issuer, 'grace')
  const told: string[] = []
  const stop = parts.logins.onEnded((ended) => told.push(ended))
  const second = await parts.logins.refresh(first.refresh_token, parts.device.thumbprint)
  expect(second.refresh_token).not.toBe(first.refresh_token)
  expect(second.login_expires_at).toBe(first.login_expires_at)
  const { login: family } = await parts.logins.verifyAccessToken(second.access_token)
  expect(told).toEqual([])

  expect((await failure(parts.logins.refresh(first.refresh_token, parts.device.thumbprint))).code).toBe('token_reused')
  await until(() => told.length > 0)
  expect(told).toEqual([family])
  expect((await failure(parts.logins.verifyAccessToken(second.access_token))).code).toBe('invalid_token')
  expect((await failure(parts.logins.refresh(second.refresh_token, parts.device.thumbprint))).code).toBe('invalid_token')
  stop()
})

test('a refresh token without the key of its device renews nothing, and ends nothing: used before or not', async () => {
  const first = await login(parts, issuer, 'robbed')
  const thief = (await makeDevice()).thumbprint
  for (const device of [thief, null]) {
    expect((await failure(parts.logins.refresh(first.refresh_token, device))).code).toBe('invalid_proof')
  }
  const second = await parts.logins.refresh(first.refresh_token, parts.device.thumbprint)
  expect((await failure(parts.logins.refresh(first.refresh_token, thief))).code).toBe('invalid_proof')
  await parts.logins.verifyAccessToken(second.access_token)
})

test('of two that use one refresh token at once, one gets nothing, and the login ends', async () => {
  const { refresh_token: token } = await login(parts, issuer, 'twice')
  const results = await Promise.allSettled([
    parts.logins.refresh(token, parts.device.thumbprint),
    parts.logins.refresh(token, parts.device.thumbprint),
  ])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  for (const result of results) {
    if (result.status === 'fulfilled')
      expect((await failure(parts.logins.verifyAccessToken(result.value.access_token))).code).toBe('invalid_token')
    else expect(result.reason).toMatchObject({ code: 'token_reused' })
  }
})

test('a logout counts at another gateway too, and one that starts later knows of it', async () => {
  const other = await openParts(server, issuer, 'gateway-2')
  const told: string[] = []
  other.logins.onEnded((ended) => told.push(ended))
  const given = await login(parts, issuer, 'leaving')
  await other.logins.verifyAccessToken(given.access_token)
  await parts.logins.logout(given.refresh_token)
  expect((await failure(parts.logins.verifyAccessToken(given.access_token))).code).toBe('invalid_token')
  await until(() => told.length > 0)
  expect((await failure(other.logins.verifyAccessToken(given.access_token))).code).toBe('invalid_token')
  await other.close()
  const later = await openParts(server, issuer, 'gateway-3')
  expect((await failure(later.logins.verifyAccessToken(given.access_token))).code).toBe('invalid_token')
  await later.close()
  await parts.logins.logout('never issued')
})

test('a later proof without a group, or of another kind, ends the logins before it; an older one does not', async () => {
  const before = await login(parts, issuer, 'mover', ['engineering', 'dba'])
  const same = await login(parts, issuer, 'mover', ['dba', 'engineering'])
  for (const { access_token } of [before, same]) await parts.logins.verifyAccessToken(access_token)
  const old = await issuer.idToken({ sub: 'mover', groups: [], claims: { iat: now() - 200, exp: now() + 100 } })
  await parts.logins.exchange(old, parts.device.thumbprint)
  await parts.logins.verifyAccessToken(before.access_token)

  const after = await login(parts, issuer, 'mover', ['engineering'])
  for (const { access_token, refresh_token } of [before, same]) {
    expect((await failure(parts.logins.verifyAccessToken(access_token))).code).toBe('invalid_token')
    expect((await failure(parts.logins.refresh(refresh_token, parts.device.thumbprint))).code).toBe('invalid_token')
  }
  await parts.logins.verifyAccessToken(after.access_token)
  await parts.logins.exchange(
    await issuer.idToken({ sub: 'mover', groups: ['engineering'], claims: { hoop_kind: 'ai-agent' } }),
    parts.device.thumbprint,
  )
  expect((await failure(parts.logins.verifyAccessToken(after.access_token))).code).toBe('invalid_token')
})

test('people see where they are logged in, and end it there, or everywhere, at every gateway', async () => {
  const other = await openParts(server, issuer, 'gateway-2')
  const on = async (deviceName: string, sub = 'roaming') => {
    const idToken = await issuer.idToken({ sub, claims: { email: `${sub}@example.com` } })
    const given = await parts.logins.exchange(idToken, parts.device.thumbprint, { deviceName })
    return { ...given, caller: await parts.logins.verifyAccessToken(given.access_token) }
  }
  const [laptop, desktop, phone, others] = [
    await on('laptop'),
    await on('desktop'),
    await on('phone'),
    await on('laptop', 'else'),
  ]
  const { identity, login: here } = laptop.caller
  await parts.logins.refresh(desktop.refresh_token, parts.device.thumbprint)
  const list = await parts.runningLogins.list(identity.id, here)
  expect(list.map(({ device, current }) => [device, current])).toEqual([
    ['desktop', false],
    ['phone', false],
    ['laptop', true],
  ])
  expect(
    list.every(({ begun_at, last_used_at }, index) => (index === 0 ? begun_at < last_used_at : begun_at === last_used_at)),
  ).toBe(true)
  expect((await parts.runningLogins.list('roaming@example.com', here)).length).toBe(3)

  const holds = [desktop, phone, others].map(({ caller }) => other.standing.hold(caller))
  const words = () => holds.map(({ signal }) => (signal.reason as Error | undefined)?.message)
  await parts.runningLogins.end(identity, (await parts.runningLogins.find(desktop.caller.login))!)
  await until(() => words()[0] === 'The login was ended: logged out from another device.')
  expect(await parts.runningLogins.find(desktop.caller.login)).toBeNull()
  expect(await parts.runningLogins.endAll(identity, identity.id)).toBe(2)
  await until(() => words()[1] === 'The login was ended: logged out everywhere.')
  expect(words()[2]).toBeUndefined()
  await expect(parts.logins.verifyAccessToken(laptop.access_token)).rejects.toThrow('logged out everywhere')

  const root = { ...identity, id: 'root', name: 'Root' }
  expect(await parts.runningLogins.endAll(root, 'else@example.com')).toBe(1)
  await until(() => words()[2] === 'The login was ended: Root, an admin, has ended it.')
  const log = await parts.store.run((db) => db.execute("select detail from admin_log where action = 'login.end'"))
  expect(log.rows.map(({ detail }) => detail)).toEqual([...Array(3).fill(`of ${identity.id}`), `of ${others.caller.identity.id}`])
  for (const { release } of holds) release()
  await other.close()
})

test('an access token of another gateway, or of the provider, is refused', async () => {
  const given = await login(parts, issuer, 'ada')
  const claims = decodeJwt(given.access_token)
  const { privateKey } = await generateKeyPair('EdDSA')
  const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' }).sign(privateKey)
  for (const token of [forged, await issuer.idToken({ sub: 'ada' }), new UnsecuredJWT(claims).encode()]) {
    expect((await failure(parts.logins.verifyAccessToken(token))).code).toBe('invalid_token')
  }
})

test('what was proven at one gateway is proven once at all of them, unless it only reads', async () => {
  const other = await openParts(server, issuer, 'gateway-2')
  const { access_token: accessToken } = await login(parts, issuer, 'proven')
  const request = async (method: string, upgrade?: string) => ({
    method,
    url: '/v1/tunnel',
    headers: { ...(await parts.device.headers({ method, url: `${gatewayUrl}/v1/tunnel`, accessToken })), upgrade },
  })
  for (const captured of [await request('POST'), await request('DELETE'), await request('GET', 'websocket')]) {
    await parts.authenticator.authenticate(captured)
    expect(await failure(other.authenticator.authenticate(captured))).toMatchObject({ code: 'invalid_proof' })
  }
  const reading = await request('GET')
  await parts.authenticator.authenticate(reading)
  await other.authenticator.authenticate(reading)
  expect((await failure(other.authenticator.authenticate(reading))).message).toContain('used before')

  const guarded = await request('GET')
  await parts.authenticator.authenticate(guarded, 'everywhere')
  expect((await failure(other.authenticator.authenticate(guarded, 'everywhere'))).message).toContain('used before')

  const bare = {
    ...(await request('POST')),
    headers: { dpop: await parts.device.proof({ method: 'POST', url: `${gatewayUrl}/v1/token` }) },
  }
  const atOnce = [parts, other].map(({ authenticator }) => authenticator.proofOf({ ...bare, url: '/v1/token' }, null))
  expect((await Promise.allSettled(atOnce)).map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  await other.close()
})

test('refresh tokens are not in the store as they are', async () => {
  const { refresh_token: token } = await login(parts, issuer, 'hashed')
  const rows = await parts.store.run((db) => db.execute('select encode(hash, $$escape$$) as hash from refresh_tokens'))
  expect(JSON.stringify(rows.rows)).not.toContain(token)
})

test('a new key of the provider is found; a provider that is gone is not the fault of the token', async () => {
  const fresh = await openParts(server, issuer, 'gateway-4')
  await login(fresh, issuer, 'ada')
  await issuer.rotate()
  const old = await failure(login(fresh, issuer, 'ada'))
  expect(old.code).toBe('invalid_token')
  // Keys are fetched again for an unknown one, but not more often than every few seconds.
  await until(async () => (await login(fresh, issuer, 'ada').catch(() => null)) !== null)
  await fresh.close()
  const away = await startIssuer()
  const lonely = await openParts(server, away, 'gateway-5')
  const token = await away.idToken({ sub: 'ada' })
  await away.close()
  expect((await failure(lonely.logins.exchange(token, lonely.device.thumbprint))).code).toBe('unavailable')
  await lonely.close()
})
