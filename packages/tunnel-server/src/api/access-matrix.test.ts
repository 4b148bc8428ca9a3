import { createPrivateKey, createSecretKey, generateKeyPairSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Identity, OpenSessionRequest, SessionSummary } from '@hoop/contracts'
import { ApiError, DoctorReport, HoopError } from '@hoop/contracts'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Doctor } from '../connections/doctor.ts'
import { LoginFlows } from '../identity/login-flows.ts'
import { Health } from '../operations/health.ts'
import { Metrics } from '../operations/metrics.ts'
import { Explainer } from '../policy/explain.ts'
import { Replayer } from '../policy/replay.ts'
import { StatementReader } from '../policy/statement-reader.ts'
import { createSessions } from '../sessions/index.ts'
import type { HoldRequest, Sessions } from '../sessions/types.ts'
import { addGrant } from '../store/grants.ts'
import { sessionIndex } from '../store/session-index.ts'
import { type Device, makeDevice } from '../testing/device.ts'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import { gatewayUrl, login, openParts, type Parts, startServer, type TestServer, until } from '../testing/parts.ts'
import { dialling } from '../tunnels/dial.ts'
import { Turns } from '../turns.ts'
import { type Api, buildApi } from './server.ts'

let server: TestServer
let issuer: Issuer
let parts: Parts
let api: Api
let sessions: Sessions
/** Of whoever has stolen a token. */
let otherDevice: Device
/** What readers asked of sessions, and how many follow one now. */
const reads: string[] = []
let following = 0
const closing = new AbortController()
const tokens = new Map<string, string>()

/** Who asks, with the groups that make them what they are. */
const people = {
  nobody: ['visitors'],
  owner: ['engineering'],
  approver: ['dba'],
  auditor: ['auditors'],
  admin: ['admins'],
} as const
type Person = keyof typeof people
/** Machines, with the groups of their accounts, the person for whom they act, and whose rights theirs are. */
const machines: Record<string, { groups: string; of?: Person; are: Person }> = {
  'a service in the group of the approvers': { groups: 'dba', are: 'nobody' },
  'an AI agent in the group of the admins, for somebody who is none': { groups: 'admins', of: 'nobody', are: 'nobody' },
  'an AI agent of an admin': { groups: 'coding', of: 'admin', are: 'nobody' },
  'an AI agent of an auditor, and an auditor': { groups: 'auditors', of: 'auditor', are: 'auditor' },
  'a service in the group of the admins': { groups: 'admins', are: 'admin' },
}
/** Credentials that are none, whoever they name. */
const impostors = [
  'none',
  'expired',
  'wrong audience',
  'wrong issuer',
  'forged',
  'ended login',
  'id token',
  'refresh token',
  'credential of an agent',
  'not bearer',
  'stolen, without a proof',
  'stolen, as a bearer token',
  'stolen, with the proof of another key',
  'stolen, with a proof that was used',
  'stolen, with the proof of another request',
  'stolen, with the proof of another method',
  'stolen, with the proof of another gateway',
  'stolen, with the proof of another token',
  'stolen, with a proof for no token',
  'stolen, with an old proof',
]

const documents = `
kind: Connection
name: shop
protocol: postgres
address: 127.0.0.1:5432
databases: [app]
login: { user: app, password: s3cret }
tls: disable
---
kind: Access
name: engineers
groups: [engineering]
connections: { names: [shop] }
---
kind: Access
name: on-request
groups: [visitors]
connections: { names: [shop] }
request: { approvers: [dba], max: 1h }
---
${Object.values(machines)
  .map(({ groups }, index) => `kind: ServiceAccount\nname: machine-${index}\ngroups: [${groups}]`)
  .join('\n---\n')}
---
kind: Role
name: auditors
groups: [auditors]
may: [audit]
`
const toOpen: OpenSessionRequest = {
  connection: 'shop',
  via: 'connect',
  reason: null,
  client: { version: '1', host: 'laptop' },
  tunnel: '0b6ff4a0-6a3e-4f57-9b51-9d1f6a0c4a11',
  local_secret: { salt: 'c2FsdA==', iterations: 4096, storedKey: 'a2V5', serverKey: 'a2V5' },
  local_tls: false,
}

