import { HoopError } from '@hoop/contracts'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import { openParts, type Parts, startServer, type TestServer, until } from '../testing/parts.ts'

let server: TestServer
let issuer: Issuer
/** One that asks all the time, one that asks every five minutes. */
let parts: Parts
let other: Parts

beforeAll(async () => {
  ;[server, issuer] = await Promise.all([startServer(), startIssuer()])
  parts = await openParts(server, issuer, 'gateway-1', { checkEvery: 300 })
  other = await openParts(server, issuer, 'gateway-2')
})
afterAll(async () => {
  await parts?.close()
  await other?.close()
  await issuer?.close()
  await server?.remove()
})
afterEach(() => issuer.failWith(null))

async function login(sub: string, groups: string[], { refreshToken = issuer.refreshToken(sub), claims = {} } = {}) {
  issuer.setAccount(sub, { groups })
  const idToken = await issuer.idToken({ sub, groups, claims })
  const given = await parts.logins.exchange(idToken, parts.device.thumbprint, { refreshToken, accessToken: null })
  return { ...given, caller: await parts.logins.verifyAccessToken(given.access_token) }
}

const refresh = (token: string) => parts.logins.refresh(token, parts.device.thumbprint)

/** As if the provider had last been asked so many minutes ago. */
async function checkedBefore(login: string, minutes: number): Promise<void> {
  const past = `update provider_grants set checked_at = now() - interval '${minutes} minutes' where login = '${login}'`
  await parts.store.run((db) => db.execute(past))
}

test('each renewal asks the provider, and takes its groups', async () => {
  const { refresh_token: token, caller } = await login('ada', ['engineering'])
  issuer.setAccount('ada', { groups: ['engineering', 'dba'] })
  await checkedBefore(caller.login, 1)
  expect((await refresh(token)).identity.groups).toEqual(['engineering', 'dba'])
  expect(Date.now() - (await parts.logins.checkedAt(caller.login))!.getTime()).toBeLessThan(10_000)
})

test.each<[string, () => void, string]>([
  ['is gone', () => issuer.setAccount('leaver', null), 'does not vouch for it'],
  ['has lost a group', () => issuer.setAccount('leaver', { groups: ['engineering'] }), 'has taken the group dba'],
  [
    'is of another kind',
    () => issuer.setAccount('leaver', { groups: ['dba', 'engineering'], claims: { hoop_kind: 'service' } }),
    'service now',
  ],
])('a renewal of an account that %s ends the login, and says why', async (_, change, words) => {
  const { refresh_token: token, caller } = await login('leaver', ['engineering', 'dba'])
  change()
  await checkedBefore(caller.login, 1)
  await expect(refresh(token)).rejects.toMatchObject({ code: 'invalid_token', message: expect.stringContaining(words) })
  const rows = await parts.store.run((db) => db.execute(`select 1 from provider_grants where login = '${caller.login}'`))
  expect(rows.rows).toEqual([])
})

test('while something goes on the account is asked for; what goes on ends within 5 s of the answer, at other gateways too', async () => {
  const { access_token: token, caller } = await login('watched', ['dba'])
  const here = parts.standing.hold(caller)
  const there = other.standing.hold(await other.logins.verifyAccessToken(token))
  const before = issuer.asked('watched')
  await until(() => issuer.asked('watched') > before + 1)
  issuer.setAccount('watched', { groups: [] })
  await until(() => here.signal.aborted && there.signal.aborted)
  for (const { signal } of [here, there]) {
    expect(signal.reason).toMatchObject({ message: expect.stringContaining('has taken the group dba') })
  }
})

test('when nothing goes on any more nobody asks', async () => {
  const { caller } = await login('quiet', [])
  const holds = [parts.standing.hold(caller), parts.standing.hold(caller)]
  for (const hold of [...holds, ...holds]) hold.release()
  const { caller: busy } = await login('busy', [])
  const held = parts.standing.hold(busy)
  const before = issuer.asked('busy')
  await until(() => issuer.asked('busy') > before + 3)
  held.release()
  const checked = (await parts.logins.checkedAt(caller.login))!.getTime()
  expect(checked).toBeLessThan((await parts.logins.checkedAt(busy.login))!.getTime())
})

test('of several who ask at once for one login, one does: the provider takes a token once', async () => {
  const { refresh_token: token, caller } = await login('crowd', ['dba'])
  await checkedBefore(caller.login, 1)
  const before = issuer.asked('crowd')
  const asking = [1, 2, 3, 4].map(() => other.standing.hold(caller))
  const results = await Promise.allSettled([refresh(token), other.logins.refresh(token, parts.device.thumbprint)])
  expect(results.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1)
  // Somebody else's last check may still be under way.
  expect(issuer.asked('crowd')).toBe(before + 1)
  for (const hold of asking) hold.release()
})

