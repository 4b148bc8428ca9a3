import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { agentPaths } from '@hoop/contracts'
import { connectTunnel } from '@hoop/tunnel'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Strangers } from '../api/strangers.ts'
import { type Device, makeDevice } from '../testing/device.ts'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import {
  callerOf,
  gatewayUrl,
  login,
  openParts,
  type Parts,
  silent,
  startServer,
  type TestServer,
  until,
} from '../testing/parts.ts'
import { Presence } from './presence.ts'
import { attachAgentTunnels } from './tunnels.ts'

let server: TestServer
let issuer: Issuer
let parts: Parts
let presence: Presence
let http: Server
let url: string
let tunnels: ReturnType<typeof attachAgentTunnels>
let admin: Awaited<ReturnType<typeof callerOf>>['identity']

beforeAll(async () => {
  ;[server, issuer] = await Promise.all([startServer(), startIssuer()])
  parts = await openParts(server, issuer)
  admin = (await callerOf(parts, issuer, 'admin', ['admins'])).identity
  const { store, feed, gateway, authenticator } = parts
  const { online, credentials } = parts.agents
  presence = new Presence({ store, feed, documents: parts.documents, online, gateway, log: silent })
  http = createServer()
  tunnels = attachAgentTunnels({
    server: http,
    credentials,
    authenticator,
    online,
    presence,
    feed,
    strangers: new Strangers(),
    log: silent,
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}${agentPaths.tunnel}`
})
afterAll(async () => {
  await tunnels?.close('The test is over.')
  presence?.close()
  http?.close()
  await parts?.close()
  await issuer?.close()
  await server?.remove()
})

async function join(device: Device, name = 'a') {
  const { token } = await parts.agents.enrolment.createToken(admin, name)
  const request = { grant: 'join_token', token, name, version: '1', host: 'h' } as const
  return await parts.agents.enrolment.join(request, { key: device.thumbprint, address: '10.0.0.9' })
}

const target = { method: 'GET', url: `${gatewayUrl}${agentPaths.tunnel}` }

function connect(headers: Record<string, string>, path = '') {
  return connectTunnel({ url: `${url}${path}`, authorize: async () => headers, patience: 0 })
}

test('an agent is online as long as its tunnel is', async () => {
  const device = await makeDevice('EdDSA')
  const { id, credential } = await join(device)
  const tunnel = await connect(await device.headers({ ...target, accessToken: credential }))
  await until(() => parts.agents.online.get(id) !== null)
  await until(async () => (await state(id))?.state === 'online')
  expect((await state(id))?.onlineSince).not.toBeNull()
  tunnel.close('done')
  await until(async () => (await state(id))?.state === 'offline')
})

async function state(id: string) {
  const { agents } = await parts.agents.list(parts.documents.current())
  return agents.find((agent) => agent.id === id)
}

test('revoked, it is cut off at once, at every gateway, and its credential opens nothing', async () => {
  const device = await makeDevice()
  const { id, credential } = await join(device, 'revoked')
  const tunnel = await connect(await device.headers({ ...target, accessToken: credential }))
  // By another gateway.
  const other = await openParts(server, issuer, 'gateway-2')
  await other.agents.enrolment.revoke(admin, 'revoked', null)
  await other.close()
  expect((await tunnel.closed).words).toContain('revoked')
  expect((await state(id))?.state).toBe('revoked')
  const again = connect(await device.headers({ ...target, accessToken: credential }))
  await expect(again).rejects.toMatchObject({ code: 'no_access' })
})

test('one that did not renew its credential is cut off', async () => {
  const device = await makeDevice()
  const { id, credential } = await join(device, 'late')
  const tunnel = await connect(await device.headers({ ...target, accessToken: credential }))
  await until(() => parts.agents.online.get(id) !== null)
  await parts.store.run((db) => db.execute(`update agents set credential_until = now() - interval '1 second' where id = '${id}'`))
  await presence.look([id])
  expect((await tunnel.closed).words).toContain('has run out')
})

describe('no tunnel', () => {
  const cases: [string, string, () => Promise<Record<string, string>>][] = [
    ['without a credential', 'invalid_token', async () => ({})],
    [
      'with a credential as a bearer token',
      'invalid_token',
      async () => ({ ...(await proven()), authorization: `Bearer ${stolen}` }),
    ],
    ['without a proof', 'invalid_proof', async () => ({ authorization: `DPoP ${stolen}` })],
    [
      'with the proof of another key',
      'invalid_proof',
      async () => await (await makeDevice()).headers({ ...target, accessToken: stolen }),
    ],
    ['with a proof that was used', 'invalid_proof', usedProof],
    ['with the proof of another request', 'invalid_proof', async () => await proven({ url: `${gatewayUrl}/v1/tunnel` })],
    [
      'with the proof of another gateway',
      'invalid_proof',
      async () => await proven({ url: `http://elsewhere.test${agentPaths.tunnel}` }),
    ],
    ['with the token of a person, and a proof of their device', 'invalid_token', ofAPerson],
    ['of a web page', 'no_access', async () => ({ ...(await proven()), origin: 'https://evil.example' })],
  ]
  let device: Device
  let stolen = ''
  beforeAll(async () => {
    device = await makeDevice()
    stolen = (await join(device)).credential
  })
  async function proven(change: { url?: string } = {}) {
    return await device.headers({ ...target, ...change, accessToken: stolen })
  }
  async function usedProof() {
    const headers = await proven()
    const tunnel = await connect(headers)
    tunnel.close('used')
    return headers
  }
  async function ofAPerson() {
    const { access_token: accessToken } = await login(parts, issuer, 'admin', ['admins'])
    return await parts.device.headers({ ...target, accessToken })
  }

  test.each(cases)('%s: %s', async (_, code, headers) => {
    await expect(connect(await headers())).rejects.toMatchObject({ code })
  })

  test('and what is told helps who runs an agent, not who logs in', async () => {
    const refused = await connect(await usedProof()).catch((error: unknown) => error)
    expect(refused).toMatchObject({
      message: "The proof of the agent's key was used before.",
      hint: expect.not.stringContaining('login'),
    })
  })

  test('to go on with where there is none', async () => {
    await expect(connect(await proven(), '?resume=1')).rejects.toMatchObject({ code: 'not_found' })
  })
})
