import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { buffer, text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { HoopError } from '@hoop/contracts'
import { expect, onTestFinished, test } from 'vitest'
import { makeLocalTls } from '../local-tls.fixture.ts'
import type { Header } from '../protocol.ts'
import { localPassword, ScriptedGate } from '../scripted-gate.fixture.ts'
import { Backend, request, serve } from './http-wire.fixture.ts'

test('a caller who offers HTTP/2 has it, its first frames right behind the handshake', async () => {
  const backend = await Backend.start((_, answer) => answer.end('hello'))
  onTestFinished(() => backend.stop())
  const tls = await makeLocalTls()
  const { caller, done } = serve(backend, {}, new ScriptedGate(), tls)
  const socket = connect({ socket: caller, ca: tls.certificate, servername: 'localhost', ALPNProtocols: ['h2', 'http/1.1'] })
  await once(socket, 'secureConnect')
  expect(socket.alpnProtocol).toBe('h2')
  const session = connectHttp2('https://localhost:1', { createConnection: () => socket })
  const authorization = `Basic ${btoa(`any:${localPassword}`)}`
  const requests = ['/one', '/two'].map((path) => session.request({ ':path': path, authorization }))
  expect(await Promise.all(requests.map((request) => text(request)))).toEqual(['hello', 'hello'])
  session.close()
  expect(await done).toBe(null)
})

test('a caller of HTTP/2 who goes away while a request is held withdraws it', async () => {
  const backend = await Backend.start((_, answer) => answer.end('hello'))
  onTestFinished(() => backend.stop())
  const tls = await makeLocalTls()
  const { caller, gate, done } = serve(backend, {}, new ScriptedGate(), tls)
  gate.judge = () => 'hold'
  const options = { socket: caller, ca: tls.certificate, servername: 'localhost', ALPNProtocols: ['h2'] }
  const socket = connect(options)
  const session = connectHttp2('https://localhost:1', { createConnection: () => socket })
  session.on('error', () => undefined)
  const asked = session.request({ ':path': '/', authorization: `Basic ${btoa(`any:${localPassword}`)}` })
  asked.on('error', () => undefined)
  await expect.poll(() => gate.decide).not.toBe(null)
  // What the kernel does for a process that ended; nothing of HTTP/2 or TLS is said before.
  caller.end()
  expect(await done).toBe(null)
  expect(gate.admitted.map(({ verdict }) => verdict)).toEqual(['refuse'])
})

test('a body of many pieces goes up to a service that takes them at once', async () => {
  const backend = await Backend.start(async (request, answer) => answer.end(String((await buffer(request)).length)))
  onTestFinished(() => backend.stop())
  const { caller, send } = serve(backend)
  onTestFinished(() => void caller.destroy())
  const [piece, pieces] = [Buffer.alloc(64 * 1024), 16]
  const length = piece.length * pieces
  caller.write(request('POST /files', ['Content-Type: application/octet-stream', `Content-Length: ${length}`]))
  for (let i = 1; i < pieces; i++) caller.write(piece)
  const [answer] = await send(piece)
  expect(answer?.body).toBe(String(length))
})

test('credentials are asked for once for requests that follow each other, and again where they could not be had', async () => {
  const backend = await Backend.start((_, answer) => answer.end('hello'))
  onTestFinished(() => backend.stop())
  let asked = 0
  const credentials = async (): Promise<readonly Header[]> => {
    asked += 1
    if (asked === 1) throw new HoopError('connection_unavailable', 'The token is not to be had.')
    return [['authorization', `Bearer number-${asked}`]]
  }
  const { caller, send } = serve(backend, { credentials })
  onTestFinished(() => void caller.destroy())
  const [first] = await send(request('GET /'))
  expect(first?.status).toBe(502)
  const answers = await send(request('GET /').repeat(3), 3)
  expect(answers.map(({ body }) => body)).toEqual(['hello', 'hello', 'hello'])
  expect(backend.received.match(/authorization: .*/g)).toEqual(new Array(3).fill('authorization: Bearer number-2'))
})

test.each([
  ['GET /', [], '', 200],
  ['DELETE /a', [], '', 200],
  ['PUT /a', ['Content-Length: 1'], 'x', 502],
  ['POST /', [], '', 502],
])('a token that was taken back before its time is asked for anew: %s', async (line, headers, body, status) => {
  const backend = await Backend.start((asked, answer) =>
    answer.writeHead(asked.headers.authorization === 'Bearer second' ? 200 : 401).end('hello'),
  )
  onTestFinished(() => backend.stop())
  const refused: unknown[] = []
  const credentials = async (wrong?: readonly Header[]): Promise<readonly Header[]> => {
    if (wrong !== undefined) refused.push(wrong)
    return [['authorization', refused.length === 0 ? 'Bearer first' : 'Bearer second']]
  }
  const { caller, send, gate } = serve(backend, { credentials })
  onTestFinished(() => void caller.destroy())
  expect((await send(request(line, headers, body)))[0]?.status).toBe(status)
  expect(gate.admitted.map(({ outcomes }) => outcomes.map(({ tag }) => tag))).toEqual([[status === 200 ? '200' : '401']])
  expect((await send(request(line, headers, body)))[0]?.status).toBe(200)
  expect(refused).toEqual([[['authorization', 'Bearer first']]])
})

test('where there is no other token the service is asked once, and the issuer not again at once', async () => {
  const backend = await Backend.start((_, answer) => answer.writeHead(401).end())
  onTestFinished(() => backend.stop())
  let asked = 0
  const credentials = async (wrong?: readonly Header[]): Promise<readonly Header[]> => {
    if (wrong !== undefined) asked += 1
    return [['authorization', 'Bearer same']]
  }
  const { caller, send } = serve(backend, { credentials })
  onTestFinished(() => void caller.destroy())
  const answers = await send(request('GET /').repeat(3), 3)
  expect(answers.map(({ status }) => status)).toEqual([502, 502, 502])
  expect([asked, backend.received.match(/GET/g)?.length]).toEqual([1, 3])
})