test('a provider that is down ends nothing; after 15 minutes nothing is renewed, until it is back', async () => {
  const { refresh_token: token, access_token, caller } = await login('patient', ['dba'])
  issuer.failWith(503)
  await checkedBefore(caller.login, 14)
  const renewed = await refresh(token)
  await checkedBefore(caller.login, 16)
  await expect(refresh(renewed.refresh_token)).rejects.toMatchObject({ code: 'unavailable' })
  await parts.logins.verifyAccessToken(access_token)
  issuer.failWith(null)
  await refresh(renewed.refresh_token)
})

test.each([400, 401, 403, 429, 500])('a refusal with %i that is not about the person ends nothing', async (status) => {
  const { refresh_token: token, caller } = await login('innocent', ['dba'])
  issuer.failWith(status)
  await checkedBefore(caller.login, 1)
  await refresh(token)
})

test('a check that fails after the provider has renewed its token loses nothing, and ends nothing', async () => {
  const { refresh_token: token, caller } = await login('halfway', ['dba'])
  // A token that is not valid yet: its clock went astray, say.
  issuer.setAccount('halfway', { groups: ['dba'], claims: { iat: Math.floor(Date.now() / 1000) + 3600 } })
  await checkedBefore(caller.login, 1)
  const renewed = await refresh(token)
  issuer.setAccount('halfway', { groups: ['dba', 'engineering'] })
  await checkedBefore(caller.login, 1)
  expect((await refresh(renewed.refresh_token)).identity.groups).toEqual(['dba', 'engineering'])
})

test('an account whose groups the provider leaves out has none left', async () => {
  const { refresh_token: token, caller } = await login('groupless', ['dba'])
  issuer.setAccount('groupless', { groups: undefined })
  await checkedBefore(caller.login, 1)
  await expect(refresh(token)).rejects.toMatchObject({ message: expect.stringContaining('does not say any more') })
})

test("another person's refresh token, or one of nobody, is no login", async () => {
  const others = issuer.refreshToken('grace')
  await expect(login('ada', [], { refreshToken: others })).rejects.toMatchObject({
    code: 'invalid_token',
    message: expect.stringContaining("another person's"),
  })
  await expect(login('ada', [], { refreshToken: 'made up' })).rejects.toMatchObject({ code: 'invalid_token' })
  issuer.failWith(500)
  await expect(login('ada', [])).rejects.toMatchObject({ code: 'unavailable' })
})

test('without a refresh token the provider is never asked', async () => {
  const idToken = await issuer.idToken({ sub: 'plain', groups: ['dba'] })
  const given = await parts.logins.exchange(idToken, parts.device.thumbprint)
  const { login } = await parts.logins.verifyAccessToken(given.access_token)
  const before = issuer.asked()
  await refresh(given.refresh_token)
  expect([issuer.asked(), await parts.logins.checkedAt(login)]).toEqual([before, null])
})

test("the provider's refresh token is in the store encrypted, and for its own login only", async () => {
  const refreshToken = issuer.refreshToken('sealed')
  const [one, { caller: two }] = [await login('sealed', [], { refreshToken }), await login('sealed', [])]
  const { rows } = await parts.store.run((db) => db.execute("select encode(ciphertext, 'escape') as text from provider_grants"))
  expect(JSON.stringify(rows)).not.toContain(refreshToken)
  const copy = `update provider_grants a set ciphertext = b.ciphertext, nonce = b.nonce, checked_at = now() - interval '1 hour'
    from provider_grants b where a.login = '${one.caller.login}' and b.login = '${two.login}'`
  await parts.store.run((db) => db.execute(copy))
  const before = issuer.asked('sealed')
  await expect(refresh(one.refresh_token)).rejects.toMatchObject({ code: 'unavailable' })
  expect(issuer.asked('sealed')).toBe(before)
})

test('the time of the proof at the provider is its auth_time; the login runs from the token', async () => {
  const now = Math.floor(Date.now() / 1000)
  const { caller } = await login('sso', [], { claims: { auth_time: now - 8 * 3600 } })
  expect(caller.authenticatedAt.getTime()).toBe((now - 8 * 3600) * 1000)
  expect(caller.loginExpiresAt.getTime() - Date.now()).toBeGreaterThan(11.9 * 3600_000)
  const { caller: odd } = await login('sso', [], { claims: { auth_time: now + 9999 } })
  expect(odd.authenticatedAt.getTime()).toBeLessThanOrEqual(Date.now())
})

test('an ID token that another device asked for is refused', async () => {
  await login('bound', [], { claims: { nonce: `${parts.device.thumbprint}.x` } })
  for (const nonce of [`${other.device.thumbprint}.x`, parts.device.thumbprint, 'x']) {
    const error = await login('bound', [], { claims: { nonce } }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(HoopError)
    expect(error).toMatchObject({ message: expect.stringContaining('another device') })
  }
})