beforeAll(async () => {
  ;[server, issuer] = await Promise.all([startServer(), startIssuer()])
  parts = await openParts(server, issuer)
  otherDevice = await makeDevice()
  const upstream = () => Promise.reject(new HoopError('connection_unavailable', 'no way to app at 127.0.0.1'))
  const connections = { get: (name: string) => parts.documents.connection(name), upstream }
  const meter = new Metrics({ version: '1' })
  const health = new Health({ store: () => parts.store.ping() }, parts.log)
  const real = await createSessions({
    meter,
    turns: new Turns(),
    index: sessionIndex(parts.store, parts.gateway),
    rules: () => parts.documents.rules(),
    holds: parts.approvals,
    connections,
    dialling: dialling(parts.reachable),
    hold: (caller) => parts.standing.hold(caller),
    localCertificate: () => Promise.reject(new Error('nothing is encrypted here')),
    records: server.folder,
    digestKey: createSecretKey(Buffer.alloc(32, 2)),
    log: parts.log,
  })
  sessions = observed(real)
  const config = { name: 'hoop', version: '1', issuer: issuer.url, clientId: 'hoop-cli', scopes: ['openid'] }
  const flows = new LoginFlows({ allowed: ['browser', 'device'], metadata: () => parts.provider.metadata() })
  const doctor = new Doctor({
    connections,
    documents: parts.documents,
    dialling: dialling(parts.reachable),
    closing: closing.signal,
    log: parts.log,
  })
  const { documents: inForce, log } = parts
  const reader = new StatementReader({ connections, dialling: dialling(parts.reachable), closing: closing.signal, log })
  const explainer = new Explainer({ documents: inForce, reader })
  const replayer = new Replayer({ documents: inForce, reader, sessions: real })
  api = await buildApi(
    {
      ...parts,
      health,
      meter,
      trustedProxies: null,
      config,
      flows,
      sessions,
      doctor,
      explainer,
      replayer,
      closing: closing.signal,
    },
    null,
  )
  for (const person of Object.keys(people) as Person[]) {
    tokens.set(person, (await login(parts, issuer, person, [...people[person]])).access_token)
  }
  const rootIdentity = (await parts.tokens.verify(tokens.get('admin')!)).identity
  await parts.documentStore.apply(rootIdentity, documents, 'test.yaml')
  sessions.tunnelOpened(await parts.tokens.verify(tokens.get('owner')!), toOpen.tunnel)
  await makeMachines(rootIdentity)
  await makeImpostors()
})
afterAll(async () => {
  closing.abort()
  await api?.close()
  await sessions?.close('The test is over.')
  await parts?.close()
  await issuer?.close()
  await server?.remove()
})

/** The real sessions, but for one that fails by our fault. */
function observed(real: Sessions): Sessions {
  const { get, noteRead, events } = real
  return Object.assign(real, {
    get: (id: string) => (id === 'fault' ? Promise.reject(new Error('inner words')) : get.call(real, id)),
    noteRead: (id: string, by: Identity, what: string) => {
      reads.push(`${id} ${by.id} ${what}`)
      return noteRead.call(real, id, by, what)
    },
    async *events(id: string, options: Parameters<Sessions['events']>[1]) {
      following++
      try {
        yield* events.call(real, id, options)
      } finally {
        following--
      }
    },
  })
}

async function makeMachines(admin: Identity): Promise<void> {
  for (const [index, [name, { of }]] of Object.entries(machines).entries()) {
    const { key } = await parts.serviceAccounts.createKey(admin, `machine-${index}`)
    const request = { machine: `machine-${index}`, lasts: '1h', once: false }
    const person = of && (await parts.logins.verifyAccessToken(tokens.get(of)!))
    const delegation = person ? (await parts.delegations.create(person, request)).token : null
    const { access_token } = await parts.machines.exchange({ token: key, delegation, device: parts.device.thumbprint })
    tokens.set(name, access_token)
  }
}

