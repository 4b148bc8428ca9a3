import { type AddressInfo, createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import * as grpc from '@grpc/grpc-js'
import type { FieldNode } from '@hoop/contracts'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { Authority } from '../certificates.fixture.ts'
import { makeLocalTls } from '../local-tls.fixture.ts'
import { localPassword, noMasks, ScriptedGate } from '../scripted-gate.fixture.ts'
import { serve } from './http-wire.fixture.ts'

/** Messages are text here: what is in them is nobody's business on the way. */
const text = { serialize: (message: string) => Buffer.from(message), deserialize: (bytes: Buffer) => bytes.toString() }
const method = (path: string, requestStream: boolean, responseStream: boolean) => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: text.serialize,
  requestDeserialize: text.deserialize,
  responseSerialize: text.serialize,
  responseDeserialize: text.deserialize,
})
const service = {
  Get: method('/shop.v1.Customers/Get', false, false),
  List: method('/shop.v1.Customers/List', false, true),
  Import: method('/shop.v1.Customers/Import', true, false),
  Chat: method('/shop.v1.Customers/Chat', true, true),
}

const seen: { readonly metadata: grpc.Metadata; cancelled: boolean }[] = []
const backend = new grpc.Server()
backend.addService(service, {
  Get(call: grpc.ServerUnaryCall<string, string>, answer: grpc.sendUnaryData<string>) {
    const { metadata } = call
    const entry = { metadata, cancelled: false }
    seen.push(entry)
    call.on('cancelled', () => {
      entry.cancelled = true
    })
    if (call.request === 'nobody') return answer({ code: grpc.status.NOT_FOUND, details: 'no “nobody” – 100 %' })
    if (call.request === 'forever') return
    const trailers = new grpc.Metadata()
    trailers.set('x-cost', '7')
    call.sendMetadata(new grpc.Metadata())
    answer(null, `${call.request}!`, trailers)
  },
  List(call: grpc.ServerWritableStream<string, string>) {
    for (let i = 0; i < Number(call.request); i++) call.write('x'.repeat(1000) + i)
    call.end()
  },
  Import(call: grpc.ServerReadableStream<string, string>, answer: grpc.sendUnaryData<string>) {
    let size = 0
    call.on('data', (message: string) => {
      size += message.length
      if (message === 'stop') answer({ code: grpc.status.RESOURCE_EXHAUSTED, details: 'enough' })
    })
    call.on('end', () => answer(null, String(size)))
  },
  Chat(call: grpc.ServerDuplexStream<string, string>) {
    call.on('data', (message: string) => call.write(`you said ${message}`))
    call.on('end', () => call.end())
  },
})

function bind(server: grpc.Server, credentials: grpc.ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port))),
  )
}

let backendPort: number
let gate: ScriptedGate
let client: grpc.Client
const local = createServer((socket) => {
  const { caller } = serve({ port: backendPort }, {}, gate)
  socket.pipe(caller).pipe(socket)
  socket.on('error', () => caller.destroy()).on('close', () => caller.destroy())
})

beforeAll(async () => {
  backendPort = await bind(backend, grpc.ServerCredentials.createInsecure())
  await new Promise<void>((resolve) => local.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  client.close()
  backend.forceShutdown()
  local.close()
})
beforeEach(() => {
  client?.close()
  gate = new ScriptedGate()
  seen.length = 0
  client = clientWith({})
})
function clientWith(options: grpc.ClientOptions): grpc.Client {
  const { port } = local.address() as AddressInfo
  // Each its own connection: the pool would share one.
  const own = { 'grpc.use_local_subchannel_pool': 1, ...options }
  return new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), own)
}

const metadata = (password = localPassword) => {
  const made = new grpc.Metadata()
  made.set('authorization', `Basic ${btoa(`any:${password}`)}`)
  return made
}
interface Answered {
  readonly message?: string | undefined
  readonly status: grpc.StatusObject
}
function get(request: string, options: grpc.CallOptions = {}, meta = metadata()): Promise<Answered> {
  return new Promise((resolve) => {
    let message: string | undefined
    const { path, requestSerialize, responseDeserialize } = service.Get
    client
      .makeUnaryRequest(path, requestSerialize, responseDeserialize, request, meta, options, (_, value) => {
        message = value
      })
      .on('status', (status) => setImmediate(() => resolve({ message, status })))
  })
}
const statusOf = (call: { on(event: 'status', listener: (status: grpc.StatusObject) => void): unknown }) =>
  new Promise<grpc.StatusObject>((resolve) => call.on('status', resolve))

