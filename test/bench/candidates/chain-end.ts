/**
 * One end of a chain, a process of its own:  node chain-end.ts near|far bare|tunnel|proxy PORT
 *
 * `near` accepts on a port of its own and carries what comes to the WebSocket at PORT; `far` accepts that WebSocket and dials PORT for each
 * stream, or serves it as the HTTP proxy of PORT. It tells its parent the port that it listens on, and ends with it.
 */

import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Duplex, duplexPair, pipeline } from 'node:stream'
import { acceptTunnel, connectTunnel, tunnelServerOptions } from '@hoop/tunnel'
import { WebSocket, WebSocketServer } from 'ws'
import { bareProxy } from '../http/bare-proxy.ts'
import { BareRelay } from './bare-relay.ts'

const [end, kind, argument] = process.argv.slice(2)
const target = Number(argument)
const tunnelled = kind === 'tunnel'

async function far(): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...tunnelServerOptions })
  const dial = () => connect({ host: '127.0.0.1', port: target, noDelay: true, allowHalfOpen: true })
  server.on('connection', (webSocket) => {
    if (tunnelled) acceptTunnel(webSocket, { onStream: (_, stream) => join(dial(), stream) })
    else new BareRelay(webSocket, kind === 'proxy' ? served(bareProxy(target)) : dial)
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function near(): Promise<number> {
  const url = `ws://127.0.0.1:${target}`
  const server = createServer({ noDelay: true, allowHalfOpen: true })
  if (tunnelled) {
    const tunnel = await connectTunnel({ url, token: 'bench' })
    server.on('connection', (socket) => join(socket, tunnel.openStream({ session: 'bench' })))
  } else {
    const webSocket = new WebSocket(url, 'hoop.tunnel.v1', { perMessageDeflate: false })
    await once(webSocket, 'open')
    const relay = new BareRelay(webSocket, null)
    let streams = 0
    server.on('connection', (socket) => relay.add(++streams, socket))
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Dials a server of this process, with no socket between. */
function served(proxy: Server): () => Duplex {
  return () => {
    const [near, far] = duplexPair()
    proxy.emit('connection', far)
    return near
  }
}

function join(socket: Socket, stream: Duplex): void {
  pipeline(socket, stream, () => {})
  pipeline(stream, socket, () => {})
}

process.on('disconnect', () => process.exit())
process.send?.(end === 'far' ? await far() : await near())