async function makeImpostors(): Promise<void> {
  const admin = await login(parts, issuer, 'admin', ['admins'])
  const ended = await login(parts, issuer, 'admin', ['admins'])
  await parts.logins.logout(ended.refresh_token)
  const { identity, ...caller } = await parts.tokens.verify(admin.access_token)
  const claims = {
    sid: caller.login,
    auth_time: 1,
    login_exp: Math.floor(caller.loginExpiresAt.getTime() / 1000),
    identity,
    cnf: { jkt: parts.device.thumbprint },
  }
  const own = createPrivateKey(await readFile(`${server.folder}/access-tokens.pem`))
  const sign = (key: typeof own, change: { aud?: string; iss?: string; exp?: string }) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
      .setSubject(identity.id)
      .setAudience(change.aud ?? 'hoop')
      .setIssuer(change.iss ?? gatewayUrl)
      .setIssuedAt()
      .setExpirationTime(change.exp ?? '5m')
      .sign(key)
  tokens.set('valid by hand', await sign(own, {}))
  tokens.set('expired', await sign(own, { exp: '-1s' }))
  tokens.set('wrong audience', await sign(own, { aud: 'another' }))
  tokens.set('wrong issuer', await sign(own, { iss: 'http://another.test' }))
  tokens.set('forged', await sign(generateKeyPairSync('ed25519').privateKey, {}))
  tokens.set('ended login', ended.access_token)
  const { enrolment } = parts.agents
  const { token } = await enrolment.createToken(identity, 'joined')
  const joining = { grant: 'join_token', token, name: 'joined', version: '1', host: 'h' } as const
  // Of the very key that proves the requests of people here.
  const joined = await enrolment.join(joining, { key: parts.device.thumbprint, address: '10.0.0.9' })
  tokens.set('credential of an agent', joined.credential)
  tokens.set('id token', await issuer.idToken({ sub: 'admin', groups: ['admins'] }))
  tokens.set('refresh token', admin.refresh_token)
}

/** What comes with the request: the token, and the proof that goes with it, or what an impostor has in its place. */
async function headers(who: string, method: string, path: string): Promise<Record<string, string>> {
  if (who === 'none') return {}
  const stolen = tokens.get('admin')!
  const request = { method, url: `${gatewayUrl}${path}`, accessToken: stolen }
  const with_ = (proof: string) => ({ authorization: `DPoP ${stolen}`, dpop: proof })
  switch (who) {
    case 'not bearer':
      return { ...(await parts.device.headers(request)), authorization: `Basic ${stolen}` }
    case 'stolen, without a proof':
      return { authorization: `DPoP ${stolen}` }
    case 'stolen, as a bearer token':
      return { ...(await parts.device.headers(request)), authorization: `Bearer ${stolen}` }
    case 'stolen, with the proof of another key':
      return with_(await otherDevice.proof(request))
    case 'stolen, with a proof that was used':
      return with_(await usedProof(request))
    case 'stolen, with the proof of another request':
      return with_(await parts.device.proof({ ...request, url: `${gatewayUrl}/v1/elsewhere` }))
    case 'stolen, with the proof of another method':
      return with_(await parts.device.proof({ ...request, method: 'PATCH' }))
    case 'stolen, with the proof of another gateway':
      return with_(await parts.device.proof({ ...request, url: `http://elsewhere.test${path}` }))
    case 'stolen, with the proof of another token':
      return with_(await parts.device.proof({ ...request, accessToken: 'another' }))
    case 'stolen, with a proof for no token':
      return with_(await parts.device.proof({ method, url: request.url }))
    case 'stolen, with an old proof':
      return with_(await parts.device.proof(request, { iat: Math.floor(Date.now() / 1000) - 70 }))
    default:
      return await parts.device.headers({ ...request, accessToken: tokens.get(who)! })
  }
}

async function usedProof(request: { method: string; url: string; accessToken: string }): Promise<string> {
  const proof = await parts.device.proof(request)
  const url = new URL(request.url).pathname
  await parts.authenticator.proofOf({ ...request, url, headers: { dpop: proof } }, request.accessToken)
  return proof
}

/** A session of the owner, an operation of it that waits for a DBA, access that was asked for, and another login. */
let leaving = new AbortController()
async function prepare(): Promise<{ session: string; approval: string; grant: string; login: string }> {
  const owner = await parts.tokens.verify(tokens.get('owner')!)
  const { id: session } = await sessions.open(owner, toOpen, '127.0.0.1')
  // Of one identity only so many are held at a time.
  leaving.abort()
  leaving = new AbortController()
  const { id: approval } = await parts.approvals.hold(held(session, owner.identity), leaving.signal)
  const { access_token: again } = await login(parts, issuer, 'owner', [...people.owner])
  return { session, approval, grant: await requested(owner.identity), login: (await parts.tokens.verify(again)).login }
}

/** Access that the owner asked for. */
async function requested(requester: Identity): Promise<string> {
  const id = `ac_${crypto.randomUUID()}`
  const asked = {
    access: 'on-request',
    connection: 'shop',
    reason: 'r',
    duration: 1,
    approvers: ['dba'],
    count: 1,
    approvals: [],
  }
  const requestedAt = new Date()
  const expiresAt = new Date(Date.now() + 60_000)
  const about = { id, state: 'requested' as const, requester, requesterId: requester.id, requestedAt, expiresAt }
  await parts.store.transaction((db) => addGrant(db, { ...asked, ...about }))
  return id
}

