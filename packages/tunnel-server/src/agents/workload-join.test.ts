import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { agentPaths, type JoinAgentRequest } from '@hoop/contracts'
import { connectTunnel } from '@hoop/tunnel'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Strangers } from '../api/strangers.ts'
import { type Device, makeDevice } from '../testing/device.ts'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import { callerOf, gatewayUrl, openParts, type Parts, silent, startServer, type TestServer, until } from '../testing/parts.ts'
import { startPlatform, type TokenPlatform, usualClaims } from '../testing/platforms.ts'
import { Presence } from './presence.ts'
import { attachAgentTunnels } from './tunnels.ts'

let server: TestServer
let issuer: Issuer
let parts: Parts
let platform: TokenPlatform
let admin: Awaited<ReturnType<typeof callerOf>>['identity']
const { uid } = usualClaims.kubernetes['kubernetes.io'].serviceaccount

const trust = (name: string, as: string, only: string = uid) => `
kind: Trust
name: ${name}
issuer: ${platform.issuer}
platform: kubernetes
audience: hoop-test
when: claims['kubernetes.io'].serviceaccount.uid == '${only}'
as: ${as}
`

beforeAll(async () => {
  ;[server, issuer, platform] = await Promise.all([startServer(), startIssuer(), startPlatform('kubernetes', 'hoop-test')])
  parts = await openParts(server, issuer)
  admin = (await callerOf(parts, issuer, 'admin', ['admins'])).identity
  await apply(trust('pods', '{ kind: agent, name: gke }'))
})
afterAll(async () => {
  await parts?.close()
  await platform?.close()
  await issuer?.close()
  await server?.remove()
})

async function apply(yaml: string) {
  await parts.documentStore.apply(admin, yaml, 'test.yaml')
  await parts.documents.reload()
}

async function remove(name: string) {
  await parts.documentStore.remove(admin, 'Trust', name)
  await parts.documents.reload()
}

const self = { version: '1', host: 'pod' }
const asking = (device: Pick<Device, 'thumbprint'>) => ({ key: device.thumbprint, address: '10.0.0.9' })
const request = (token: string, name = 'gke'): JoinAgentRequest => ({ grant: 'workload', token, name, ...self })
const join = async (device: Device, token?: string, name?: string) =>
  await parts.agents.enrolment.join(request(token ?? (await platform.token()), name), asking(device))

test('a workload joins as what the Trust calls it, again with the same key only, and holds a credential of that key', async () => {
  const [device, other] = [await makeDevice(), await makeDevice()]
  const token = await platform.token()
  const { id, name, credential } = await join(device, token)
  expect(name).toBe('gke')
  expect(await parts.agents.credentials.verify(credential)).toMatchObject({ id, key: device.thumbprint })
  expect((await join(device, token)).id).toBe(id)
  await expect(join(other, token)).rejects.toThrow(/used before, and each is good for one agent/)
  expect((await join(other)).id).not.toBe(id)
  expect((await parts.agents.enrolment.renew(self, asking(device))).id).toBe(id)
  const { rows } = await parts.store.run((db) =>
    db.execute("select by->>'id' as by, detail from admin_log where action = 'agent.join' order by id limit 1"),
  )
  expect(rows).toEqual([
    { by: 'hoop#Trust/pods', detail: `${id} at pod, from 10.0.0.9, by Trust/pods: sub ${usualClaims.kubernetes.sub}` },
  ])
})

test.each<[string, RegExp, () => Promise<unknown>]>([
  [
    'another name than the Trust gives',
    /lets this workload in as the agent gke, not as other/,
    async () => join(await makeDevice(), undefined, 'other'),
  ],
  [
    'another workload',
    /no.* Trust document for agents takes/,
    async () => join(await makeDevice(), await platform.token({ 'kubernetes.io': { serviceaccount: { uid: 'another' } } })),
  ],
  [
    'another audience',
    /must be for hoop-test alone/,
    async () => join(await makeDevice(), await platform.token({ aud: ['hoop-test', 'vault'] })),
  ],
  ['a token that has expired', /expired/, async () => join(await makeDevice(), await platform.token({ exp: 1 }))],
  ['what is no token', /no signed token/, async () => join(await makeDevice(), 'hoop_join_x')],
])('%s does not join', async (_, words, tried) => {
  await expect(tried()).rejects.toMatchObject({ code: 'invalid_token', message: expect.stringMatching(words) })
})

test('what lets agents in lets in no machine, and the other way round', async () => {
  const device = await makeDevice()
  const exchange = async () =>
    await parts.machines.exchange({ token: await platform.token(), delegation: null, device: device.thumbprint })
  await expect(exchange()).rejects.toThrow(/an issuer that no Trust document names/)
  await apply(trust('jobs', '{ kind: service, name: gke, groups: [admins] }'))
  expect((await exchange()).identity.groups).toEqual(['admins'])
  expect((await join(device)).name).toBe('gke')
  await remove('pods')
  await expect(join(device)).rejects.toThrow(/an issuer that no Trust document for agents names/)
  await remove('jobs')
  await apply(trust('pods', '{ kind: agent, name: gke }'))
})

test('without its Trust it is cut off, gets no credential and opens no tunnel, until it joins again', async () => {
  const { store, feed, gateway, authenticator, documents } = parts
  const { online, credentials } = parts.agents
  const presence = new Presence({ store, feed, documents, online, gateway, log: silent })
  const http = createServer()
  const tunnels = attachAgentTunnels({
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
  onTestFinished(async () => {
    presence.close()
    await tunnels.close('The test is over.')
    http.close()
  })
  const device = await makeDevice('EdDSA')
  const connect = async (credential: string) => {
    const headers = await device.headers({ method: 'GET', url: `${gatewayUrl}${agentPaths.tunnel}`, accessToken: credential })
    const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}${agentPaths.tunnel}`
    return await connectTunnel({ url, authorize: async () => headers, patience: 0 })
  }
  const { id, credential } = await join(device)
  const tunnel = await connect(credential)
  await until(() => online.get(id) !== null)
  await apply(trust('pods', '{ kind: agent, name: gke }', 'another'))
  expect((await tunnel.closed).words).toBe('Trust/pods, which let this agent in, was changed.')
  await expect(parts.agents.enrolment.renew(self, asking(device))).rejects.toThrow(/was changed/)
  await remove('pods')
  await expect(parts.agents.enrolment.renew(self, asking(device))).rejects.toMatchObject({ code: 'invalid_token' })
  await expect(connect(credential)).rejects.toMatchObject({
    code: 'invalid_token',
    message: expect.stringContaining('was removed'),
  })
  await apply(trust('pods', '{ kind: agent, name: gke }'))
  const again = await connect((await join(device)).credential)
  again.close('done')
})