describe('calls go to the backend and back', () => {
  test('one message each way, with trailers', async () => {
    const { message, status } = await get('ada')
    expect(message).toBe('ada!')
    expect([status.code, status.metadata.get('x-cost')]).toEqual([grpc.status.OK, ['7']])
    expect(seen[0]?.metadata.get('authorization')).toEqual(['Bearer of-the-gateway'])
    const [admitted] = gate.admitted
    expect(admitted?.operation).toMatchObject({
      effects: ['unknown'],
      objects: [
        { kind: 'path', name: '/shop.v1.Customers/Get' },
        { kind: 'grpc', name: 'shop.v1.Customers/Get' },
      ],
    })
    const recorded = (way: string) =>
      Buffer.concat(admitted?.chunks.filter((chunk) => chunk.way === way).map(({ bytes }) => bytes) ?? []).toString('latin1')
    expect(recorded('up')).toBe('\0\0\0\0\x03ada')
    expect(recorded('down')).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n\0\0\0\0\x04ada!grpc-status: 0\r\n[\s\S]*x-cost: 7\r\n/,
    )
    expect(admitted?.outcomes).toMatchObject([{ kind: 'done', tag: 'OK' }])
  })

  test('many messages down, more than any window holds', async () => {
    const { path, requestSerialize, responseDeserialize } = service.List
    const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, '500', metadata())
    const status = statusOf(call)
    const messages: string[] = await call.toArray()
    expect(messages).toHaveLength(500)
    expect(messages.at(-1)?.slice(1000)).toBe('499')
    expect((await status).code).toBe(grpc.status.OK)
  })

  test('many messages up', async () => {
    const { path, requestSerialize, responseDeserialize } = service.Import
    const size = await new Promise((resolve, reject) => {
      const call = client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, metadata(), (error, value) =>
        error ? reject(error) : resolve(value),
      )
      for (let i = 0; i < 300; i++) call.write('y'.repeat(1000))
      call.end()
    })
    expect(size).toBe('300000')
  })

  test('messages both ways, each before the next', async () => {
    const { path, requestSerialize, responseDeserialize } = service.Chat
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata())
    const status = statusOf(call)
    for (const word of ['one', 'two', 'three']) {
      call.write(word)
      expect(await new Promise((resolve) => call.once('data', resolve))).toBe(`you said ${word}`)
    }
    call.end()
    expect((await status).code).toBe(grpc.status.OK)
  })

  test('a status of the backend is its own, letter by letter', async () => {
    const { status } = await get('nobody')
    expect([status.code, status.details]).toEqual([grpc.status.NOT_FOUND, 'no “nobody” – 100 %'])
    expect(gate.admitted[0]?.outcomes).toMatchObject([{ kind: 'error', tag: 'NOT_FOUND', error: { code: 'NOT_FOUND' } }])
  })

  test('a backend that has heard enough ends the call', async () => {
    const { path, requestSerialize, responseDeserialize } = service.Import
    const call = client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, metadata(), () => undefined)
    call.write('stop')
    expect(await statusOf(call)).toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED, details: 'enough' })
  })
})