let operationCount = 0

function held(session: string, requester: Identity): HoldRequest {
  const rule = { rule: 'Policy/p', message: 'm', approverGroups: ['dba'], timeout: 600 }
  return {
    session,
    operationId: 'op',
    connection: 'shop',
    requester,
    reason: null,
    text: 'delete',
    parameters: [],
    effects: ['write'],
    objects: [],
    count: 1,
    onHold: 'wait',
    database: null,
    role: 'hoop_app',
    settings: [],
    inTransaction: false,
    before: [],
    original: null,
    bound: { exact: [operationCount++], like: null },
    ...rule,
  }
}

const everybody = { nobody: 200, owner: 200, approver: 200, auditor: 200, admin: 200 }
/** `machines`: what all of them are answered, where that is not what a person is. */
const routes: { route: string; body?: unknown; allowed: Record<Person, number>; machines?: number }[] = [
  { route: 'GET /v1/service-accounts', allowed: { nobody: 403, owner: 403, approver: 403, auditor: 200, admin: 200 } },
  {
    route: 'POST /v1/service-accounts/absent/keys',
    allowed: { nobody: 403, owner: 403, approver: 403, auditor: 403, admin: 404 },
  },
  {
    route: 'DELETE /v1/service-accounts/machine-0/keys/absent',
    allowed: { nobody: 403, owner: 403, approver: 403, auditor: 403, admin: 404 },
  },
  { route: 'POST /v1/delegations', body: { machine: 'machine-0' }, allowed: everybody, machines: 403 },
  {
    route: 'POST /v1/notify/link',
    body: { code: 'none', confirm: true },
    allowed: { nobody: 404, owner: 404, approver: 404, auditor: 404, admin: 404 },
    machines: 403,
  },
  { route: 'POST /v1/notify/unlink', allowed: everybody, machines: 403 },
  { route: 'GET /v1/access', allowed: everybody },
  {
    route: 'POST /v1/access',
    body: { connection: 'shop', reason: 'r', lasts: '2h' },
    allowed: { nobody: 400, owner: 403, approver: 403, auditor: 403, admin: 403 },
    machines: 403,
  },
  {
    route: 'POST /v1/access/GRANT/approve',
    body: { reason: null },
    allowed: { nobody: 403, owner: 403, approver: 200, auditor: 403, admin: 403 },
  },
  {
    route: 'POST /v1/access/GRANT/deny',
    body: { reason: 'no' },
    allowed: { nobody: 403, owner: 403, approver: 200, auditor: 403, admin: 403 },
  },
  {
    route: 'POST /v1/access/GRANT/withdraw',
    body: { reason: null },
    allowed: { nobody: 403, owner: 200, approver: 403, auditor: 403, admin: 200 },
  },
  { route: 'GET /v1/whoami', allowed: everybody },
  { route: 'GET /v1/logins', allowed: everybody },
  {
    route: 'GET /v1/logins?of=somebody',
    allowed: { nobody: 403, owner: 403, approver: 403, auditor: 200, admin: 200 },
  },
  {
    route: 'POST /v1/logins/end',
    body: { of: 'somebody' },
    allowed: { nobody: 403, owner: 403, approver: 403, auditor: 403, admin: 200 },
  },
  { route: 'POST /v1/logins/absent/end', allowed: { nobody: 403, owner: 403, approver: 403, auditor: 403, admin: 404 } },
  { route: 'POST /v1/logins/LOGIN/end', allowed: { nobody: 403, owner: 204, approver: 403, auditor: 403, admin: 204 } },
  {
    route: 'POST /v1/first-admin',
    body: { token: 'hoop_admin_guess' },
    allowed: { nobody: 409, owner: 409, approver: 409, auditor: 409, admin: 409 },
    machines: 403,
  },
  { route: 'GET /v1/connections', allowed: everybody },
  {
    route: 'POST /v1/connections/shop/doctor',
    allowed: { nobody: 403, owner: 200, approver: 403, auditor: 403, admin: 200 },
  },
  {
    route: 'POST /v1/connections/absent/doctor',
    allowed: { nobody: 403, owner: 403, approver: 403, auditor: 403, admin: 404 },
  },
  {
    route: 'POST /v1/policy/explain',
    body: { questions: [{ connection: 'absent', statement: 'select 1' }] },
    allowed: { nobody: 403, owner: 403, approver: 403, auditor: 404, admin: 404 },
  },
  {
    route: 'POST /v1/policy/replay',
    body: { documents: { yaml: '' }, since: '2999-01-01T00:00:00Z' },
    allowed: { nobody: 403, owner: 403, approver: 403, auditor: 200, admin: 200 },
  },
  { route: 'POST /v1/sessions', body: toOpen, allowed: { nobody: 403, owner: 200, approver: 403, auditor: 403, admin: 403 } },
  { route: 'GET /v1/sessions', allowed: everybody },
  { route: 'GET /v1/sessions/SESSION', allowed: { nobody: 403, owner: 200, approver: 403, auditor: 200, admin: 200 } },
  { route: 'GET /v1/sessions/SESSION/events', allowed: { nobody: 403, owner: 200, approver: 403, auditor: 200, admin: 200 } },
  { route: 'POST /v1/sessions/SESSION/end', allowed: { nobody: 403, owner: 204, approver: 403, auditor: 403, admin: 403 } },
  {
    route: 'POST /v1/sessions/SESSION/kill',
    body: { reason: 'enough' },
    allowed: { nobody: 403, owner: 204, approver: 403, auditor: 403, admin: 204 },
  },
  { route: 'GET /v1/approvals', allowed: everybody },
  {
    route: 'POST /v1/approvals/APPROVAL/approve',
    body: { reason: null },
    allowed: { nobody: 403, owner: 403, approver: 200, auditor: 403, admin: 403 },
  },
  {
    route: 'POST /v1/approvals/APPROVAL/deny',
    body: { reason: 'no' },
    allowed: { nobody: 403, owner: 403, approver: 200, auditor: 403, admin: 403 },
  },
  {
    route: 'POST /v1/approvals/APPROVAL/break-glass',
    body: { reason: 'fire' },
    allowed: { nobody: 403, owner: 403, approver: 403, auditor: 403, admin: 403 },
  },
  {
    route: 'POST /v1/approvals/APPROVAL/revoke',
    body: { reason: 'no more' },
    // It is not approved.
    allowed: { nobody: 403, owner: 409, approver: 409, auditor: 403, admin: 409 },
  },
  // Its rule reveals nothing.
  {
    route: 'POST /v1/approvals/APPROVAL/reveal',
    allowed: { nobody: 403, owner: 403, approver: 403, auditor: 403, admin: 403 },
  },
  {
    route: 'POST /v1/documents',
    body: { yaml: documents },
    allowed: { nobody: 403, owner: 403, approver: 403, auditor: 403, admin: 200 },
  },
  { route: 'GET /v1/documents/Connection', allowed: { nobody: 403, owner: 403, approver: 403, auditor: 200, admin: 200 } },
  { route: 'GET /v1/documents/Connection/shop', allowed: { nobody: 403, owner: 403, approver: 403, auditor: 200, admin: 200 } },
  { route: 'DELETE /v1/documents/Access/none', allowed: { nobody: 403, owner: 403, approver: 403, auditor: 403, admin: 404 } },
  { route: 'GET /v1/agents', allowed: { nobody: 403, owner: 403, approver: 403, auditor: 200, admin: 200 } },
  {
    route: 'POST /v1/agents/tokens',
    body: { name: 'another' },
    allowed: { nobody: 403, owner: 403, approver: 403, auditor: 403, admin: 200 },
  },
  {
    route: 'POST /v1/agents/absent/revoke',
    body: { id: null },
    allowed: { nobody: 403, owner: 403, approver: 403, auditor: 403, admin: 404 },
  },
]

