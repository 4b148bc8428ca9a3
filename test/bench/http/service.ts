/**
 * The service behind all candidates, a process of its own. It tells its parent the port that it listens on, and ends with it.
 */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { arrayMegabytes, bodyMegabytes, customer, now, order, paths, watchEvent, watchEvents, watchRate } from './content.ts'

const json = 'application/json'
const piece = Buffer.alloc(1_000_000, 'body of an answer ')
/** A megabyte of customers, each with a comma behind it. */
const customers = Buffer.from(`${customer},\n`.repeat(Math.ceil(1e6 / customer.length)))

const answers: Readonly<Record<string, (response: ServerResponse, request: IncomingMessage) => unknown>> = {
  [`GET ${paths.order}`]: (response) => whole(response, order),
  [`GET ${paths.customer}`]: (response) => whole(response, customer),
  [`GET ${paths.customers}`]: async (response) => {
    response.writeHead(200, { 'content-type': json }).write('[')
    await repeated(response, customers, arrayMegabytes)
    response.end(`${customer}]`)
  },
  [`GET ${paths.bytes}`]: async (response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bodyMegabytes * piece.length })
    await repeated(response, piece, bodyMegabytes)
    response.end()
  },
  [`POST ${paths.bytes}`]: (response, request) => {
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    request.on('end', () => whole(response, JSON.stringify({ bytes })))
  },
  [`GET ${paths.watch}`]: watch,
}

function whole(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': json, 'content-length': Buffer.byteLength(text) }).end(text)
}

async function repeated(response: ServerResponse, bytes: Buffer, times: number): Promise<void> {
  for (let i = 0; i < times && !response.destroyed; i++) {
    if (!response.write(bytes)) await once(response, 'drain')
  }
}

/** At an even pace, each as a chunk of its own. */
function watch(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': json })
  const began = now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.min(watchEvents, Math.floor((now() - began) * watchRate))
    while (sent < due) response.write(watchEvent(sent++, now()))
    if (sent < watchEvents && !response.destroyed) return
    clearInterval(timer)
    response.end()
  }, 1)
}

const server = createServer({ noDelay: true, requestTimeout: 0 }, (request, response) => {
  const answer = answers[`${request.method} ${request.url?.split('?')[0]}`]
  if (answer === undefined) response.writeHead(404).end()
  else void answer(response, request)
})
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.on('disconnect', () => process.exit())
process.send?.((server.address() as AddressInfo).port)
