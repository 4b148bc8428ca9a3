import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { HoopError, tunnelPatienceHeader, tunnelSubprotocol } from '@hoop/contracts'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { acceptTunnel, connectTunnel, type ResumableTunnel, type Tunnel, tunnelServerOptions } from './index.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const header = { session: 'ses_1' }

/** A gateway of one tunnel, whose sockets can be taken away. */
async function gateway(options: { patience: number; keepAlive?: number }) {
  const webSockets = new WebSocketServer({ noServer: true, ...tunnelServerOptions })
  webSockets.on('headers', (headers) => headers.push(`${tunnelPatienceHeader}: ${options.patience / 1000}`))
  const sockets: Duplex[] = []
  const asked: string[] = []
  const tunnels: ResumableTunnel[] = []
  let refusal: number | null = null
  const server = createServer()
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    sockets.push(socket)
    asked.push(`${request.headers.authorization} ${request.url}`)
    if (refusal !== null) return void socket.end(`HTTP/1.1 ${refusal} Refused\r\ncontent-length: 0\r\n\r\n`)
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const [tunnel] = tunnels
      if (request.url?.includes('resume=1')) return tunnel?.resume(webSocket)
      tunnels.push(acceptTunnel(webSocket, { ...options, onStream: (_, stream) => stream.pipe(stream) }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/tunnel?id=1`
  return {
    url,
    sockets,
    asked,
    tunnels,
    refuse(status: number) {
      refusal = status
    },
  }
}

async function connect(url: string, more: { keepAlive?: number } = {}): Promise<{ tunnel: Tunnel; told: string[] }> {
  const told: string[] = []
  let dials = 0
  const tunnel = await connectTunnel({
    url,
    authorize: async () => ({ authorization: `Bearer ${++dials}` }),
    onLost: () => told.push('lost'),
    onResumed: () => told.push('resumed'),
    ...more,
  })
  cleanups.push(() => tunnel.close('The test is over.'))
  return { tunnel, told }
}

async function echoed(stream: Duplex, text: string): Promise<void> {
  stream.write(text)
  expect((await once(stream, 'data'))[0].toString()).toBe(text)
}

test('a lost WebSocket is replaced, with a new proof, as long as the gateway says', async () => {
  const { url, sockets, asked } = await gateway({ patience: 5000 })
  const { tunnel, told } = await connect(url)
  const stream = tunnel.openStream(header)
  await echoed(stream, 'before')
  for (let round = 0; round < 3; round++) {
    sockets.at(-1)?.destroy()
    await echoed(stream, `round ${round}`)
  }
  expect(told).toEqual(Array(3).fill(['lost', 'resumed']).flat())
  expect(asked.slice(0, 2)).toEqual(['Bearer 1 /v1/tunnel?id=1', 'Bearer 2 /v1/tunnel?id=1&resume=1'])
})

test('a gateway that says nothing of patience has none', async () => {
  const { url, sockets } = await gateway({ patience: 0 })
  const { tunnel } = await connect(url)
  sockets[0]?.destroy()
  expect(await tunnel.closed).toEqual({ words: 'The connection of the tunnel was lost.' })
})

test('a silent WebSocket is given up by either side, and replaced', async () => {
  const { url, sockets } = await gateway({ patience: 5000, keepAlive: 300 })
  const { tunnel, told } = await connect(url, { keepAlive: 300 })
  const stream = tunnel.openStream(header)
  await echoed(stream, 'before')
  // Nothing that the caller sends is read any more: nothing tells it so.
  sockets[0]?.pause()
  await echoed(stream, 'after')
  expect(told).toContain('resumed')
})

test('of two WebSockets the newer wins, and the older is closed', async () => {
  const { url, tunnels } = await gateway({ patience: 5000 })
  const { tunnel, told } = await connect(url)
  const stream = tunnel.openStream(header)
  await echoed(stream, 'before')
  const other = new WebSocket(`${url}&resume=1`, tunnelSubprotocol)
  cleanups.push(() => other.terminate())
  const closed = once(other, 'close')
  const [first] = await once(other, 'message')
  expect(first.readUInt8(0)).toBe(9)
  // The caller, whose own is closed, dials again, and takes the tunnel back.
  await echoed(stream, 'after')
  expect(told).toEqual(['lost', 'resumed'])
  await closed
  expect(tunnels.length).toBe(1)
})

test('it ends with the gateway’s words where that will not have it back, and by itself where nobody answers', async () => {
  const gone = await gateway({ patience: 60_000 })
  const { tunnel } = await connect(gone.url)
  const stream = tunnel.openStream(header)
  gone.refuse(404)
  gone.sockets[0]?.destroy()
  const ended = tunnel.closed
  // What is no answer of a gateway may be one of a proxy, and is asked again until the time is over.
  await expect.poll(() => gone.asked.length, { timeout: 20_000 }).toBeGreaterThan(3)
  tunnel.close('Enough.')
  expect(await ended).toEqual({ words: 'Enough.' })
  expect(stream.destroyed).toBe(true)

  const away = await gateway({ patience: 1000 })
  const lost = await connect(away.url)
  const waiting = once(lost.tunnel.openStream(header), 'error')
  away.refuse(503)
  away.sockets[0]?.destroy()
  const words = 'The connection of the tunnel was lost. It was away for more than 1 s.'
  expect(await lost.tunnel.closed).toEqual({ words })
  expect((await waiting)[0]).toMatchObject({ words })
  expect(await away.tunnels[0]?.closed).toEqual({ words })
})

test('the longest pauses are short enough to try often while the streams still stand', async () => {
  const longest = vi.spyOn(Math, 'random').mockReturnValue(1)
  cleanups.push(() => longest.mockRestore())
  const { url, sockets, asked, refuse } = await gateway({ patience: 2000 })
  const { tunnel } = await connect(url)
  refuse(503)
  sockets[0]?.destroy()
  await tunnel.closed
  expect(asked.length).toBeGreaterThan(6)
})

test('an authorization that cannot be had ends it', async () => {
  const { url, sockets } = await gateway({ patience: 60_000 })
  let first = true
  const tunnel = await connectTunnel({
    url,
    async authorize() {
      if (!first) throw new HoopError('invalid_token', 'The login has ended.')
      first = false
      return {}
    },
  })
  sockets[0]?.destroy()
  expect(await tunnel.closed).toEqual({ words: 'The login has ended.' })
})
