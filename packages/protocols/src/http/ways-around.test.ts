import { gzipSync } from 'node:zlib'
import type { MaskPlan } from '@hoop/contracts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { noMasks, ScriptedGate } from '../scripted-gate.fixture.ts'
import { Backend, request, serve } from './http-wire.fixture.ts'

const secret = 'DE02120300000000202051'
let backend: Backend
beforeAll(async () => {
  backend = await Backend.start((incoming, response) => {
    const { url = '' } = incoming
    incoming.resume()
    if (url.startsWith('/pressed')) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      return void response.end(gzipSync(`{"iban":"${secret}"}`))
    }
    if (url.startsWith('/part')) return void response.writeHead(206, { 'content-type': 'application/json' }).end(`"${secret}"`)
    if (url.startsWith('/forbidden'))
      return void response.writeHead(403, { 'www-authenticate': 'Bearer realm="inner"' }).end('no')
    if (url.startsWith('/away')) return void response.writeHead(302, { location: 'https://elsewhere.example/x' }).end()
    if (url.startsWith('/unauthorized'))
      return void response.writeHead(401, { 'www-authenticate': 'Bearer realm="inner"' }).end('no')
    if (url.startsWith('/cookie')) response.setHeader('set-cookie', 'session=made-by-the-credential')
    response.setHeader('content-type', 'application/json')
    const range = incoming.headers.range
    if (range !== undefined) return void response.writeHead(206, { 'content-range': 'bytes 9-31/40' }).end(secret)
    response.end(`{"iban":"${secret}","iban":"${secret}","\\u0069ban":"${secret}"}`)
  })
})
afterAll(() => backend.stop())
beforeEach(() => backend.connections.splice(0))

const mask = { rule: 'Mask/iban', method: 'redact', looksMasked: () => false, text: () => '[masked]' } as const
const leaf = { mask, member: () => null, element: () => null }
/** Hides the member `iban` of every answer. */
const hiding: MaskPlan = {
  ...noMasks,
  empty: false,
  hasFields: true,
  fields: () => ({ mask: null, member: (name) => (name === 'iban' ? leaf : null), element: () => null }),
}

/** What one request is answered by, on a connection of its own; the backend is closed behind it. */
async function once(
  bytes: string,
  masks: MaskPlan = noMasks,
): Promise<{ status: number; body: string; headers: Record<string, string> }> {
  const gate = new ScriptedGate()
  gate.masks = masks
  const served = serve(backend, {}, gate)
  const [reply] = await served.send(bytes)
  served.caller.end()
  await served.done
  return { status: reply?.status ?? 0, body: reply?.body ?? '', headers: Object.fromEntries(reply?.headers ?? []) }
}

test('what is well formed goes through', async () => {
  expect(await once(request('GET /v1/customers?x=1'))).toMatchObject({ status: 200 })
  expect(backend.received).toContain('GET /v1/customers?x=1 HTTP/1.1')
})

