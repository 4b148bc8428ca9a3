import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { tunnelSubprotocol } from '@hoop/contracts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { keepUntilEnd, type System, startSystem } from '../support/index.ts'
import { RawCaller } from './security-caller.ts'

const keep = keepUntilEnd(afterAll)
let system: System
let ada: RawCaller

beforeAll(async () => {
  system = await keep(startSystem({ sample: { customers: 10 } }))
  ada = await RawCaller.from(system, 'ada')
})

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

/** A connection that sends these bytes and keeps its own side open, whatever comes. */
function raw(bytes = ''): { socket: Socket; answer: () => string; closed: Promise<unknown> } {
  const socket = connect({ port: system.gateway.port, host: '127.0.0.1', allowHalfOpen: true })
  sockets.push(socket)
  let answer = ''
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1')
  })
  if (bytes !== '') socket.write(bytes)
  return { socket, answer: () => answer, closed: new Promise((resolve) => socket.once('close', resolve)) }
}

const upgrade = (more: string) =>
  `GET /v1/tunnel?id=0b6ff4a0-6a3e-4f57-9b51-9d1f6a0c4a11 HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: ${tunnelSubprotocol}\r\n${more}\r\n`

describe('nobody keeps a connection by doing nothing', () => {
  test('silent, with half a header, with half a body, with half a request for a tunnel', { timeout: 60_000 }, async () => {
    const began = performance.now()
    const lingering = [
      raw(),
      raw('GET /v1/config HTTP/1.1\r\nhost: x\r\n'),
      raw(upgrade('').slice(0, -2)),
      raw('POST /v1/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{'),
    ]
    await Promise.all(lingering.slice(0, 3).map(({ closed, socket }) => endedOrReset(socket, closed)))
    expect(performance.now() - began).toBeLessThan(30_000)
    await endedOrReset(lingering[3]!.socket, lingering[3]!.closed)
    expect(performance.now() - began).toBeLessThan(50_000)
  })

  test('refused a tunnel and not going away', { timeout: 20_000 }, async () => {
    const { socket, answer } = raw(upgrade('authorization: Bearer a.b.c\r\n'))
    await expect.poll(answer).toContain('invalid_token')
    // The other side has let go of it, and not only of its half: whatever is written now is answered by a reset.
    const reset = new Promise((resolve) => socket.once('error', resolve))
    const knocking = setInterval(() => socket.write('x'), 100)
    expect(await reset).toMatchObject({ code: expect.stringMatching(/^(EPIPE|ECONNRESET)$/) })
    clearInterval(knocking)
  })

  test('one address cannot take every place, and those who are logged in keep theirs', { timeout: 30_000 }, async () => {
    const tunnel = await ada.tunnel()
    const crowd = Array.from({ length: 400 }, () => raw())
    let gone = 0
    for (const { socket } of crowd) socket.once('close', () => gone++)
    for (const { socket } of crowd) socket.once('end', () => socket.destroy())
    await expect.poll(() => gone, { timeout: 10_000 }).toBeGreaterThanOrEqual(400 - 256)
    expect(await Promise.race([tunnel.closed, ada.session(tunnel.id).catch(() => 'turned away')])).toBe('turned away')
    for (const { socket } of crowd) socket.destroy()
    await expect.poll(() => ada.session(tunnel.id).catch(() => null)).not.toBeNull()
    tunnel.close('done')
  })
})

/** Node's servers answer a request that took too long before they close. */
async function endedOrReset(socket: Socket, closed: Promise<unknown>): Promise<void> {
  await Promise.race([closed, once(socket, 'end')]).catch(() => {})
}

