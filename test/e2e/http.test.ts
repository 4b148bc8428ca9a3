import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import {
  applyDocuments,
  type Connect,
  type HttpService,
  hoop,
  keepUntilEnd,
  type System,
  startConnect,
  startHttpService,
  startSystem,
} from '../support/index.ts'

const keep = keepUntilEnd(afterAll)
const card = '4111111111111111'
let system: System
let service: HttpService
let connect: Connect
let url: string
let password: string

const documents = (port: number) => `
kind: Connection
name: billing-api
protocol: http
address: 127.0.0.1:${port}
tls: disable
basePath: /base
login: { bearer: backend-secret, headers: [{ name: X-Api-Key, value: other-secret }] }
operations:
  - { method: GET, path: "/v1/customers/{id}", name: getCustomer }
---
kind: Access
name: billing
groups: [engineering]
connections: { names: [billing-api] }
---
kind: Mask
name: iban
connections: { names: [billing-api] }
fields: ["/v1/customers/*:iban"]
detect: [card]
---
kind: Policy
name: refunds-need-a-yes
connections: { names: [billing-api] }
when: operation.request.method == 'POST' && operation.request.path == '/refunds' && operation.request.body.amount > 100
then: approve
approvers: { groups: [dba] }
message: Large refunds are looked at.
---
kind: Policy
name: no-deletes
connections: { names: [billing-api] }
when: operation.request.method == 'DELETE'
then: deny
message: Nothing is deleted here.
`

beforeAll(async () => {
  service = await keep(
    startHttpService({
      '/base/v1/customers/7': (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', etag: '"x"', 'set-cookie': 'session=stolen' })
        response.end(`{ "id": 12345678901234567890, "iban": "DE02120300000000202051", "note": "card ${card}" }`)
      },
      '/base/echo': (request, response, body) => {
        response.writeHead(201, { 'content-type': request.headers['content-type'] ?? 'text/plain' })
        response.end(body)
      },
      '/base/refunds': (_, response, body) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(`{"refunded":${body}}`)
      },
      '/base/moved': (request, response) => {
        response.writeHead(302, { location: `http://${request.headers.host}/base/v1/customers/7?x=1` }).end()
      },
      '/base/big': (_, response) => {
        response.writeHead(200, { 'content-type': 'application/octet-stream' })
        response.end(Buffer.alloc(5_000_000, 7))
      },
      '/base/events': (_, response) => {
        response.writeHead(200, { 'content-type': 'text/plain' })
        response.write('one\n')
      },
    }),
  )
  system = await keep(startSystem({ sample: { customers: 5 } }))
  await applyDocuments(await system.home('root-admin'), documents(service.port))
  connect = await keep(startConnect('billing-api', { home: await system.home('ada') }))
  const place = new URL(connect.url)
  password = place.password
  url = `http://${place.host}`
})

const call = (path: string, options: RequestInit = {}) =>
  fetch(`${url}${path}`, { ...options, headers: { authorization: `Bearer ${password}`, ...options.headers }, redirect: 'manual' })

test('an answer comes masked, with its numbers and the order of its members', async () => {
  const answer = await call('/v1/customers/7')
  expect(answer.status).toBe(200)
  expect(await answer.text()).toBe(`{ "id": 12345678901234567890, "iban": "[masked]", "note": "card ****************" }`)
  expect(Object.fromEntries(answer.headers)).not.toHaveProperty('set-cookie')
  const seen = service.seen.at(-1)
  expect(seen?.rawHeaders).toEqual(
    expect.arrayContaining(['authorization', 'Bearer backend-secret', 'x-api-key', 'other-secret']),
  )
  expect(seen?.rawHeaders.join('\n')).not.toContain(password)
})

test('a body goes there and back', async () => {
  const answer = await call('/echo', { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } })
  expect([answer.status, await answer.text()]).toEqual([201, '{"a":1}'])
})

