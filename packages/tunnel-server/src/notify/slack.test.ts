import { createHmac, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Caller } from '../identity/access-tokens.ts'
import type { HoldRequest } from '../sessions/types.ts'
import { holdRequest } from '../testing/held.ts'
import { type Issuer, startIssuer } from '../testing/issuer.ts'
import { callerOf, openParts, type Parts, startServer, type TestServer, until } from '../testing/parts.ts'
import { Courier } from './courier.ts'
import { SlackRequests } from './slack-requests.ts'

const secrets: Record<string, string> = { SLACK_TOKEN: 'xoxb-1-2-3', SLACK_SECRET: '8f742231b10e8888abcd99yyyzzz85a5' }
const never = new AbortController().signal

let server: TestServer
let issuer: Issuer
let parts: Parts
let ada: Caller
let admin: Caller
let web: Server
let courier: Courier
let requests: SlackRequests
/** What the Web API was asked, and what it says next. */
let asked: { method: string; body: Call }[] = []
let refusals: string[] = []

interface Call {
  readonly channel?: string
  readonly ts?: string
  readonly text?: string
  readonly user?: string
  readonly trigger_id?: string
  readonly view?: { readonly private_metadata: string; readonly callback_id: string }
  readonly blocks?: readonly { readonly type: string; readonly elements?: readonly { readonly action_id?: string }[] }[]
}

