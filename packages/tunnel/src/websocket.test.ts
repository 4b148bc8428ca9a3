import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { HoopError, tunnelSubprotocol } from '@hoop/contracts'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type AcceptTunnelOptions, acceptTunnel, connectTunnel, type Tunnel, tunnelServerOptions } from './index.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const header = { session: 'ses_1' }
const echo: AcceptTunnelOptions = { onStream: (_, stream) => stream.pipe(stream) }

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as AddressInfo).port
}

/** A gateway that accepts every WebSocket, unless `answer` answers it. */
async function gateway(options: AcceptTunnelOptions, answer?: (request: IncomingMessage, response: ServerResponse) => void) {
  const tunnels: Tunnel[] = []
  const requests: IncomingMessage[] = []
  let heard = 0
  const webSockets = new WebSocketServer({ noServer: true, ...tunnelServerOptions })
  const server = createServer()
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    requests.push(request)
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      tunnels.push(acceptTunnel(webSocket, options))
      webSocket.on('message', () => heard++)
    })
  })
  if (answer !== undefined) {
    server.removeAllListeners('upgrade')
    server.on('request', answer)
  }
  const port = await listen(server)
  cleanups.push(() => {
    for (const webSocket of webSockets.clients) webSocket.terminate()
    server.closeAllConnections()
  })
  return { url: `ws://127.0.0.1:${port}/v1/tunnel`, port, tunnels, requests, heard: () => heard }
}

async function connect(url: string, more: { keepAlive?: number; patience?: number } = {}): Promise<Tunnel> {
  const tunnel = await connectTunnel({ url, token: 'secret', ...more })
  cleanups.push(() => tunnel.close('The test is over.'))
  return tunnel
}