test('what is denied is said in the form of RFC 9457, and nothing is sent', async () => {
  const before = service.seen.length
  const answer = await call('/v1/customers/7', { method: 'DELETE' })
  expect(answer.status).toBe(403)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(await answer.json()).toMatchObject({
    status: 403,
    code: 'policy_denied',
    rule: 'Policy/no-deletes',
    operation: expect.stringMatching(/^op_/),
    session: expect.stringMatching(/^ses_/),
  })
  expect(service.seen).toHaveLength(before)
})

test('a redirect leads to the local port', async () => {
  const answer = await call('/moved')
  expect(answer.headers.get('location')).toBe(`${url}/v1/customers/7?x=1`)
})

test('large and endless answers stream', async () => {
  expect((await (await call('/big')).arrayBuffer()).byteLength).toBe(5_000_000)
  const endless = await call('/events')
  const reader = endless.body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('one\n')
  await reader?.cancel()
})

test('the local port takes neither a wrong password nor a web page', async () => {
  expect((await call('/echo', { headers: { authorization: 'Bearer wrong' } })).status).toBe(401)
  expect((await call('/echo', { headers: { origin: 'https://evil.example' } })).status).toBe(403)
  const status = await new Promise((resolve) => {
    const { host } = new URL(url)
    const sent = httpRequest(`${url}/echo`, {
      headers: { host: `evil.example:${host.split(':')[1]}`, authorization: `Bearer ${password}` },
    })
    sent.once('response', (answer) => {
      resolve(answer.statusCode)
      answer.resume()
    })
    sent.end()
  })
  expect(status).toBe(421)
})

test('a WebSocket goes through, frame by frame', async () => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket`, { headers: { authorization: `Bearer ${password}` } })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const answer = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))))
  socket.send('hello')
  expect(await answer).toBe('hello')
  socket.close()
})

/** The id of the approval that is asked for by the request with this in its text. */
const heldWith = (words: string) =>
  connect.program.find('stdout', (line) => {
    const event: { event: string; approval?: string; text?: string } = JSON.parse(line)
    return event.event === 'held' && event.text?.includes(words) ? event.approval : undefined
  })
const refund = (amount: number, options: RequestInit = {}) =>
  call('/refunds', {
    method: 'POST',
    body: JSON.stringify({ amount }),
    headers: { 'content-type': 'application/json' },
    ...options,
  })

test('a request that is held waits for a person, and its siblings do not wait for it', async () => {
  expect((await refund(50)).status).toBe(200)
  const held = heldWith('500')
  const refunded = refund(500)
  const id = await held
  expect(service.seen.some(({ body }) => body.includes('500'))).toBe(false)
  expect((await call('/v1/customers/7')).status).toBe(200)
  await hoop(['approvals', 'approve', id], { home: await system.home('grace') })
  expect(await (await refunded).json()).toEqual({ refunded: { amount: 500 } })
})

test('a caller that goes away withdraws what it asked', async () => {
  const held = heldWith('501')
  const gone = new AbortController()
  const refunded = refund(501, { signal: gone.signal }).catch((error: Error) => error.name)
  const id = await held
  gone.abort()
  expect(await refunded).toBe('AbortError')
  const decided = await connect.program.find('stdout', (line) => {
    const event: { event: string; approval?: string; decision?: string } = JSON.parse(line)
    return event.event === 'decided' && event.approval === id ? event.decision : undefined
  })
  expect(decided).toBe('withdrawn')
  expect(service.seen.some(({ body }) => body.includes('501'))).toBe(false)
})

test('the record has the request, the answer as it was shown, and no credential', async () => {
  const { stdout } = await hoop(['sessions', 'show', connect.session, '--json'], { home: await system.home('otto') })
  expect(stdout).toContain('GET /v1/customers/7')
  for (const word of ['backend-secret', 'other-secret', password, 'DE02120300000000202051', card])
    expect(stdout).not.toContain(word)
})
