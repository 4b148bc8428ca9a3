import { once } from 'node:events'
import { connect } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { makeLocalTls } from '../local-tls.fixture.ts'
import { ScriptedGate } from '../scripted-gate.fixture.ts'
import { Backend, request, serve } from './http-wire.fixture.ts'

const short = { head: 40, body: 40, pause: 40 }

async function serving(times = short, gate = new ScriptedGate()) {
  const backend = await Backend.start((asked, answer) => asked.resume().on('end', () => answer.end('hello')))
  onTestFinished(() => backend.stop())
  const served = serve(backend, {}, gate, null, times)
  onTestFinished(() => void served.caller.destroy())
  return { backend, ...served }
}

test.each([
  ['a head', 'GET /a HTTP/1.1\r\nHost: loc', 'head of the request'],
  ['what could still be HTTP/2', 'PRI * HT', 'head of the request'],
  ['a head behind a whole request', `${request('GET /a')}GET /b HTTP/1.1\r\nHo`, 'head of the request'],
  ['a body that is judged', request('POST /a', ['Content-Length: 4'], 'bo'), 'body of the request'],
  ['a body in chunks', request('POST /a', ['Transfer-Encoding: chunked'], '2\r\nbo\r\n'), 'body of the request'],
  [
    'a body that is streamed',
    request('POST /a', ['Content-Type: application/octet-stream', 'Content-Length: 4'], 'bo'),
    'body of the request',
  ],
])('%s that does not go on is given up in words', async (_, bytes, words) => {
  const { caller, send, done } = await serving()
  const replies = await send(bytes, 2)
  caller.end()
  expect(replies.at(-1)).toMatchObject({ status: 408, body: expect.stringContaining(words) })
  expect(await done).toBe(null)
})

test('a held request, one that waits for its answer, and a connection at rest are not late', async () => {
  const gate = new ScriptedGate()
  gate.judge = ({ text }) => (text.startsWith('PUT') ? 'hold' : 'permit')
  const { send } = await serving(short, gate)
  // Another connection's head is given up meanwhile: so long all of them waited.
  const late = async (): Promise<void> => void (await (await serving()).send('GET /a HTTP/1.1\r\n'))
  await send(request('GET /a'))
  await late()
  const held = send(request('PUT /a', ['Content-Length: 4'], 'body'))
  await expect.poll(() => gate.decide).not.toBe(null)
  await late()
  gate.decide?.('permit')
  expect((await held)[0]?.status).toBe(200)
})

test('a long upload goes on for as long as something comes', async () => {
  const { caller, send, backend } = await serving({ head: 40, body: 40, pause: 2_000 })
  caller.write(request('POST /a', ['Content-Type: application/octet-stream', 'Transfer-Encoding: chunked']))
  for (let i = 0; i < 3; i++) {
    caller.write('4\r\nbody\r\n')
    await expect.poll(() => backend.received.split('body').length).toBe(i + 2)
    await (await serving()).send('GET /a HTTP/1.1\r\n')
  }
  expect((await send('0\r\n\r\n'))[0]?.status).toBe(200)
})

test('so it is inside TLS, whose handshake has a time too', async () => {
  const backend = await Backend.start((_, answer) => answer.end('hello'))
  onTestFinished(() => backend.stop())
  const tls = await makeLocalTls()
  const served = serve(backend, {}, new ScriptedGate(), tls, short)
  const socket = connect({ socket: served.caller, ca: tls.certificate, servername: 'localhost', ALPNProtocols: ['http/1.1'] })
  await once(socket, 'secureConnect')
  socket.write('GET /a HTTP/1.1\r\nHost: loc')
  expect(String((await once(socket, 'data'))[0])).toContain('HTTP/1.1 408')
  socket.destroy()
  const silent = serve(backend, {}, new ScriptedGate(), tls, short)
  silent.caller.write(Buffer.of(0x16))
  await silent.done
})

test('what follows a request is not told in the middle of its answer', async () => {
  const backend = await Backend.start((_, answer) => void answer.write('begun'))
  onTestFinished(() => backend.stop())
  const { caller, done } = serve(backend)
  let seen = ''
  caller.on('data', (bytes: Buffer) => {
    seen += bytes.toString('latin1')
  })
  caller.write(request('GET /a'))
  await expect.poll(() => seen).toContain('begun')
  caller.write('no request\r\n\r\n')
  await done
  expect(seen).not.toContain('400')
})
