import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientId, type Issuer, startIssuer } from '../testing/issuer.ts'
import { openParts, type Parts, startServer, type TestServer, until } from '../testing/parts.ts'

let server: TestServer
let issuer: Issuer
let parts: Parts
let other: Parts

beforeAll(async () => {
  ;[server, issuer] = await Promise.all([startServer(), startIssuer()])
  parts = await openParts(server, issuer)
  other = await openParts(server, issuer, 'gateway-2')
})
afterAll(async () => {
  await parts?.close()
  await other?.close()
  await issuer?.close()
  await server?.remove()
})

const event = 'http://schemas.openid.net/event/backchannel-logout'
function claims(about: Record<string, unknown>): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000)
  return { iss: issuer.url, aud: clientId, iat: now, exp: now + 120, jti: randomUUID(), events: { [event]: {} }, ...about }
}
const end = async (about: Record<string, unknown>) => await parts.logins.endByProvider(await issuer.sign(claims(about)))

async function login(sub: string, sid?: string, refreshToken: string | null = null) {
  const idToken = await issuer.idToken({ sub, groups: [], claims: sid === undefined ? {} : { sid } })
  const given = await parts.logins.exchange(idToken, parts.device.thumbprint, { refreshToken })
  return { token: given.access_token, caller: await parts.logins.verifyAccessToken(given.access_token) }
}
const holds = (token: string) =>
  parts.logins.verifyAccessToken(token).then(
    () => true,
    () => false,
  )

test('a person who is logged out at the provider is logged out here, at every gateway, and told why', async () => {
  const [one, two, grace] = [await login('ada'), await login('ada', 's1'), await login('grace')]
  const held = other.standing.hold(one.caller)
  await end({ sub: 'ada' })
  expect(await Promise.all([one, two, grace].map(({ token }) => holds(token)))).toEqual([false, false, true])
  await until(() => held.signal.aborted)
  expect(held.signal.reason).toMatchObject({ message: 'The login was ended: the identity provider logged it out.' })
})

test('a session at the provider ends what came from it; and what of that person came from none that is known', async () => {
  const [s1, s2, unknown, grace] = [
    await login('ada', 's1'),
    await login('ada', 's2'),
    await login('ada'),
    await login('grace', 's1'),
  ]
  await end({ sub: 'ada', sid: 's1' })
  expect(await Promise.all([s1, s2, unknown, grace].map(({ token }) => holds(token)))).toEqual([false, true, false, true])
  await end({ sid: 's2' })
  expect(await holds(s2.token)).toBe(false)
})

test("a session at the provider that has ended has it asked about the person's others: it may have told of one of several", async () => {
  const [leaver, stayer] = ['leaver', 'stayer']
  const both = [leaver, stayer].map(async (sub) => ({
    told: await login(sub, `${sub}-1`, issuer.refreshToken(sub)),
    untold: await login(sub, `${sub}-2`, issuer.refreshToken(sub)),
  }))
  const [gone, standing] = await Promise.all(both)
  const held = other.standing.hold(gone!.untold.caller)
  issuer.setAccount(leaver, null)
  const before = issuer.asked(stayer)
  await end({ sub: leaver, sid: 'leaver-1' })
  await end({ sid: 'stayer-1' })
  expect(await Promise.all([gone!, standing!].map(({ told }) => holds(told.token)))).toEqual([false, false])
  await until(() => held.signal.aborted && issuer.asked(stayer) > before)
  expect(held.signal.reason).toMatchObject({
    message: 'The login was ended: the identity provider does not vouch for it any more.',
  })
  expect(await Promise.all([gone!, standing!].map(({ untold }) => holds(untold.token)))).toEqual([false, true])
})

test('one used before ends nothing more, at whatever gateway it comes', async () => {
  const token = await issuer.sign(claims({ sub: 'ada' }))
  await parts.logins.endByProvider(token)
  const later = await login('ada')
  for (const { logins } of [parts, other]) {
    await expect(logins.endByProvider(token)).rejects.toMatchObject({
      code: 'invalid_token',
      message: expect.stringContaining('used before'),
    })
  }
  expect(await holds(later.token)).toBe(true)
})

const now = () => Math.floor(Date.now() / 1000)
test.each<[string, () => Record<string, unknown>]>([
  ['of another issuer', () => ({ iss: 'https://elsewhere.example' })],
  ['for another audience', () => ({ aud: 'another' })],
  ['that names nobody', () => ({ sub: undefined })],
  ['with a nonce: it is an ID token', () => ({ nonce: 'x' })],
  ['without the event', () => ({ events: {} })],
  ['with another event', () => ({ events: { 'http://elsewhere.example': {} } })],
  ['without events', () => ({ events: undefined })],
  ['without an id', () => ({ jti: undefined })],
  ['without a time', () => ({ iat: undefined })],
  ['that has expired', () => ({ iat: now() - 200, exp: now() - 100 })],
  ['that is old', () => ({ iat: now() - 600 })],
])('a logout token is refused: %s', async (_, change) => {
  const { token } = await login('ada')
  await expect(end({ sub: 'ada', ...change() })).rejects.toMatchObject({ code: 'invalid_token' })
  await end({ sub: 'nobody' })
  expect(await holds(token)).toBe(true)
})

test('one that the provider has not signed is refused, and a logout token is no login', async () => {
  for (const token of [await issuer.forge({ sub: 'ada', groups: [] }), 'x', '']) {
    await expect(parts.logins.endByProvider(token)).rejects.toMatchObject({ code: 'invalid_token' })
  }
  const token = await issuer.sign({ ...claims({ sub: 'ada' }), groups: ['admins'] })
  await expect(parts.logins.exchange(token, parts.device.thumbprint)).rejects.toMatchObject({ code: 'invalid_token' })
})