describe('a tunnel', () => {
  test('carries streams both ways, under the token, without compression', async () => {
    const { url, requests } = await gateway(echo)
    const tunnel = await connect(url)
    const streams = Array.from({ length: 50 }, (_, index) => tunnel.openStream(header, Buffer.from(`${index}:`)))
    for (const stream of streams) stream.end(Buffer.alloc(100_000, 'x'))
    for (const [index, stream] of streams.entries()) {
      const got = (await buffer(stream)).toString()
      expect(got.startsWith(`${index}:x`)).toBe(true)
      expect(got.length).toBe(100_000 + `${index}:`.length)
    }
    expect(requests[0]!.headers.authorization).toBe('Bearer secret')
    expect(requests[0]!.headers['sec-websocket-protocol']).toBe(tunnelSubprotocol)
    expect(requests[0]!.headers['sec-websocket-extensions']).toBeUndefined()
  })

  test('closed by the gateway: its words reach streams and owner, after what was written before', async () => {
    const { url, tunnels } = await gateway({ onStream: (_, stream) => stream.write('last words') })
    const tunnel = await connect(url)
    const stream = tunnel.openStream(header)
    expect((await once(stream, 'data'))[0].toString()).toBe('last words')
    const failed = once(stream, 'error')
    const words = `The gateway restarts. ${'é'.repeat(100)}`
    tunnels[0]!.close(words)
    expect((await failed)[0]).toMatchObject({ words })
    expect(await tunnel.closed).toEqual({ words })
    expect(await tunnels[0]!.closed).toEqual({ words })
  })

  test('closed by the caller', async () => {
    const served: Duplex[] = []
    const { url, tunnels } = await gateway({ onStream: (_, stream) => served.push(stream) })
    const tunnel = await connect(url)
    tunnel.openStream(header)
    const stream = tunnel.openStream(header, Buffer.from('x'))
    tunnel.close('Enough.')
    expect(stream.destroyed).toBe(true)
    expect(await tunnels[0]!.closed).toEqual({ words: 'Enough.' })
    expect(served.map((stream) => stream.errored)).toMatchObject([{ words: 'Enough.' }, { words: 'Enough.' }])
  })

  test('whose connection is cut says so', async () => {
    const { url, tunnels } = await gateway(echo)
    const path = createTcpServer((caller) => {
      const onward = connectTcp(Number(new URL(url).port), '127.0.0.1')
      caller.pipe(onward).pipe(caller)
      caller.on('error', () => {})
      onward.on('error', () => {})
      cut = () => onward.destroy() && caller.destroy()
    })
    let cut: () => void = () => {}
    const tunnel = await connect(`ws://127.0.0.1:${await listen(path)}`)
    const stream = tunnel.openStream(header, Buffer.from('x'))
    await once(stream, 'data')
    cut()
    expect(await tunnel.closed).toEqual({ words: 'The connection of the tunnel was lost.' })
    expect(await tunnels[0]!.closed).toEqual({ words: 'The connection of the tunnel was lost.' })
    expect(stream.errored).toMatchObject({ words: 'The connection of the tunnel was lost.' })
  })

  test('is kept alive while it is idle, and dies when the other side is silent', async () => {
    const { url, heard } = await gateway({ ...echo, keepAlive: 60 })
    const tunnel = await connect(url, { keepAlive: 60 })
    await expect.poll(heard, { timeout: 20_000 }).toBeGreaterThan(4)
    const stillOpen = tunnel.openStream(header, Buffer.from('x'))
    expect((await once(stillOpen, 'data'))[0].toString()).toBe('x')

    const silent = new WebSocketServer({ port: 0, ...tunnelServerOptions })
    cleanups.push(() => silent.close())
    await once(silent, 'listening')
    const doomed = await connect(`ws://127.0.0.1:${(silent.address() as AddressInfo).port}`, { keepAlive: 10 })
    const stream = doomed.openStream(header)
    expect(await doomed.closed).toEqual({ words: 'The other side of the tunnel does not answer any more.' })
    expect(stream.destroyed).toBe(true)
  })

  test('a stream that cannot be served fails alone, and what failed is not told', async () => {
    const warnings: unknown[] = []
    const { url } = await gateway({
      onStream(_, stream) {
        if (warnings.length > 0) stream.pipe(stream)
        else throw new Error('secret')
      },
      log: { warn: (fields) => warnings.push(fields) },
    })
    const tunnel = await connect(url)
    const failed = tunnel.openStream(header)
    expect((await once(failed, 'error'))[0]).toMatchObject({ words: 'The stream failed.' })
    expect(warnings).toMatchObject([{ err: new Error('secret') }])
    const served = tunnel.openStream(header, Buffer.from('x'))
    expect((await once(served, 'data'))[0].toString()).toBe('x')
  })

  test('a slow network holds its writers, not memory', async () => {
    const served: Duplex[] = []
    const { url } = await gateway({ onStream: (_, stream) => served.push(stream) })
    // A path that passes nothing on after the handshake until it is opened.
    let open: () => void = () => {}
    const path = createTcpServer((caller) => {
      const onward = connectTcp(Number(new URL(url).port), '127.0.0.1')
      onward.pipe(caller)
      caller.once('data', (handshake) => {
        onward.write(handshake)
        caller.pause()
        open = () => caller.pipe(onward)
      })
      for (const socket of [caller, onward]) socket.on('error', () => {})
    })
    const tunnel = await connect(`ws://127.0.0.1:${await listen(path)}`)
    // 128 windows: far more than any socket's buffer.
    const streams = Array.from({ length: 128 }, () => tunnel.openStream(header))
    let written = 0
    const chunk = Buffer.alloc(64 * 1024)
    for (const stream of streams) for (let part = 0; part < 4; part++) stream.write(chunk, () => written++)
    let before = -1
    while (before !== written) {
      before = written
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(written).toBeLessThan(400)
    open()
    let length = 0
    while (served.length < streams.length) await new Promise(setImmediate)
    for (const stream of served) stream.on('data', (bytes: Buffer) => (length += bytes.length))
    while (length < 128 * 256 * 1024) await new Promise(setImmediate)
    expect(written).toBe(512)
  })
})

describe('what is not a tunnel ends it with words', () => {
  async function raw(url: string): Promise<WebSocket> {
    const webSocket = new WebSocket(url, tunnelSubprotocol)
    cleanups.push(() => webSocket.terminate())
    await once(webSocket, 'open')
    return webSocket
  }

  test.each([
    ['garbage', Buffer.from('garbage that is long enough')],
    ['text', 'hello'],
  ])('%s', async (_, message) => {
    const warnings: unknown[] = []
    const { url, tunnels } = await gateway({ ...echo, log: { warn: (fields) => warnings.push(fields) } })
    const webSocket = await raw(url)
    webSocket.send(message)
    const [code] = await once(webSocket, 'close')
    expect(code).toBe(1002)
    expect((await tunnels[0]!.closed).words).toContain("broke the tunnel's protocol")
    expect(warnings.length).toBe(1)
  })

  test('a message beyond the limit', async () => {
    const { url, tunnels } = await gateway(echo)
    const webSocket = await raw(url)
    webSocket.send(Buffer.alloc(4 * 1024 * 1024 + 1))
    expect((await once(webSocket, 'close'))[0]).toBe(1009)
    expect((await tunnels[0]!.closed).words).toContain('Max payload size exceeded')
  })

  test('another subprotocol', async () => {
    const { url, tunnels } = await gateway(echo)
    const webSocket = new WebSocket(url)
    webSocket.on('error', () => {})
    await once(webSocket, 'close')
    expect((await tunnels[0]!.closed).words).toBe('This side speaks hoop.tunnel.v1 only.')
  })
})

describe('a tunnel that cannot be had', () => {
  async function refusal(url: string): Promise<HoopError> {
    const error = await connectTunnel({ url, token: 'secret' }).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(HoopError)
    return error as HoopError
  }
  function answers(status: number, body: string) {
    return gateway(echo, (_, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(body))
  }

  test('the gateway’s own error comes through', async () => {
    const body = { code: 'invalid_token', message: 'The login has ended.', hint: 'hoop login', id: null }
    const { url } = await answers(401, JSON.stringify(body))
    expect(await refusal(url)).toMatchObject({ code: 'invalid_token', message: 'The login has ended.', hint: 'hoop login' })
  })

  test('a code of a later gateway is still an error of it, with the id of its log', async () => {
    const { url } = await answers(500, JSON.stringify({ code: 'later', message: 'Something new.', hint: null, id: 'err_1' }))
    expect(await refusal(url)).toMatchObject({ code: 'unavailable', message: 'Something new. (err_1)', hint: null })
  })

  test.each([
    ['what is no gateway', 502, '<html>Bad gateway</html>'],
    ['an answer without end', 403, 'x'.repeat(1_000_000)],
    ['a page where a tunnel should be', 200, '{}'],
  ])('%s', async (_, status, body) => {
    const { url } = await answers(status, body)
    expect(await refusal(url)).toMatchObject({
      code: 'unavailable',
      message: `The gateway refused the tunnel with HTTP status ${status}.`,
    })
  })

  test('nothing listens there', async () => {
    const server = createTcpServer()
    const port = await listen(server)
    await cleanups.pop()?.()
    expect(await refusal(`ws://127.0.0.1:${port}`)).toMatchObject({ code: 'unavailable' })
  })

  test('an address that is none', async () => {
    expect(await refusal('ftp://example')).toMatchObject({ code: 'unavailable' })
  })

  test('the caller gives up', async () => {
    const silent = createTcpServer((socket) => {
      socket.on('error', () => {})
      cleanups.push(() => socket.destroy())
    })
    const url = `ws://127.0.0.1:${await listen(silent)}`
    const controller = new AbortController()
    const attempt = connectTunnel({ url, token: 'secret', signal: controller.signal })
    const reason = new Error('changed my mind')
    await once(silent, 'connection')
    controller.abort(reason)
    await expect(attempt).rejects.toBe(reason)
    await expect(connectTunnel({ url, token: 'secret', signal: controller.signal })).rejects.toBe(reason)
  })
})
