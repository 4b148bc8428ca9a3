import { afterAll, beforeAll, expect, test } from 'vitest'
import { completeDeviceLogin } from './device-login.ts'
import { type IdentityProvider, startIdentityProvider } from './provider.ts'
import { demoUsers } from './users.ts'

let provider: IdentityProvider
beforeAll(async () => {
  provider = await startIdentityProvider({ users: demoUsers, demoMode: true })
})
afterAll(() => provider.close())

async function post(path: string, form: Record<string, string>): Promise<Record<string, unknown>> {
  const response = await fetch(`${provider.issuer}${path}`, { method: 'POST', body: new URLSearchParams(form) })
  return (await response.json()) as Record<string, unknown>
}

async function discover(): Promise<Record<string, string>> {
  return (await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json()) as Record<string, string>
}

const pathOf = (url: string) => new URL(url).pathname

async function deviceCode(): Promise<Record<string, unknown>> {
  const { device_authorization_endpoint: endpoint } = await discover()
  return post(pathOf(endpoint!), { client_id: provider.clientId, scope: 'openid profile email groups offline_access' })
}

async function poll(code: unknown): Promise<Record<string, unknown>> {
  const { token_endpoint: endpoint } = await discover()
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
  return post(pathOf(endpoint!), { grant_type, client_id: provider.clientId, device_code: String(code) })
}

test('a device login ends in an ID token with the claims that the gateway reads', async () => {
  const device = await deviceCode()
  expect(device).toMatchObject({ interval: 1 })
  expect(await poll(device.device_code)).toMatchObject({ error: 'authorization_pending' })
  await completeDeviceLogin(String(device.verification_uri_complete), { name: 'devin', password: 'demo' })
  const tokens = await poll(device.device_code)
  const payload = JSON.parse(Buffer.from(String(tokens.id_token).split('.')[1]!, 'base64url').toString())
  expect(payload).toMatchObject({
    iss: provider.issuer,
    aud: provider.clientId,
    sub: 'devin',
    email: 'devin@shop.example',
    groups: ['coding-agents'],
    hoop_kind: 'ai-agent',
  })
  expect(tokens.refresh_token).toBeTypeOf('string')
})

test('a wrong password logs nobody in', async () => {
  const device = await deviceCode()
  const attempt = completeDeviceLogin(String(device.verification_uri_complete), { name: 'ada', password: 'guess' })
  await expect(attempt).rejects.toThrow('no such user with this password')
  expect(await poll(device.device_code)).toMatchObject({ error: 'authorization_pending' })
})

test('its pages name no other place', async () => {
  const device = await deviceCode()
  const html = await (await fetch(String(device.verification_uri))).text()
  expect(html).toContain('Type the code')
  expect(
    [...html.matchAll(/https?:\/\/[^"'\s)]+/g)].map(([url]) => url).filter((url) => !url.startsWith(provider.issuer)),
  ).toEqual([])
})

test('starts for no gateway outside demo mode', async () => {
  await expect(startIdentityProvider({ users: demoUsers, demoMode: false })).rejects.toThrow('demo mode')
})