/** The Web API of Slack, as far as it is used here: https://docs.slack.dev/reference/methods */
async function startWebApi(): Promise<Server> {
  const known = ['chat.postMessage', 'chat.update', 'chat.postEphemeral', 'views.open']
  const http = createServer(async (request, response) => {
    const body = JSON.parse(await text(request)) as Call
    const method = (request.url ?? '').replace('/api/', '')
    const json = (answer: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
    if (request.headers.authorization !== `Bearer ${secrets.SLACK_TOKEN}`) return json({ ok: false, error: 'invalid_auth' })
    if (!known.includes(method)) return json({ ok: false, error: 'unknown_method' })
    const refusal = refusals.shift()
    if (refusal !== undefined) return json({ ok: false, error: refusal })
    asked.push({ method, body })
    if (method === 'chat.postMessage')
      return json({ ok: true, channel: body.channel, ts: `1700000000.${asked.length}`, message: {} })
    if (method === 'chat.update') return json({ ok: true, channel: body.channel, ts: body.ts, text: body.text })
    return json(method === 'views.open' ? { ok: true, view: { id: 'V1' } } : { ok: true, message_ts: '1700000000.9' })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return http
}

beforeAll(async () => {
  ;[server, issuer, web] = await Promise.all([startServer(), startIssuer(), startWebApi()])
  parts = await openParts(server, issuer)
  ada = await callerOf(parts, issuer, 'ada', ['engineering'])
  admin = await callerOf(parts, issuer, 'root', ['admins'])
  const { port } = web.address() as AddressInfo
  await parts.documentStore.apply(
    admin.identity,
    `kind: Notifier
name: dba-channel
slack:
  botToken: { env: SLACK_TOKEN }
  signingSecret: { env: SLACK_SECRET }
  channel: C0123456789
  api: http://127.0.0.1:${port}/api/
`,
    'test.yaml',
  )
  const resolve = async (reference: { env: string } | { file: string }) => secrets['env' in reference ? reference.env : ''] ?? ''
  const { Slack } = await import('./slack.ts')
  const slack = new Slack(resolve, {})
  const { store, feed, documents, approvals, accessRequests, chatLinks: links, log } = parts
  const ways = { webhook: slack, slack, mail: slack }
  const pause = { first: 50, most: 200 }
  courier = Courier.start({ store, feed, documents, ways, meter: { notified: () => {} }, log, pause })
  requests = new SlackRequests({ store, documents, approvals, accessRequests, links, slack, resolve, log })
})
beforeEach(() => {
  asked = []
  refusals = []
})
afterAll(async () => {
  await courier?.close()
  await parts?.close()
  await issuer?.close()
  await server?.remove()
  web?.close()
})

/** As Slack signs: https://docs.slack.dev/authentication/verifying-requests-from-slack */
function signed(payload: unknown, change: { secret?: string; timestamp?: number } = {}) {
  const { secret = secrets.SLACK_SECRET ?? '', timestamp = Math.floor(Date.now() / 1000) } = change
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`
  return { signature, timestamp: String(timestamp), body }
}

const from = (user: string) => ({
  user: { id: user, username: user.toLowerCase(), name: user },
  team: { id: 'T1', domain: 'acme' },
})
const press = (user: string, button: string, subject: string) => ({
  type: 'block_actions',
  ...from(user),
  api_app_id: 'A1',
  trigger_id: `trigger.${randomUUID()}`,
  channel: { id: 'C0123456789', name: 'dba' },
  container: { type: 'message', message_ts: '1700000000.1' },
  actions: [{ type: 'button', action_id: button, block_id: 'b', value: subject, action_ts: '1' }],
})
const submit = (user: string, subject: string, reason: string) => ({
  type: 'view_submission',
  ...from(user),
  view: {
    id: 'V1',
    callback_id: 'hoop_denial',
    private_metadata: subject,
    state: { values: { hoop_reason: { hoop_reason: { type: 'plain_text_input', value: reason } } } },
  },
})
const use = (payload: unknown) => requests.answer('dba-channel', signed(payload))

async function link(user: string, caller: Caller): Promise<void> {
  await use(press(user, 'hoop_approve', 'ap_none'))
  const code = /hoop notify link (\w+)/.exec(asked.at(-1)?.body.text ?? '')?.[1] ?? ''
  expect(await parts.chatLinks.link(caller, code, false)).toMatchObject({ account: user, linked: false })
  expect(await parts.chatLinks.link(caller, code.toUpperCase(), true)).toMatchObject({ name: user.toLowerCase(), linked: true })
  await expect(parts.chatLinks.link(caller, code, true)).rejects.toMatchObject({ code: 'not_found' })
  asked = []
}

async function hold(change: Partial<HoldRequest> = {}) {
  const { id, decision } = await parts.approvals.hold(
    holdRequest(ada.identity, { bound: { exact: [randomUUID()], like: null }, database: 'app', ...change }),
    never,
  )
  await until(() => asked.some(({ body }) => JSON.stringify(body).includes(id)))
  return { id, decision, posted: asked.find(({ body }) => JSON.stringify(body).includes(id))?.body ?? {} }
}

const actions = (call: Call) => call.blocks?.find(({ type }) => type === 'actions')?.elements?.map(({ action_id }) => action_id)

test('an operation is shown, approved by a linked account as its owner, and the message says so', async () => {
  const dan = await callerOf(parts, issuer, 'dan', ['dba'])
  await link('U1DAN', dan)
  const { id, decision, posted } = await hold()
  expect(posted.channel).toBe('C0123456789')
  expect(actions(posted)).toEqual(['hoop_approve', 'hoop_deny'])
  const shown = JSON.stringify(posted.blocks)
  for (const words of [
    'Ada',
    'shop',
    'clean up',
    'Policy/deletes',
    'delete from orders',
    '$1 = 1',
    'write',
    `hoop approvals deny ${id}`,
  ])
    expect(shown).toContain(words)
  await use(press('U1DAN', 'hoop_approve', id))
  expect(await decision).toMatchObject({ decision: 'approved' })
  await until(() => asked.some(({ method }) => method === 'chat.update'))
  const updated = asked.find(({ method }) => method === 'chat.update')?.body ?? {}
  expect(updated.ts).toMatch(/^1700000000/)
  expect([actions(updated), updated.text]).toEqual([undefined, 'approved by Dan: the operation of Ada on shop'])
})

test('a denial asks for its reason, and is not taken without one', async () => {
  const eve = await callerOf(parts, issuer, 'eve', ['dba'])
  await link('U2EVE', eve)
  const { id, decision } = await hold()
  await use(press('U2EVE', 'hoop_deny', id))
  expect(asked.find(({ method }) => method === 'views.open')?.body).toMatchObject({
    trigger_id: expect.stringContaining('trigger.'),
    view: { private_metadata: id, callback_id: 'hoop_denial' },
  })
  expect(await use(submit('U2EVE', id, '  '))).toMatchObject({
    response_action: 'errors',
    errors: { hoop_reason: expect.stringContaining('needs a reason') },
  })
  expect(await use(submit('U2EVE', id, 'use the archive job'))).toBeNull()
  expect(await decision).toMatchObject({ decision: 'denied', reason: 'use the archive job' })
  expect(await use(submit('U2EVE', id, 'again'))).toMatchObject({ response_action: 'errors' })
})

test('what an account may not do in hoop it may not do in Slack, and is told so', async () => {
  const { id } = await hold()
  const said = async (user: string) => {
    asked = []
    await use(press(user, 'hoop_approve', id))
    return asked.filter(({ method, body }) => method === 'chat.postEphemeral' && body.user === user).map(({ body }) => body.text)
  }
  expect(await said('U9')).toEqual([expect.stringContaining('hoop notify link')])
  await link('U3ADA', ada)
  expect(await said('U3ADA')).toEqual([expect.stringContaining('own operation')])
  const mia = await callerOf(parts, issuer, 'mia', ['visitors'])
  await link('U4MIA', mia)
  expect((await said('U4MIA'))[0]).toMatch(/does not concern|lets only/)
  const zoe = await callerOf(parts, issuer, 'zoe', ['dba'])
  await link('U5ZOE', zoe)
  await parts.store.run((db) =>
    db.execute(`update logins set authenticated_at = now() - interval '16 minutes' where id = '${zoe.login}'`),
  )
  expect(await said('U5ZOE')).toEqual([expect.stringContaining('hoop login')])
  await parts.store.run((db) => db.execute(`update logins set ended_at = now() where id = '${zoe.login}'`))
  expect(await said('U5ZOE')).toEqual([expect.stringContaining('not logged in')])
  expect((await parts.chatLinks.unlink(mia)).accounts).toBe(1)
  expect(await said('U4MIA')).toEqual([expect.stringContaining('hoop notify link')])
  expect((await parts.approvals.find(await callerOf(parts, issuer, 'dan', ['dba']), id))?.state).toBe('held')
})

test('only a person links an account, and whoever signs with another secret speaks for nobody', async () => {
  const gil = await callerOf(parts, issuer, 'gil', ['dba'])
  await link('U6GIL', gil)
  const service = { ...gil, identity: { ...gil.identity, kind: 'service' as const } }
  await expect(parts.chatLinks.link(service, 'x', true)).rejects.toMatchObject({ code: 'no_access' })
  const before = secrets.SLACK_SECRET ?? ''
  secrets.SLACK_SECRET = 'another that an admin knows'
  try {
    await use(press('U6GIL', 'hoop_approve', 'ap_none'))
    expect(asked.at(-1)?.body.text).toContain('hoop notify link')
  } finally {
    secrets.SLACK_SECRET = before
  }
})

test('what Slack did not sign, or signed long ago, or sent before is refused', async () => {
  const payload = press('U1DAN', 'hoop_approve', 'ap_none')
  const old = Math.floor(Date.now() / 1000) - 301
  const good = signed(payload)
  const refused = { code: 'invalid_token' }
  await expect(requests.answer('dba-channel', signed(payload, { secret: 'x' }))).rejects.toMatchObject(refused)
  await expect(requests.answer('dba-channel', signed(payload, { timestamp: old }))).rejects.toMatchObject(refused)
  await expect(requests.answer('dba-channel', { ...good, body: `${good.body}&a=b` })).rejects.toMatchObject(refused)
  await expect(requests.answer('dba-channel', { ...good, timestamp: '' })).rejects.toMatchObject(refused)
  await expect(requests.answer('another', good)).rejects.toMatchObject(refused)
  await requests.answer('dba-channel', good)
  await expect(requests.answer('dba-channel', good)).rejects.toMatchObject(refused)
  expect(await requests.answer('dba-channel', signed({ type: 'shortcut' }))).toBeNull()
})

test('nothing of what is shown is markup, deceives, or is decided by a part of it', async () => {
  const text = "select '<!channel> *x* ```' -- \u202e \u0007"
  const { posted } = await hold({
    text,
    reason: '<@U1> & <https://evil.example|click>',
    requester: { ...ada.identity, name: '<!here>' },
  })
  expect(posted.text).toBe('&lt;!here&gt; waits for an approval on shop')
  const shown = JSON.stringify(posted.blocks)
  expect(shown).not.toContain('mrkdwn')
  expect(shown).not.toMatch(/\u202e|\\u0007/)
  expect(shown).toContain('u{202e}')
  const long = await hold({ text: `select '${'x'.repeat(5000)}'; drop table users` })
  expect(actions(long.posted)).toBeUndefined()
  expect(JSON.stringify(long.posted.blocks)).toContain(`hoop approvals show ${long.id}`)
})

test('what Slack refuses for a while is posted once', async () => {
  refusals = ['ratelimited', 'ratelimited']
  const { id } = await hold()
  await until(() => refusals.length === 0)
  expect(asked.filter(({ body }) => JSON.stringify(body).includes(id)).length).toBe(1)
})
