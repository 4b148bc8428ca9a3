import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook as Verifier } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Caller } from '../identity/access-tokens.ts'
import { References } from '../secrets/references.ts'
import type { HoldRequest } from '../sessions/types.ts'
import { holdRequest } from '../testing/held.ts'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import { callerOf, openParts, type Parts, startServer, type TestServer, until } from '../testing/parts.ts'
import { Courier, type NotificationMeter } from './courier.ts'
import { Webhook } from './webhook.ts'

const secret = `whsec_${randomBytes(32).toString('base64')}`
const never = new AbortController().signal
const pause = { first: 50, most: 200 }

let server: TestServer
let issuer: Issuer
let parts: Parts
let ada: Caller
let dba: Caller
let admin: Caller
let peer: Peer
const couriers: Courier[] = []
let counted: string[] = []

/** A server that keeps what it is sent, and answers as the test says. */
interface Peer {
  readonly url: string
  readonly got: { headers: IncomingHttpHeaders; body: string; path: string }[]
  answer: (path: string) => number | 'never'
  close(): Promise<void>
  start(): Promise<void>
}

async function startPeer(): Promise<Peer> {
  let http: Server
  let port = 0
  const start = async () => {
    http = createServer(async (request, response) => {
      const body = await text(request)
      const path = request.url ?? ''
      peer.got.push({ headers: request.headers, body, path })
      const status = peer.answer(path)
      if (status === 'never') return
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end()
    })
    await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
    port = (http.address() as AddressInfo).port
  }
  const close = async () => {
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  }
  await start()
  return { url: `http://127.0.0.1:${port}`, got: [], answer: () => 200, close, start }
}

beforeAll(async () => {
  ;[server, issuer] = await Promise.all([startServer(), startIssuer()])
  parts = await openParts(server, issuer)
  ada = await callerOf(parts, issuer, 'ada', ['engineering'])
  dba = await callerOf(parts, issuer, 'dan', ['dba'])
  admin = await callerOf(parts, issuer, 'root', ['admins'])
  await apply(`kind: Connection
name: shop
protocol: postgres
address: 127.0.0.1:5432
databases: [app]
login: { user: app }
tls: disable
---
kind: Access
name: on-request
groups: [engineering]
connections: { names: [shop] }
request: { approvers: [dba], max: 1h }
`)
})
beforeEach(async () => {
  peer = await startPeer()
  counted = []
})
afterEach(async () => {
  for (const courier of couriers.splice(0)) await courier.close()
  await parts.documentStore.remove(admin.identity, 'Notifier', 'hooks').catch(() => {})
  await parts.store.run((db) => db.execute('delete from notifications'))
  await peer.close()
})
afterAll(async () => {
  await parts?.close()
  await issuer?.close()
  await server?.remove()
})

const apply = (yaml: string) => parts.documentStore.apply(admin.identity, yaml, 'test.yaml')
const hook = (more = '', path = '/hook') =>
  apply(`kind: Notifier\nname: hooks\nwebhook: { url: "${peer.url}${path}", secret: { env: HOOK_SECRET } }\n${more}`)

function deliver(): void {
  const references = new References((name) => (name === 'HOOK_SECRET' ? secret : undefined))
  const way = new Webhook((reference, document, field) => references.resolve(reference, document, field), {})
  const meter: NotificationMeter = { notified: (by, result) => counted.push(`${by} ${result}`) }
  const { store, feed, documents, log } = parts
  couriers.push(Courier.start({ store, feed, documents, ways: { webhook: way, slack: way, mail: way }, meter, log, pause }))
}

const request = (change: Partial<HoldRequest> = {}) =>
  holdRequest(ada.identity, {
    bound: { exact: ['a'], like: null },
    database: 'app',
    settings: [{ name: 'app.tenant', value: 'b' }],
    ...change,
  })

const waiting = async () =>
  (await parts.store.run((db) => db.execute('select 1 from notifications where settled_at is null'))).rows.length