/** The route with the id of something in the place of each word that stands for one. */
async function filledIn(route: string): Promise<string> {
  if (!/SESSION|APPROVAL|GRANT|LOGIN/.test(route)) return route
  const { session, approval, grant, login } = await prepare()
  return route.replace('SESSION', session).replace('APPROVAL', approval).replace('GRANT', grant).replace('LOGIN', login)
}

async function ask(route: string, who: string, body: unknown) {
  const filled = await filledIn(route)
  const [method, path] = filled.split(' ') as ['GET', string]
  const payload = body === undefined ? {} : { payload: body as object }
  return await api.inject({ method, url: path, headers: await headers(who, method, path), ...payload })
}

test('a token made by hand as the gateway makes them is accepted: the impostors fail for what is wrong in each', async () => {
  expect((await ask('GET /v1/whoami', 'valid by hand', undefined)).statusCode).toBe(200)
})

describe.each(routes)('$route', ({ route, body, allowed, machines: ofMachines }) => {
  test.each(Object.entries(machines))('as %s', async (who, { are }) => {
    expect((await ask(route, who, body)).statusCode).toBe(ofMachines ?? allowed[are])
  })
  test.each(Object.keys(people) as Person[])('as %s', async (who) => {
    const answer = await ask(route, who, body)
    expect(answer.statusCode).toBe(allowed[who])
    if (answer.statusCode >= 400) {
      const error = ApiError.parse(answer.json())
      expect(error.code).toBe({ 400: 'invalid_request', 403: 'no_access', 409: 'conflict' }[answer.statusCode] ?? 'not_found')
    }
    expect(answer.body).not.toContain('s3cret')
  })
  test.each(impostors)('with a credential that is none: %s', async (who) => {
    const answer = await ask(route, who, body)
    expect(answer.statusCode).toBe(401)
    const proofIsWrong = who.startsWith('stolen')
    expect(ApiError.parse(answer.json()).code).toBe(proofIsWrong ? 'invalid_proof' : 'invalid_token')
    expect(answer.headers['www-authenticate']).toContain(proofIsWrong ? 'invalid_dpop_proof' : 'invalid_token')
  })
})

