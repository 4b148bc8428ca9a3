import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { Stoppable } from './keep.ts'

/** A request as the service got it. */
export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export interface HttpService extends Stoppable {
  readonly port: number
  readonly seen: SeenRequest[]
}

export type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void

/** A service of one machine: answers by path, and echoes what comes over a WebSocket. */
export async function startHttpService(answers: Readonly<Record<string, Answer>>): Promise<HttpService> {
  const seen: SeenRequest[] = []
  const server = createServer((request, response) => {
    const { method = '', url = '', rawHeaders } = request
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const body = Buffer.concat(pieces)
      seen.push({ method, url, rawHeaders, body: body.length > 100_000 ? `${body.length} bytes` : body.toString() })
      const answer = answers[url.split('?')[0] ?? '']
      if (answer === undefined) response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"nothing here"}')
      else answer(request, response, body)
    })
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (ws) => ws.on('message', (data, binary) => ws.send(data, { binary })))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    async stop() {
      for (const ws of sockets.clients) ws.terminate()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
