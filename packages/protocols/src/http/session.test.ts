import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { makeLocalTls } from '../local-tls.fixture.ts'
import { localPassword, ScriptedGate } from '../scripted-gate.fixture.ts'
import { Backend, serve } from './http-wire.fixture.ts'

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