test('every route that is not public is in the matrix', () => {
  const listed = api.printRoutes({ commonPrefix: false, includeHooks: false, method: 'GET' })
  const known = [...routes.map(({ route }) => route), 'GET /v1/approvals/watch', 'GET /v1/healthz', 'GET /v1/config']
  for (const part of [
    'whoami',
    'connections',
    'sessions',
    'events',
    'approvals',
    'watch',
    'documents',
    'agents',
    'healthz',
    'config',
  ]) {
    expect(listed).toContain(part)
    expect(known.some((route) => route.includes(part))).toBe(true)
  }
})

describe('what agents ask for themselves', () => {
  const self = { version: '1', host: 'h' }
  const asked = [
    { path: '/v1/agent/join', body: { grant: 'join_token', token: 'hoop_join_none', name: 'a', ...self } },
    { path: '/v1/agent/credential', body: self },
  ]
  test.each(asked)('$path needs the proof of a key, and one that is known; a login is none', async ({ path, body }) => {
    const ask = async (given: Record<string, string>) =>
      await api.inject({ method: 'POST', url: path, headers: given, payload: body })
    const unproven = await ask({ authorization: `DPoP ${tokens.get('admin')}` })
    expect([unproven.statusCode, ApiError.parse(unproven.json()).code]).toEqual([401, 'invalid_proof'])
    const stranger = await ask({ dpop: await otherDevice.proof({ method: 'POST', url: `${gatewayUrl}${path}` }) })
    expect([stranger.statusCode, ApiError.parse(stranger.json()).code]).toEqual([401, 'invalid_token'])
    const elsewhere = await ask({ dpop: await parts.device.proof({ method: 'POST', url: `${gatewayUrl}/v1/token` }) })
    expect([elsewhere.statusCode, ApiError.parse(elsewhere.json()).code]).toEqual([401, 'invalid_proof'])
  })

  test('the key that has joined gets a credential, for a proof that is used once', async () => {
    const dpop = await parts.device.proof({ method: 'POST', url: `${gatewayUrl}/v1/agent/credential` })
    const ask = async () => await api.inject({ method: 'POST', url: '/v1/agent/credential', headers: { dpop }, payload: self })
    expect((await ask()).json()).toMatchObject({ name: 'joined', expires_in: 600 })
    expect(ApiError.parse((await ask()).json()).code).toBe('invalid_proof')
  })
})

test('the own sessions of those who may see no others, all for auditors', async () => {
  await prepare()
  const list = async (who: string, query = '') => {
    const answer = await api.inject({ url: `/v1/sessions${query}`, headers: await headers(who, 'GET', '/v1/sessions') })
    return { status: answer.statusCode, sessions: answer.json().sessions as SessionSummary[] | undefined }
  }
  expect((await list('nobody')).sessions).toEqual([])
  expect((await list('owner')).sessions?.length).toBeGreaterThan(0)
  expect((await list('auditor')).sessions?.length).toBeGreaterThan(0)
  const owner = encodeURIComponent(`${issuer.url}#owner`)
  expect((await list('nobody', `?identity=${owner}`)).status).toBe(403)
  expect((await list('auditor', `?identity=${owner}&limit=1`)).sessions?.length).toBe(1)
  expect((await list('auditor', '?limit=0')).status).toBe(400)
  expect((await list('auditor', '?unknown=1')).status).toBe(400)
})

