import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Stoppable } from './keep.ts'

/** A company's HTTP proxy: CONNECT with basic authentication, and nothing else. */
export interface CompanyProxy extends Stoppable {
  readonly port: number
  /** The authorities that it was asked for, whether or not it let them through. */
  readonly asked: readonly string[]
}

/** Knows one name and password, and where each host really is. */
export async function startProxy(options: {
  readonly name: string
  readonly password: string
  readonly hosts: Readonly<Record<string, string>>
}): Promise<CompanyProxy> {
  const expected = `Basic ${Buffer.from(`${options.name}:${options.password}`).toString('base64')}`
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((_, response) => response.writeHead(405).end())
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.on('connect', (request, near: Socket, head: Buffer) => {
    near.on('error', () => {})
    asked.push(request.url ?? '')
    const answer = (status: string) =>
      near.end(`HTTP/1.1 ${status}\r\nproxy-authenticate: Basic realm="proxy"\r\ncontent-length: 0\r\n\r\n`)
    if (request.headers['proxy-authorization'] !== expected) return void answer('407 Proxy Authentication Required')
    const { hostname, port } = new URL(`http://${request.url}`)
    const host = options.hosts[hostname]
    if (host === undefined) return void answer('403 Forbidden')
    const far = connect({ host, port: Number(port), noDelay: true })
    sockets.add(far)
    far.on('error', () => near.destroy())
    far.on('close', () => near.destroy())
    near.on('close', () => far.destroy())
    far.once('connect', () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n')
      if (head.length > 0) far.write(head)
      near.pipe(far)
      far.pipe(near)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