describe('with TLS on both legs', () => {
  const behind = async (port: number, ca: string): Promise<grpc.Client> => {
    const tls = await makeLocalTls()
    const hosts = [{ host: '127.0.0.1', port, tls: { serverName: 'localhost', ca, negotiation: 'postgres' as const } }]
    const secured = createServer((socket) => {
      const { caller } = serve({ port }, { hosts }, gate, tls)
      socket.pipe(caller).pipe(socket)
      socket.on('error', () => caller.destroy()).on('close', () => caller.destroy())
    })
    await new Promise<void>((resolve) => secured.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void secured.close())
    const own = { 'grpc.use_local_subchannel_pool': 1 }
    const credentials = grpc.credentials.createSsl(Buffer.from(tls.certificate))
    return new grpc.Client(`localhost:${(secured.address() as AddressInfo).port}`, credentials, own)
  }

  test('ALPN agrees on HTTP/2', async () => {
    const authority = await Authority.make()
    const { certificate, key } = await authority.sign('localhost', ['localhost'])
    const tlsBackend = new grpc.Server()
    tlsBackend.addService(
      { Get: service.Get },
      {
        Get: (call: grpc.ServerUnaryCall<string, string>, answer: grpc.sendUnaryData<string>) =>
          answer(null, `${call.request}, encrypted`),
      },
    )
    const pairs = [{ cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) }]
    const port = await bind(tlsBackend, grpc.ServerCredentials.createSsl(null, pairs))
    onTestFinished(() => tlsBackend.forceShutdown())
    client.close()
    client = await behind(port, authority.certificate)
    expect((await get('ada')).message).toBe('ada, encrypted')
  })

  test('a service without HTTP/2 is told so', async () => {
    const authority = await Authority.make()
    const { certificate, key } = await authority.sign('localhost', ['localhost'])
    const old = createTlsServer({ cert: certificate, key }, (socket) => socket.on('error', () => undefined))
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void old.close())
    client.close()
    client = await behind((old.address() as AddressInfo).port, authority.certificate)
    const { status } = await get('ada')
    expect([status.code, status.details]).toEqual([grpc.status.UNAVAILABLE, expect.stringContaining('does not offer HTTP/2')])
    expect(gate.admitted[0]?.outcomes).toMatchObject([{ kind: 'not-run' }])
  })
})

describe('calls that end early', () => {
  test('a deadline ends the call at the backend too', async () => {
    const { status } = await get('forever', { deadline: Date.now() + 200 })
    expect(status.code).toBe(grpc.status.DEADLINE_EXCEEDED)
    await expect.poll(() => seen[0]?.cancelled).toBe(true)
    await expect.poll(() => gate.admitted[0]?.outcomes.length).toBe(1)
  })

  test('a call that its caller cancels is cancelled there', async () => {
    const { path, requestSerialize, responseDeserialize } = service.Get
    const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, 'forever', metadata(), () => undefined)
    await expect.poll(() => seen.length).toBe(1)
    call.cancel()
    await expect.poll(() => seen[0]?.cancelled).toBe(true)
    await expect.poll(() => gate.admitted[0]?.outcomes).toMatchObject([{ kind: 'cancelled' }])
  })
})

describe('the gateway answers in the form of gRPC', () => {
  test('a no', async () => {
    gate.judge = () => 'refuse'
    const { status } = await get('ada')
    expect(status.code).toBe(grpc.status.PERMISSION_DENIED)
    expect(status.details).toBe(
      'not this It matched. Ask for something else. (Policy/not-this, operation op_1, session ses_test)',
    )
    expect(seen).toHaveLength(0)
  })

  test('a wrong password', async () => {
    const { status } = await get('ada', {}, metadata('wrong'))
    expect(status.code).toBe(grpc.status.UNAUTHENTICATED)
    expect(gate.admitted).toHaveLength(0)
  })

  test('masked fields, which nobody could find: nothing is asked of the backend', async () => {
    const root: FieldNode = { mask: null, member: () => null, element: () => null }
    gate.masks = { ...noMasks, empty: false, hasFields: true, fields: (name) => (name === 'shop.v1.Customers/Get' ? root : null) }
    const { status } = await get('ada')
    expect([status.code, status.details]).toEqual([grpc.status.PERMISSION_DENIED, expect.stringContaining('cannot be found')])
    expect(seen).toHaveLength(0)
    expect(gate.admitted[0]).toMatchObject({ consumed: false, outcomes: [{ kind: 'not-run' }] })
  })

  test('compressed messages', async () => {
    client.close()
    client = clientWith({ 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip })
    const { status } = await get('ada')
    expect(status.code).toBe(grpc.status.UNIMPLEMENTED)
    expect(gate.admitted).toHaveLength(0)
  })

  test('a session that ends', async () => {
    const { path, requestSerialize, responseDeserialize } = service.Chat
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata())
    call.on('error', () => undefined)
    const status = statusOf(call)
    call.write('one')
    await new Promise((resolve) => call.once('data', resolve))
    gate.session.abort(new Error('killed'))
    expect((await status).code).toBe(grpc.status.UNAVAILABLE)
    await expect.poll(() => gate.admitted[0]?.outcomes.length).toBe(1)
  })
})