test('a check of a connection shows addresses, roles and advice to admins only, and is in the log of the product', async () => {
  const url = '/v1/connections/shop/doctor'
  const check = async (who: string) => {
    const answer = await api.inject({ method: 'POST', url, headers: await headers(who, 'POST', url) })
    return DoctorReport.parse(answer.json())
  }
  const [own, all] = [await check('owner'), await check('admin')]
  expect({ own: own.complete, all: all.complete }).toEqual({ own: false, all: true })
  expect(JSON.stringify(all)).toContain('127.0.0.1')
  expect(JSON.stringify(own)).not.toMatch(/127\.0\.0\.1|engineers/)
  expect(own.findings.every(({ details, statements }) => details.length === 0 && statements.length === 0)).toBe(true)
  expect(own).toMatchObject({ available: false, findings: [{ check: 'login.works', status: 'problem' }, {}, {}] })
  const { rows } = await parts.store.run((db) =>
    db.execute("select target, detail from admin_log where action = 'connection.check' order by id desc limit 2"),
  )
  expect(rows).toEqual([
    { target: 'Connection/shop', detail: 'everything' },
    { target: 'Connection/shop', detail: 'as a user' },
  ])
})

test('who reads a session is on its record and in the log of the product', async () => {
  const { session } = await prepare()
  const url = `/v1/sessions/${session}/events`
  await api.inject({ url: `${url}?after=3`, headers: await headers('auditor', 'GET', url) })
  expect(reads).toContain(`${session} ${issuer.url}#auditor events after 3`)
  const { rows } = await parts.store.run((db) => db.execute(`select detail from admin_log where target = '${session}'`))
  expect(rows).toEqual([{ detail: 'events after 3' }])
})

describe('streams', () => {
  let url: string
  beforeAll(async () => {
    url = await api.listen({ host: '127.0.0.1', port: 0 })
  })
  const open = async (path: string, who: string, signal?: AbortSignal) =>
    await fetch(`${url}${path}`, { headers: await headers(who, 'GET', path), ...(signal ? { signal } : {}) })

  test.each(impostors)('watching approvals with a credential that is none: %s', async (who) => {
    expect((await open('/v1/approvals/watch', who)).status).toBe(401)
  })

  test('a watcher gets what concerns them, line by line, and is noticed when gone', async () => {
    const leaving = new AbortController()
    const answer = await open('/v1/approvals/watch', 'approver', leaving.signal)
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson')
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    const { approval } = await prepare()
    let text = ''
    // Others' are in it as well, and a line may come in pieces.
    const line = () =>
      text
        .split('\n')
        .slice(0, -1)
        .find((each) => each.includes(approval))
    while (line() === undefined) text += (await reader.read()).value
    expect(JSON.parse(line()!)).toMatchObject({ id: approval, mine: 'decide' })
    leaving.abort()
    await reader.read().catch(() => {})
  })

  test('following a session ends when the reader leaves, may read no more, or is logged out', async () => {
    const { session } = await prepare()
    const follow = `/v1/sessions/${session}/events?follow=true`
    const gone = async (answer: Response) =>
      await answer
        .text()
        .then(() => false)
        .catch(() => true)

    const leaving = new AbortController()
    await open(follow, 'owner', leaving.signal)
    await until(() => following === 1)
    leaving.abort()
    await until(() => following === 0)

    const auditor = await open(follow, 'auditor')
    const leaver = await login(parts, issuer, 'second', ['admins'])
    tokens.set('second', leaver.access_token)
    const second = await open(follow, 'second')
    await until(() => following === 2)
    await parts.logins.logout(leaver.refresh_token)
    expect(await gone(second)).toBe(true)
    await until(() => following === 1)
    const admin = (await parts.tokens.verify(tokens.get('admin')!)).identity
    await parts.documentStore.remove(admin, 'Role', 'auditors')
    expect(await gone(auditor)).toBe(true)
    await until(() => following === 0)
  })
})

