/**
 * What the tunnel costs against a bare relay of the same shape, in one run:  node test/bench/tunnel.ts [rounds]
 *
 *   load → TCP → near (own process) → one WebSocket → far (own process) → TCP → echo or source, in the load's process
 *
 * The bare relay sends each read as one WebSocket message behind the number of its stream: no header, credit, fairness or limits, but
 * the back-pressure of its sockets in bulk. Processor time is that of near and far together.
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type Duplex, pipeline } from 'node:stream'
import { acceptTunnel, connectTunnel, tunnelServerOptions } from '@hoop/tunnel'
import { WebSocket, WebSocketServer } from 'ws'

const kinds = ['bare', 'tunnel'] as const
type Kind = (typeof kinds)[number]

const requestBytes = 64
const bulkBytes = 512 * 1024 * 1024
const bulkChunk = Buffer.alloc(64 * 1024)
const seconds = 3

// One end of the relay: a process of its own, which tells its port and, when asked, its processor time.

async function runEnd(end: string, kind: Kind, target: number): Promise<void> {
  const port = end === 'far' ? await runFar(kind, target) : await runNear(kind, target)
  process.on('message', () => process.send?.(process.cpuUsage()))
  process.on('disconnect', () => process.exit())
  process.send?.(port)
}

async function runFar(kind: Kind, target: number): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...tunnelServerOptions })
  await once(server, 'listening')
  server.on('connection', (webSocket) => {
    if (kind === 'tunnel') {
      acceptTunnel(webSocket, {
        onStream: (_, stream) => join(connect({ port: target, noDelay: true, allowHalfOpen: true }), stream),
      })
      return
    }
    bareRelay(webSocket, () => connect({ port: target, noDelay: true, allowHalfOpen: true }))
  })
  return (server.address() as AddressInfo).port
}

async function runNear(kind: Kind, target: number): Promise<number> {
  const url = `ws://127.0.0.1:${target}`
  const server = createServer({ noDelay: true, allowHalfOpen: true })
  if (kind === 'tunnel') {
    const tunnel = await connectTunnel({ url, token: 'bench' })
    server.on('connection', (socket) => join(socket, tunnel.openStream({ session: 'bench' })))
  } else {
    const webSocket = new WebSocket(url, 'hoop.tunnel.v1', { perMessageDeflate: false })
    await once(webSocket, 'open')
    const add = bareRelay(webSocket, null)
    let streams = 0
    server.on('connection', (socket) => add(++streams, socket))
  }
  return listen(server)
}

function join(socket: Socket, stream: Duplex): void {
  pipeline(socket, stream, () => {})
  pipeline(stream, socket, () => {})
}

function bareRelay(webSocket: WebSocket, dial: (() => Socket) | null): (id: number, socket: Socket) => void {
  const sockets = new Map<number, Socket>()
  const add = (id: number, socket: Socket) => {
    sockets.set(id, socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(id))
    socket.on('data', (bytes) => {
      const message = Buffer.allocUnsafe(4 + bytes.length)
      message.writeUInt32BE(id)
      bytes.copy(message, 4)
      if (webSocket.bufferedAmount < 256 * 1024) {
        webSocket.send(message)
        return
      }
      socket.pause()
      webSocket.send(message, () => socket.resume())
    })
    socket.on('end', () => webSocket.send(bare(id)))
  }
  webSocket.on('message', (message: Buffer) => {
    const id = message.readUInt32BE(0)
    let socket = sockets.get(id)
    if (socket === undefined && dial !== null) {
      socket = dial()
      add(id, socket)
    }
    if (message.length === 4) socket?.end()
    else if (socket?.write(message.subarray(4)) === false) {
      webSocket.pause()
      socket.once('drain', () => webSocket.resume())
    }
  })
  return add
}

function bare(id: number): Buffer {
  const message = Buffer.allocUnsafe(4)
  message.writeUInt32BE(id)
  return message
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

// The load.

async function startEnd(end: 'near' | 'far', kind: Kind, target: number) {
  const child = fork(import.meta.filename, [end, kind, String(target)])
  const [port] = await once(child, 'message')
  return {
    port: Number(port),
    async processorTime(): Promise<number> {
      child.send('processor time')
      const [usage] = await once(child, 'message')
      return usage.user + usage.system
    },
    stop: () => child.kill(),
  }
}

async function roundTrips(port: number, clients: number): Promise<number> {
  const until = performance.now() + seconds * 1000
  const request = Buffer.alloc(requestBytes)
  const counts = Array.from({ length: clients }, async () => {
    const socket = connect({ port, noDelay: true })
    let trips = 0
    let missing = requestBytes
    socket.on('data', (bytes) => {
      missing -= bytes.length
      if (missing > 0) return
      trips++
      missing = requestBytes
      if (performance.now() < until) socket.write(request)
      else socket.end()
    })
    socket.write(request)
    await once(socket, 'close')
    return trips
  })
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}

async function download(port: number): Promise<number> {
  const start = performance.now()
  const socket = connect({ port, noDelay: true })
  socket.write('b')
  let length = 0
  for await (const bytes of socket) length += bytes.length
  if (length !== bulkBytes) throw new Error(`${length} bytes came of ${bulkBytes}`)
  return bulkBytes / 1e6 / ((performance.now() - start) / 1000)
}

/** A request is echoed; one that begins with `b` is answered with the bulk. */
function serve(socket: Socket): void {
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    if (bytes[0] !== 0x62) socket.write(bytes)
    else sendBulk(socket, bulkBytes)
  })
}