describe('a request is one request', () => {
  const get = (head: string, body = '') =>
    `POST /v1/logout HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${head}\r\n${body}`
  test.each([
    ['two lengths', get('content-length: 5\r\ncontent-length: 6\r\n', 'xxxxx')],
    [
      'a length and chunks',
      get('content-length: 4\r\ntransfer-encoding: chunked\r\n', '0\r\n\r\nGET /v1/config HTTP/1.1\r\n\r\n'),
    ],
    ['chunks under another name', get('transfer-encoding: xchunked\r\n', '0\r\n\r\n')],
    ['a chunk size that is none', get('transfer-encoding: chunked\r\n', '0x5\r\nhello\r\n0\r\n\r\n')],
    ['a line feed alone', 'GET /v1/config HTTP/1.1\nhost: x\n\n'],
    ['a header folded', get('content-length: 2\r\nx: y\r\n z\r\n', '{}')],
    ['a space before the colon', get('content-length : 2\r\n', '{}')],
    ['a NUL in a header', get('x: \0\r\ncontent-length: 2\r\n', '{}')],
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ])('not with %s', async (_, bytes) => {
    const { answer, socket, closed } = raw(bytes)
    await endedOrReset(socket, closed)
    expect(answer().match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 400'])
  })

  test('an address that is none is no fault of ours', async () => {
    const { answer } = raw(upgrade('').replace(/\/v1\/tunnel\S+/, '//['))
    await expect.poll(answer).toContain('HTTP/1.1 404')
  })

  test('headers have a limit', async () => {
    const { answer, socket, closed } = raw(`GET /v1/config HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`)
    await endedOrReset(socket, closed)
    expect(answer()).toContain('HTTP/1.1 431')
  })
})

describe('web pages', () => {
  test('open no tunnel, whatever token they have', async () => {
    for (const origin of ['https://evil.example', 'null', system.gateway.url]) {
      const { answer } = raw(upgrade(`origin: ${origin}\r\nauthorization: Bearer ${ada.token}\r\n`))
      await expect.poll(answer).toContain('HTTP/1.1 403')
    }
  })

  test('are told nothing across origins, and nothing that a cache keeps', async () => {
    for (const path of ['/v1/config', '/v1/whoami', '/v1/nothing']) {
      const answer = await fetch(`${system.gateway.url}${path}`, { headers: { origin: 'https://evil.example' } })
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'")
    }
    const asked = await fetch(`${system.gateway.url}/v1/documents`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    })
    expect(asked.headers.get('access-control-allow-origin')).toBeNull()
    // What a form can send without asking first is not taken.
    const form = await fetch(`${system.gateway.url}/v1/logout`, { method: 'POST', body: '{"refresh_token":"x"}' })
    expect(form.status).toBe(400)
  })
})

describe('hostile bodies', () => {
  const send = (path: string, body: string) =>
    fetch(`${system.gateway.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

  test.each([
    '{"__proto__":{"admin":true}}',
    '{"constructor":{"prototype":{"admin":true}}}',
    '['.repeat(60_000),
    '1e999',
    '"\\ud800"',
  ])('are refused, and change nobody: %.40s', async (body) => {
    expect((await send('/v1/token', body)).status).toBe(400)
    expect((await send('/v1/logout', body)).status).toBe(400)
  })
})

describe('a tunnel', () => {
  async function open(): Promise<WebSocket> {
    const url = `${ada.url.replace(/^http/, 'ws')}/v1/tunnel?id=${crypto.randomUUID()}`
    const webSocket = new WebSocket(url, tunnelSubprotocol, { headers: await ada.headers('GET', '/v1/tunnel') })
    await once(webSocket, 'open')
    return webSocket
  }
  const frame = (type: number, stream: number, payload: Buffer) => {
    const header = Buffer.alloc(12)
    header.writeUInt8(type, 0)
    header.writeUInt32BE(stream, 4)
    header.writeUInt32BE(payload.length, 8)
    return Buffer.concat([header, payload])
  }

  test.each([
    ['text', 'hello'],
    ['nothing', Buffer.alloc(0)],
    ['a frame of a type that is none', frame(99, 1, Buffer.alloc(0))],
    ['bytes of a stream that was never opened', frame(2, 1, Buffer.from('x'))],
    ['credit that is not ours to take', frame(3, 2, Buffer.from([0, 0, 0, 1]))],
    ['a stream of the gateway’s own', frame(1, 2, Buffer.from('\0\x0f{"session":"x"}'))],
    ['a header that is no header', frame(1, 1, Buffer.from('\0\x02{}'))],
    ['a length past its end', Buffer.from([2, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff])],
    ['more than a message may have', Buffer.alloc(5 * 1024 * 1024)],
  ])('ends at %s, and only it', async (_, message) => {
    const [bad, good] = [await open(), await open()]
    bad.on('error', () => {})
    bad.send(message)
    const [code] = (await once(bad, 'close')) as [number]
    expect([1002, 1009, 1006]).toContain(code)
    expect(good.readyState).toBe(WebSocket.OPEN)
    good.close()
  })

  test('of one person is not one of thousands', async () => {
    const opened: WebSocket[] = []
    let refused = ''
    for (let count = 0; count < 300 && refused === ''; count++) {
      await open().then(
        (webSocket) => opened.push(webSocket),
        (error: Error) => {
          refused = error.message
        },
      )
    }
    expect(refused).toContain('429')
    expect(opened.length).toBeLessThanOrEqual(256)
    for (const webSocket of opened) webSocket.close()
  })
})
