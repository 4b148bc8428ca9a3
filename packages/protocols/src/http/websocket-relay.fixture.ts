import { createServer, request } from 'node:http'
import { type Duplex, duplexPair } from 'node:stream'
import { type RawData, WebSocket, WebSocketServer } from 'ws'

/** Both legs behind their handshakes, as a gateway has them. */
export interface UpgradedLegs {
  readonly caller: Duplex
  readonly callerHead: Buffer
  readonly backend: Duplex
  readonly backendHead: Buffer
}

/** A `ws` client and a `ws` server, and a gateway between them in memory that `relay` takes over from after the handshakes. */
export async function webSocketsThrough<T>(
  relay: (legs: UpgradedLegs) => Promise<T>,
  subprotocol?: string,
): Promise<{ readonly client: WebSocket; readonly server: WebSocket; readonly relayed: Promise<T> }> {
  const [callerEnd, gatewayFront] = duplexPair()
  const [gatewayBack, backendEnd] = duplexPair()
  const sockets = new WebSocketServer({ noServer: true })
  const served = Promise.withResolvers<WebSocket>()
  const relayed = Promise.withResolvers<T>()
  const backend = createServer().on('upgrade', (asked, socket, head) => {
    sockets.handleUpgrade(asked, socket, head, (webSocket) => served.resolve(webSocket))
  })
  backend.emit('connection', backendEnd)
  const gateway = createServer().on('upgrade', (asked, caller, callerHead) => {
    const forwarded = request({ createConnection: () => gatewayBack, headers: asked.headers })
    forwarded.on('upgrade', ({ headers }, back, backendHead) => {
      const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      caller.write(`HTTP/1.1 101 Switching Protocols\r\n${head.join('')}\r\n`)
      relay({ caller, callerHead, backend: back, backendHead }).then(relayed.resolve, relayed.reject)
    })
    forwarded.end()
  })
  gateway.emit('connection', gatewayFront)
  const options = { createConnection: () => callerEnd as never, perMessageDeflate: false }
  const client = new WebSocket('ws://backend/', subprotocol === undefined ? [] : [subprotocol], options)
  await new Promise((resolve, reject) => client.once('open', resolve).once('error', reject))
  return { client, server: await served.promise, relayed: relayed.promise }
}

export interface Received {
  readonly messages: { readonly text: string; readonly binary: boolean }[]
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

/** What a WebSocket receives. */
export function received(socket: WebSocket): Received {
  const messages: { text: string; binary: boolean }[] = []
  socket.on('message', (data: RawData, binary: boolean) => messages.push({ text: data.toString(), binary }))
  socket.on('error', () => undefined)
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  return { messages, closed }
}