describe('one request is one request', () => {
  test.each([
    [
      'Transfer-Encoding and Content-Length',
      request('POST /a', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n'),
    ],
    ['two Content-Lengths', request('POST /a', ['Content-Length: 4', 'Content-Length: 10'], 'bodyGET /x')],
    ['a list of Content-Lengths', request('POST /a', ['Content-Length: 4, 4'], 'body')],
    ['another Transfer-Encoding', request('POST /a', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n')],
    ['a Transfer-Encoding of another name', request('POST /a', ['Transfer-Encoding: xchunked'], '0\r\n\r\n')],
    ['a header that goes on in the next line', request('GET /a', ['X-One: a', ' b: c'])],
    ['a space before the colon', request('GET /a', ['Content-Length : 4'])],
    ['a bare line feed', request('GET /a').replace('\r\nAuthorization', '\nAuthorization')],
    ['a bare carriage return in a header', request('GET /a', ['X-One: a\rGET /admin HTTP/1.1'])],
    ['a chunk of a length that is none', request('POST /a', ['Transfer-Encoding: chunked'], '0x4\r\nbody\r\n0\r\n\r\n')],
    ['a chunk that is longer than it says', request('POST /a', ['Transfer-Encoding: chunked'], '2\r\nbody\r\n0\r\n\r\n')],
    ['two Hosts', request('GET /a', ['Host: other'])],
    ['another Host', request('GET /a').replace('localhost:1', 'billing.internal')],
    ['a target with a host', request('GET http://billing.internal/admin')],
    ['CONNECT', request('CONNECT billing.internal:443')],
    ['TRACE', request('TRACE /a')],
    ['HTTP/0.9', 'GET /a\r\n\r\n'],
    ['no Host', request('GET /a').replace(/Host: .*\r\n/, '')],
    [
      'no Host in HTTP/1.0',
      request('GET /a')
        .replace(/Host: .*\r\n/, '')
        .replace('HTTP/1.1', 'HTTP/1.0'),
    ],
    ['a header nominated as one of this hop', request('GET /a', ['Connection: close, X-Api-Key'])],
    ['another method in a header', request('POST /a', ['X-HTTP-Method-Override: DELETE', 'Content-Length: 0'])],
    ['another method in a header with underscores', request('POST /a', ['X_HTTP_Method_Override: DELETE', 'Content-Length: 0'])],
    ['another path in a header', request('GET /a', ['X-Original-URL: /admin'])],
    ['a compressed body', request('POST /a', ['Content-Encoding: gzip', 'Content-Length: 4'], 'body')],
    [
      'more headers than anybody sends',
      request(
        'GET /a',
        Array.from({ length: 300 }, (_, i) => `X-${i}: 1`),
      ),
    ],
  ])('%s', async (_, bytes) => {
    const { status } = await once(bytes)
    expect(status === 0 || status >= 400, `answered ${status}`).toBe(true)
    expect(backend.received).toBe('')
  })

  test('of two requests in one piece each is judged by itself', async () => {
    const gate = new ScriptedGate()
    gate.judge = ({ text }) => (text.startsWith('DELETE') ? 'refuse' : 'permit')
    const served = serve(backend, {}, gate)
    const replies = await served.send(request('GET /a') + request('DELETE /b') + request('GET /c'), 3)
    expect(replies.map(({ status }) => status)).toEqual([200, 403, 200])
    expect(backend.received).not.toContain('DELETE')
    served.caller.end()
  })

  test('more than the gateway keeps of one session is not read', async () => {
    const gate = new ScriptedGate()
    gate.judge = () => 'hold'
    const body = 'x'.repeat(4_000_000)
    const held = Array.from({ length: 17 }, () => serve(backend, {}, gate))
    const answers = held.map((each) =>
      each.send(request('POST /a', ['Content-Type: text/plain', `Content-Length: ${body.length}`], body)),
    )
    expect((await Promise.race(answers))[0]?.status).toBe(429)
    await expect.poll(() => gate.admitted.length).toBe(16)
    gate.session.abort(new Error('over'))
    await Promise.all(held.map(({ done }) => done))
    expect(await once(request('POST /a', ['Content-Length: 1'], 'x'))).toMatchObject({ status: 200 })
  })

  test('HTTP/2 in plain is not gone over to', async () => {
    expect(
      await once(request('GET /a', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'])),
    ).toMatchObject({ status: 200 })
    expect(backend.received.toLowerCase()).not.toContain('h2c')
  })
})

describe('the path that is judged is the path that is asked for', () => {
  test.each([
    '/a/../admin',
    '/a/./b',
    '/a//b',
    '//admin',
    '/a/%2e%2e/admin',
    '/a/%2E/b',
    '/a%2fadmin',
    '/a%5cadmin',
    '/a\\admin',
    '/a%00',
    '/a%0d%0aX:%201',
    '/a;x=1/b',
    '/a%252e%252e',
    '/%252fadmin',
    '/a%zz',
    '/a%c0%af',
    '/a?x=1;y=2',
    '/a?x=%ff',
    '/a?x=%00',
    '/a#b',
    '/a"b',
    '/a<b>',
    '*',
  ])('%s', async (path) => {
    const { status } = await once(request(`GET ${path}`))
    expect(status).toBeGreaterThanOrEqual(400)
    expect(backend.received).toBe('')
  })

  test('letters that need not be encoded are the same decoded', async () => {
    const gate = new ScriptedGate()
    const served = serve(backend, {}, gate)
    await served.send(request('GET /%61dmin/%C3%A4'))
    expect(gate.admitted[0]?.operation.facts.request?.path).toBe('/admin/ä')
    served.caller.end()
  })
})

describe('who the caller says it is', () => {
  test('none of it is passed on', async () => {
    await once(
      request('GET /a', [
        'Cookie: session=1',
        'X-Forwarded-For: 10.0.0.1',
        'X-Forwarded-Host: evil',
        'Forwarded: for=10.0.0.1',
        'X-Real-IP: 10.0.0.1',
        'Proxy-Authorization: Basic x',
        'X-Remote-User: root',
        'X_Remote_User: root',
        'X_Forwarded_For: 10.0.0.1',
        'Transfer_Encoding: chunked',
        'Impersonate-User: root',
        'Connection: keep-alive',
        'TE: trailers',
      ]),
    )
    const { received } = backend
    for (const word of ['cookie', '10.0.0.1', 'evil', 'proxy-auth', 'root', 'basic', 'te: ', 'transfer_encoding', 'localhost'])
      expect(received.toLowerCase()).not.toContain(word)
    expect(received).toContain('authorization: Bearer of-the-gateway')
    expect(received).toContain('host: billing.internal')
  })

  test.each([
    ['no password', (bytes: string) => bytes.replace(/Authorization: .*\r\n/, ''), 401],
    ['a wrong one', (bytes: string) => bytes.replace(/Basic .*/, `Basic ${btoa('any:guess')}`), 401],
    ['a web page', (bytes: string) => bytes.replace('\r\n\r\n', '\r\nOrigin: http://localhost:1\r\n\r\n'), 403],
    [
      'a web page that hides its origin',
      (bytes: string) => bytes.replace('\r\n\r\n', '\r\nSec-Fetch-Site: cross-site\r\n\r\n'),
      403,
    ],
    ['a web page by a name of its own', (bytes: string) => bytes.replace('localhost:1', 'evil.example'), 421],
  ] as const)('%s: nothing is asked', async (_, change, expected) => {
    const { status } = await once(change(request('GET /a')))
    expect([status, backend.received]).toEqual([expected, ''])
  })
})

describe('what is masked stays so', () => {
  test('twice in one object, and in any spelling', async () => {
    const { status, body } = await once(request('GET /a'), hiding)
    expect([status, body.includes(secret)]).toEqual([200, false])
  })

  test.each([
    ['compressed', request('GET /pressed', ['Accept-Encoding: gzip'])],
    ['in part', request('GET /a', ['Range: bytes=9-31'])],
    ['in part, if nothing changed', request('GET /a', ['Range: bytes=9-31', 'If-Range: "x"'])],
  ])('%s', async (_, bytes) => {
    expect((await once(bytes, hiding)).body).not.toContain(secret)
    expect(backend.received.toLowerCase()).not.toMatch(/range|gzip/)
  })

  test.each([
    ['compressed against our asking', '/pressed', 'it is compressed (gzip)'],
    ['in part against our asking', '/part', 'it is a part of something'],
  ])('%s', async (_, path, words) => {
    const { status, body } = await once(request(`GET ${path}`), hiding)
    expect([status, body.includes(secret)]).toEqual([502, false])
    expect(body).toContain(words)
    expect(backend.received).toContain('accept-encoding: identity')
  })

  test('what speaks of the original bytes is left out', async () => {
    const { headers } = await once(request('GET /a'), hiding)
    for (const name of ['content-length', 'etag', 'digest', 'content-md5']) expect(headers).not.toHaveProperty(name)
  })
})

describe('what comes back', () => {
  test('a redirect to another place is not followed', async () => {
    expect(await once(request('GET /away'))).toMatchObject({ status: 302, headers: { location: 'https://elsewhere.example/x' } })
    expect(backend.connections).toHaveLength(1)
  })

  test('a cookie that the gateway’s credential made is not handed out', async () => {
    expect((await once(request('GET /cookie'))).headers).not.toHaveProperty('set-cookie')
  })

  test('a credential that is not accepted is the gateway’s matter', async () => {
    const { status, headers, body } = await once(request('GET /unauthorized'))
    expect([status, headers['www-authenticate']]).toEqual([502, undefined])
    expect(body).toContain('credential of the gateway')
  })

  test('nor are its challenges handed out', async () => {
    const { status, headers } = await once(request('GET /forbidden'))
    expect([status, headers['www-authenticate']]).toEqual([403, undefined])
  })
})