test('a webhook is told of an operation that is held and decided, signed as a library of others checks it', async () => {
  await hook()
  deliver()
  const { id } = await parts.approvals.hold(request(), never)
  await parts.approvals.decide(dba, id, 'deny', { reason: 'use the archive job' })
  await until(() => peer.got.length === 2)
  const told = peer.got.map(({ body, headers }) => new Verifier(secret).verify(body, headers as Record<string, string>))
  expect(told).toMatchObject([
    {
      type: 'operation.held',
      data: {
        subject: id,
        connection: 'shop',
        state: 'held',
        requester: { name: 'Ada', kind: 'person' },
        reason: 'clean up',
        operation: {
          text: 'delete from orders',
          parameters: [{ value: '1' }],
          effects: ['write'],
          settings: ['app.tenant = b'],
          whole: true,
        },
      },
    },
    {
      type: 'operation.decided',
      data: { subject: id, state: 'denied', decidedBy: { name: 'Dan' }, decisionReason: 'use the archive job' },
    },
  ])
  const [first] = peer.got
  if (first === undefined) throw new Error('nothing came')
  const { body, headers } = first
  expect(() => new Verifier(secret).verify(`${body} `, headers as Record<string, string>)).toThrow('signature')
  expect(() =>
    new Verifier(`whsec_${randomBytes(32).toString('base64')}`).verify(body, headers as Record<string, string>),
  ).toThrow()
  expect(new Set(peer.got.map((each) => each.headers['webhook-id'])).size).toBe(2)
  await until(async () => (await waiting()) === 0)
  expect(counted).toEqual(['webhook delivered', 'webhook delivered'])
})