describe('back-channel logout', () => {
  const post = (payload: string, type = 'application/x-www-form-urlencoded') =>
    api.inject({ method: 'POST', url: '/v1/oidc/backchannel-logout', headers: { 'content-type': type }, payload })
  const logoutToken = (claims: Record<string, unknown>) =>
    issuer.sign({
      iss: issuer.url,
      aud: 'hoop-cli',
      iat: Math.floor(Date.now() / 1000),
      jti: crypto.randomUUID(),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      ...claims,
    })

  test('ends the logins of whom the provider names', async () => {
    const { access_token } = await login(parts, issuer, 'leaver')
    const form = new URLSearchParams({ logout_token: await logoutToken({ sub: 'leaver' }) })
    const answer = await post(form.toString())
    expect([answer.statusCode, answer.headers['cache-control'], answer.body]).toEqual([200, 'no-store', ''])
    await expect(parts.logins.verifyAccessToken(access_token)).rejects.toMatchObject({ code: 'invalid_token' })
    expect((await post(form.toString())).statusCode).toBe(400)
  })

  test('is told by 400 what is wrong, and takes nothing but a form', async () => {
    const wrong = await logoutToken({ sub: 'leaver', aud: 'another' })
    for (const payload of [
      '',
      'logout_token=',
      'logout_token=x',
      `logout_token=${wrong}`,
      `logout_token=${'x'.repeat(40_000)}`,
    ]) {
      const answer = await post(payload)
      expect(answer.statusCode).toBe(400)
      expect(ApiError.parse(answer.json()).code).toBe('invalid_request')
    }
    expect(
      (await post(JSON.stringify({ logout_token: await logoutToken({ sub: 'leaver' }) }), 'application/json')).statusCode,
    ).toBe(400)
    expect((await post(`logout_token=${'x'.repeat(200_000)}`)).statusCode).toBe(400)
  })
})

test('what Slack did not sign is refused, whoever sends it, and whatever it is', async () => {
  const url = '/v1/notify/slack/absent'
  const send = async (type: string, payload: string) => {
    const signature = { 'x-slack-signature': 'v0=00', 'x-slack-request-timestamp': String(Math.floor(Date.now() / 1000)) }
    return (await api.inject({ method: 'POST', url, headers: { 'content-type': type, ...signature }, payload })).statusCode
  }
  expect(await send('application/x-www-form-urlencoded', 'payload=%7B%7D')).toBe(401)
  expect(await send('application/json', '{}')).toBe(400)
  expect(await send('application/x-www-form-urlencoded', `payload=${'x'.repeat(200_000)}`)).toBe(400)
})

describe('faults', () => {
  test('ours are an id, and nothing of what they were', async () => {
    const answer = await api.inject({ url: '/v1/sessions/fault', headers: await headers('admin', 'GET', '/v1/sessions/fault') })
    expect(answer.statusCode).toBe(500)
    const error = ApiError.parse(answer.json())
    expect(error).toMatchObject({ code: 'internal', id: expect.stringMatching(/^err_/) })
    expect(answer.body).not.toContain('inner words')
  })

  test.each([
    ['not JSON', '/v1/token', '{'],
    ['another shape', '/v1/token', '{"grant_type":"password"}'],
    ['a field too many', '/v1/logout', '{"refresh_token":"x","more":1}'],
    ['too large', '/v1/token', JSON.stringify({ grant_type: 'refresh_token', refresh_token: 'x'.repeat(200_000) })],
  ])('of the caller are told: %s', async (_, url, payload) => {
    const answer = await api.inject({ method: 'POST', url, headers: { 'content-type': 'application/json' }, payload })
    expect(answer.statusCode).toBe(400)
    expect(ApiError.parse(answer.json()).code).toBe('invalid_request')
  })

  test('what is not there is told without a login, as is whether the gateway works', async () => {
    expect((await api.inject({ url: '/v1/nothing' })).json()).toMatchObject({ code: 'not_found' })
    expect((await api.inject({ url: '/v1/healthz' })).json()).toEqual({ status: 'ok' })
    expect((await api.inject({ url: '/v1/config' })).json()).toMatchObject({ clientId: 'hoop-cli', flows: ['browser'] })
  })

  test('whoever tries tokens too often has to wait', async () => {
    const payload = { grant_type: 'refresh_token', refresh_token: 'guess' }
    const statuses = new Set<number>()
    let last = ''
    for (let tries = 0; tries < 121; tries++) {
      const answer = await api.inject({ method: 'POST', url: '/v1/token', payload })
      statuses.add(answer.statusCode)
      last = answer.body
    }
    expect([...statuses]).toEqual([401, 429])
    expect(ApiError.parse(JSON.parse(last)).code).toBe('too_many_requests')
  })
})
