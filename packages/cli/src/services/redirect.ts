import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where the provider sends the browser back to: a page on this machine (RFC 8252, 7.3). */
export interface Redirect {
  /** `http://127.0.0.1:PORT/callback` */
  readonly uri: string
  /** The address that the browser came with, query included, once it carries the state that was sent; rejects when the signal aborts. */
  arrival(state: string, signal: AbortSignal): Promise<URL>
  close(): void
}

const path = '/callback'
const headersTimeout = 5000

/** Listens on a free port of 127.0.0.1, which no other machine reaches. */
export async function openRedirect(): Promise<Redirect> {
  const server = createServer({ headersTimeout, requestTimeout: headersTimeout, maxHeaderSize: 32_768 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    uri: `${origin}${path}`,
    arrival: (state, signal) =>
      new Promise((resolve, reject) => {
        const abort = () => reject(signal.reason)
        if (signal.aborted) abort()
        signal.addEventListener('abort', abort, { once: true })
        server.on('request', (request, response) => {
          const url = URL.parse(request.url ?? '', origin)
          // Other pages in the browser can reach loopback as well: only what knows the state is the provider's answer.
          const ours =
            request.method === 'GET' &&
            url !== null &&
            url.origin === origin &&
            request.headers.host === url.host &&
            url.pathname === path &&
            url.searchParams.get('state') === state
          response.writeHead(ours ? 200 : 404, {
            'content-type': 'text/html; charset=utf-8',
            'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
            'referrer-policy': 'no-referrer',
            'cache-control': 'no-store',
            connection: 'close',
          })
          response.end(ours ? page(url.searchParams.has('error')) : 'Nothing is here.')
          if (ours) response.once('close', () => resolve(url))
        })
      }),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function page(refused: boolean): string {
  const words = refused ? 'You are not logged in. The terminal says why.' : 'hoop has what it needs. You can close this page.'
  return `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>hoop</title><p>${words}</p></html>`
}
