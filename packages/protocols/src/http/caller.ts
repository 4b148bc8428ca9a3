import { type IncomingMessage, ServerResponse } from 'node:http'
import { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { HttpAnswer } from './dialect.ts'
import { joined } from './headers.ts'

/** Milliseconds for which more of a request is read, and dropped, behind the answer to it: a reset would take that answer away. */
const lingering = 2_000

export type CallerRequest = IncomingMessage | Http2ServerRequest
export type CallerResponse = ServerResponse | Http2ServerResponse

/** Node's two kinds of responses differ in how they may be called. */
export function writeHead(response: CallerResponse, status: number, headers: Record<string, string>): void {
  if (response instanceof ServerResponse) response.writeHead(status, headers)
  else response.writeHead(status, headers)
}
export function writeBody(response: CallerResponse, bytes: Buffer): boolean {
  return response instanceof ServerResponse ? response.write(bytes) : response.write(bytes)
}

/** Whether nobody is there to be answered. */
export function isGone(response: CallerResponse): boolean {
  return response instanceof ServerResponse ? response.destroyed : response.stream.destroyed
}

/** There is room again, or nobody to write to. */
export function whenWritable(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done)
      resolve()
    }
    stream.on('drain', done).on('close', done)
  })
}

/** A whole answer; a request whose body was not read to its end takes the connection with it. */
export function send(request: CallerRequest, response: CallerResponse, { status, headers, body }: HttpAnswer): void {
  // Clients of gRPC look for a status in the last headers only.
  if (body === '' && response instanceof Http2ServerResponse) {
    response.stream.respond({ ':status': status, ...joined(headers) }, { endStream: true })
    return void request.resume()
  }
  const bytes = Buffer.from(body)
  const close = !(request instanceof Http2ServerRequest) && !request.complete
  writeHead(
    response,
    status,
    joined([
      ['content-length', String(bytes.length)],
      ['cache-control', 'no-store'],
      ...headers,
      ...(close ? [['connection', 'close'] as const] : []),
    ]),
  )
  if (request.method !== 'HEAD') writeBody(response, bytes)
  response.end()
  if (!close) return
  request.resume()
  const { socket } = request
  const timer = setTimeout(() => socket.destroy(), lingering)
  socket.once('close', () => clearTimeout(timer))
}
