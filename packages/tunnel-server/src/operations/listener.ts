import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { HoopError } from '@hoop/contracts'
import type { Logger } from 'pino'
import { Strangers } from '../api/strangers.ts'
import { isLoopbackHost } from '../connections/address.ts'
import type { Health } from './health.ts'
import type { Metrics } from './metrics.ts'
import type { TlsFiles } from './tls-files.ts'

/** Prometheus asks every few seconds, over a connection or two. */
const limits = {
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16 * 1024,
  keepAliveTimeout: 72_000,
}
const connections = 64
const perAddress = 16

export interface OperationsListenerParts {
  readonly listen: { readonly host: string; readonly port: number; readonly token: string | null }
  /** Used where it is not on loopback. */
  readonly tls: TlsFiles | null
  readonly metrics: Metrics
  readonly health: Health
  readonly log: Logger
}

/** For those who run the gateway: `GET /metrics`, `/healthz`, and `/readyz` with what does not hold. */
export async function listenForOperators(parts: OperationsListenerParts): Promise<{ url: string; close(): Promise<void> }> {
  const { listen, tls, log } = parts
  const encrypted = tls !== null && !isLoopbackHost(listen.host)
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    answer(parts, request, response).catch((error: unknown) => {
      log.error({ err: error }, 'the metrics could not be told')
      response.destroy()
    })
  }
  const server: Server = encrypted
    ? createTlsServer({ ...limits, ...tls.pair, minVersion: 'TLSv1.2', handshakeTimeout: limits.headersTimeout }, handler)
    : createServer(limits, handler)
  server.maxConnections = connections
  new Strangers({ most: perAddress }).watch(server)
  if (encrypted && 'setSecureContext' in server) tls.serve(server as ReturnType<typeof createTlsServer>)
  server.listen(listen.port, listen.host)
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    const hint = 'Stop what has this port, or name another one in HOOP_METRICS_LISTEN.'
    throw new HoopError('unavailable', `The gateway cannot listen on ${listen.host}:${listen.port} (${cause.code}).`, {
      hint,
      cause,
    })
  })
  const { address, family, port } = server.address() as AddressInfo
  return {
    url: `${encrypted ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function answer(parts: OperationsListenerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { metrics, health, listen } = parts
  // Nothing here has a body: a connection that carries one is not used again.
  if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined) {
    response.shouldKeepAlive = false
  }
  response.setHeader('cache-control', 'no-store')
  if (request.method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end()
  const path = request.url?.split('?')[0]
  if (path === '/healthz') return void response.end('ok\n')
  if (listen.token !== null && !presents(request, listen.token)) {
    return void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end('HOOP_METRICS_TOKEN is asked for here.\n')
  }
  if (path === '/metrics') {
    const text = await metrics.registry.metrics()
    return void response.setHeader('content-type', metrics.registry.contentType).end(text)
  }
  if (path !== '/readyz') return void response.writeHead(404).end('There are /metrics, /healthz and /readyz here.\n')
  const ready = await health.ready()
  const lines = [...health.details].map(([name, why]) => `${name}: ${why ?? 'ok'}\n`)
  response.writeHead(ready ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' }).end(lines.join(''))
}

function presents(request: IncomingMessage, token: string): boolean {
  const [, given] = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '') ?? []
  return given !== undefined && timingSafeEqual(digest(given), digest(token))
}

/** Of one length, so that they can be compared in constant time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
