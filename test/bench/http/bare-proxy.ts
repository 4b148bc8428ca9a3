/**
 * As a program:  node bare-proxy.ts PORT
 */

import { once } from 'node:events'
import { Agent, createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream'

/** A reverse proxy as one writes it with Node alone: connections to the service are kept, and bodies piped; it looks at nothing. */
export function bareProxy(target: number): Server {
  const agent = new Agent({ keepAlive: true })
  return createServer((request, response) => {
    const { method, url, headers } = request
    const sent = httpRequest({ agent, method, path: url, headers, host: '127.0.0.1', port: target })
    sent.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      pipeline(answer, response, () => {})
    })
    sent.on('error', () => response.destroy())
    request.pipe(sent)
  })
}

if (import.meta.main) {
  const server = bareProxy(Number(process.argv[2]))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.on('disconnect', () => process.exit())
  process.send?.((server.address() as AddressInfo).port)
}
