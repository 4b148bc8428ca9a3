import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { EventEmitter, on, once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A message as it came. */
export interface WebhookMessage {
  readonly id: string
  readonly timestamp: string
  readonly signature: string
  readonly body: string
}

/** What the demo's gateway tells people by: a receiver of webhooks, on loopback only. */
export interface WebhookInbox {
  readonly url: string
  /** What messages are signed with. */
  readonly secret: string
  /** Whether whoever knows the secret has signed it. https://github.com/standard-webhooks/standard-webhooks */
  isGenuine(message: WebhookMessage): boolean
  /** The first that is as wanted, of those that came and will come. @throws the signal's reason */
  find(wanted: (message: WebhookMessage) => boolean, signal: AbortSignal): Promise<WebhookMessage>
  close(): Promise<void>
}

/** Messages that are kept. */
const mostKept = 100

export async function startWebhookInbox(): Promise<WebhookInbox> {
  const key = randomBytes(32)
  const messages: WebhookMessage[] = []
  const arrivals = new EventEmitter()
  const server = createServer((request, response) => {
    read(request).then(
      (message) => {
        messages.push(message)
        if (messages.length > mostKept) messages.shift()
        arrivals.emit('message')
        response.writeHead(204).end()
      },
      () => response.writeHead(400).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hoop`,
    secret: `whsec_${key.toString('base64')}`,
    isGenuine({ id, timestamp, signature, body }) {
      const expected = Buffer.from(`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`)
      const given = Buffer.from(signature)
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
    async find(wanted, signal) {
      const arriving = on(arrivals, 'message', { signal })
      for (;;) {
        const found = messages.find(wanted)
        if (found !== undefined) {
          await arriving.return?.()
          return found
        }
        await arriving.next()
      }
    },
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function read(request: IncomingMessage): Promise<WebhookMessage> {
  const header = (name: string) => String(request.headers[name] ?? '')
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(header)
  return { id: id ?? '', timestamp: timestamp ?? '', signature: signature ?? '', body: await text(request) }
}
