import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import {
  applyDocuments,
  type Connect,
  type HttpService,
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