test('the example of docs/notifications.md is what is sent', async () => {
  await hook()
  deliver()
  await parts.approvals.hold(request(), never)
  await until(() => peer.got.length === 1)
  const page = await readFile(new URL('../../../../docs/notifications.md', import.meta.url), 'utf8')
  const example = JSON.parse(/```text .*notify\.test\.ts\n([^`]*)```/.exec(page)?.[1] ?? '')
  const sent = JSON.parse(peer.got[0]?.body ?? '')
  const shape = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]))
      : Array.isArray(value)
        ? 'list'
        : typeof value
  expect(shape(sent)).toEqual(shape(example))
})

test('requests for access are told from the question to the end', async () => {
  await hook('events: [access.requested, access.decided, access.ended]')
  deliver()
  const { id } = await parts.accessRequests.request(ada, { connection: 'shop', reason: 'INC-7', lasts: '1h' })
  await parts.accessRequests.decide(dba, id, 'approve', null)
  await parts.accessRequests.withdraw(ada, id, 'done')
  await until(() => peer.got.length === 3)
  expect(peer.got.map(({ body }) => JSON.parse(body))).toMatchObject([
    { type: 'access.requested', data: { subject: id, lasts: 3600, operation: null, rule: 'Access/on-request' } },
    { type: 'access.decided', data: { state: 'granted', decidedBy: { name: 'Dan' } } },
    { type: 'access.ended', data: { state: 'withdrawn', decidedBy: { name: 'Ada' }, decisionReason: 'done' } },
  ])
})

test('what is told of is chosen by events, connections and identities', async () => {
  await hook('events: [operation.decided]\nidentities: { groups: [engineering] }\nconnections: { names: [shop] }')
  const tell = async (change: Partial<HoldRequest>) => {
    const { id } = await parts.approvals.hold(request(change), never)
    await parts.approvals.decide(dba, id, 'approve', { reason: null })
    return id
  }
  await tell({ connection: 'another' })
  await tell({ requester: { ...ada.identity, id: 'x', groups: ['visitors'] } })
  const id = await tell({})
  deliver()
  await until(() => peer.got.length === 1)
  expect(JSON.parse(peer.got[0]?.body ?? '')).toMatchObject({ type: 'operation.decided', data: { subject: id } })
  await until(async () => (await waiting()) === 0)
  expect(peer.got.length).toBe(1)
})

test('a peer that is down is told once when it is up again, in order, by one of several gateways', async () => {
  await hook()
  await peer.close()
  const { id } = await parts.approvals.hold(request(), never)
  await parts.approvals.decide(dba, id, 'approve', { reason: null })
  for (let gateway = 0; gateway < 3; gateway++) deliver()
  await until(() => counted.filter((each) => each === 'webhook failed').length >= 2)
  for (const courier of couriers.splice(0)) await courier.close()
  await peer.start()
  for (let gateway = 0; gateway < 3; gateway++) deliver()
  await until(async () => (await waiting()) === 0)
  expect(peer.got.map(({ body }) => JSON.parse(body).type)).toEqual(['operation.held', 'operation.decided'])
})

test('an answer that is none is asked for again, with the same id; redirects lead nowhere', async () => {
  await hook()
  const answers = [500, 302, 204]
  peer.answer = () => answers.shift() ?? 204
  deliver()
  await parts.approvals.hold(request(), never)
  await until(async () => peer.got.length === 3 && (await waiting()) === 0)
  expect(new Set(peer.got.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(peer.got.every(({ path }) => path === '/hook')).toBe(true)
  expect(counted).toEqual(['webhook failed', 'webhook failed', 'webhook delivered'])
})

test('a Notifier that never answers holds up no other one', async () => {
  peer.answer = (path) => (path === '/slow' ? 'never' : 200)
  await hook('', '/slow')
  deliver()
  for (let count = 0; count < 20; count++) await parts.approvals.hold(request(), never)
  await until(() => peer.got.length >= 5)
  await apply(`kind: Notifier\nname: quick\nwebhook: { url: "${peer.url}/quick", secret: { env: HOOK_SECRET } }\n`)
  try {
    await parts.approvals.hold(request(), never)
    await until(() => peer.got.some(({ path }) => path === '/quick'))
    expect(peer.got.filter(({ path }) => path === '/slow').length).toBeLessThanOrEqual(8)
  } finally {
    await parts.documentStore.remove(admin.identity, 'Notifier', 'quick')
  }
})

test('a slow peer holds up nobody else, and what it was sent is sent again by the next gateway', async () => {
  await hook()
  peer.answer = () => 'never'
  deliver()
  const slow = await parts.approvals.hold(request(), never)
  await until(() => peer.got.length === 1)
  peer.answer = () => 200
  const quick = await parts.approvals.hold(request(), never)
  await until(() => peer.got.some(({ body }) => body.includes(quick.id)))
  for (const courier of couriers.splice(0)) await courier.close()
  deliver()
  await until(async () => (await waiting()) === 0)
  expect(peer.got.filter(({ body }) => body.includes(slow.id)).length).toBe(2)
})

test('a question that nobody can answer any more is not asked', async () => {
  await hook('events: [operation.held]')
  peer.answer = () => 500
  deliver()
  const { decision } = await parts.approvals.hold(request({ timeout: 0.3 }), never)
  await decision
  await until(async () => (await waiting()) === 0)
  expect(counted.at(-1)).toBe('webhook given up')
})

test('huge texts are cut, and said to be; the notice stays as it is where a Notifier is gone', async () => {
  await hook()
  deliver()
  await parts.approvals.hold(request({ text: 'x'.repeat(200_000), parameters: [{ type: null, value: 'y' }] }), never)
  await until(() => peer.got.length === 1)
  const { operation } = JSON.parse(peer.got[0]?.body ?? '').data
  expect([operation.text.length, operation.whole, operation.parameters[0].value]).toEqual([16_384, false, ''])
  await parts.approvals.hold(request({ settings: [{ name: 'app.x', value: 'z'.repeat(1000) }] }), never)
  await until(() => peer.got.length === 2)
  expect(JSON.parse(peer.got[1]?.body ?? '').data.operation.whole).toBe(false)
  for (const courier of couriers.splice(0)) await courier.close()
  await parts.approvals.hold(request(), never)
  await parts.documentStore.remove(admin.identity, 'Notifier', 'hooks')
  deliver()
  await until(async () => (await waiting()) === 0)
  expect(peer.got.length).toBe(2)
})

test('nothing that happens fails because people cannot be told', async () => {
  await hook()
  await parts.store.run((db) => db.execute('alter table notifications rename to elsewhere'))
  try {
    const { id, decision } = await parts.approvals.hold(request(), never)
    await parts.approvals.decide(dba, id, 'approve', { reason: null })
    expect((await decision).decision).toBe('approved')
  } finally {
    await parts.store.run((db) => db.execute('alter table elsewhere rename to notifications'))
  }
})

test.each([
  ['link-local', 'https://169.254.169.254/latest', 'nothing is ever sent'],
  ['by IPv6', 'https://[fd00:ec2::254]/latest', 'nothing is ever sent'],
  ['in an IPv6 address', 'https://[::ffff:169.254.169.254]/', 'nothing is ever sent'],
])('nothing goes to metadata services: %s', async (_, url, words) => {
  const { post } = await import('./post.ts')
  for (const proxies of [{}, { HTTPS_PROXY: 'http://127.0.0.1:1' }])
    await expect(post(new URL(url), { headers: {}, body: '{}' }, never, proxies)).rejects.toThrow(words)
})