function sendBulk(socket: Socket, left: number): void {
  let rest = left
  while (rest > 0) {
    rest -= bulkChunk.length
    if (!socket.write(bulkChunk)) {
      socket.once('drain', () => sendBulk(socket, rest))
      return
    }
  }
  socket.end()
}

interface Row {
  kind: Kind
  measure: string
  rate: number
  /** µs a round trip, or a MB. */
  processor: number
}

async function measure(rounds: number): Promise<Row[]> {
  const backend = createServer({ noDelay: true }, serve)
  const target = await listen(backend)
  const rows: Row[] = []
  const ends = await Promise.all(
    kinds.map(async (kind) => {
      const far = await startEnd('far', kind, target)
      return { kind, far, near: await startEnd('near', kind, far.port) }
    }),
  )
  for (let round = 0; round < rounds; round++) {
    for (const { kind, near, far } of ends) {
      const processor = async () => (await near.processorTime()) + (await far.processorTime())
      for (const clients of [1, 8]) {
        const before = await processor()
        const trips = await roundTrips(near.port, clients)
        rows.push({
          kind,
          measure: `round trips/s, ${clients} client(s)`,
          rate: trips / seconds,
          processor: ((await processor()) - before) / trips,
        })
      }
      const before = await processor()
      const rate = await download(near.port)
      rows.push({ kind, measure: 'MB/s', rate, processor: ((await processor()) - before) / (bulkBytes / 1e6) })
    }
  }
  for (const { near, far } of ends) {
    near.stop()
    far.stop()
  }
  backend.close()
  return rows
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

const [end, kind, target] = process.argv.slice(2)
if (end === 'near' || end === 'far') await runEnd(end, kind as Kind, Number(target))
else {
  const rows = await measure(Number(end ?? 3))
  const table: Record<string, Record<string, string>> = {}
  for (const name of new Set(rows.map((row) => row.measure))) {
    const of = (kind: Kind, field: 'rate' | 'processor') =>
      median(rows.filter((row) => row.measure === name && row.kind === kind).map((row) => row[field]))
    table[name] = {
      bare: of('bare', 'rate').toFixed(0),
      tunnel: of('tunnel', 'rate').toFixed(0),
      'tunnel/bare': (of('tunnel', 'rate') / of('bare', 'rate')).toFixed(2),
      'bare µs': of('bare', 'processor').toFixed(1),
      'tunnel µs': of('tunnel', 'processor').toFixed(1),
    }
  }
  console.table(table)
}
