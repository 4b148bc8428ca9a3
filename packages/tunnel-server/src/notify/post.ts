import { lookup } from 'node:dns/promises'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP } from 'node:net'
import { connect as startTls } from 'node:tls'
import { connectThrough, kindOf, type ProxyEnvironment, proxyFor } from '@hoop/tunnel'

const longestAnswer = 64 * 1024

export interface Answer {
  readonly status: number
  readonly text: string
}

/**
 * Posts to a URL of a Notifier: never to what a machine tells itself, its neighbours or its cloud, and plain to this machine only. A name is
 * resolved once; what goes by a company's proxy, the proxy resolves again. Redirects are answers like others.
 * @throws when there is no answer until the signal, or one of more than 64 KiB
 */
export async function post(
  url: URL,
  { headers, body }: { readonly headers: Record<string, string>; readonly body: string },
  signal: AbortSignal,
  proxies: ProxyEnvironment = {},
): Promise<Answer> {
  const plain = url.protocol === 'http:'
  const proxy = plain ? null : proxyFor(url.href, proxies)
  const addresses = await addressesOf(url, proxy !== null)
  signal.throwIfAborted()
  const through = proxy === null ? null : await connectThrough(proxy, { host: url.hostname, port: url.port || '443' }, signal)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const sent = (plain ? requestPlain : requestTls)(
    url,
    {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)), 'user-agent': 'hoop' },
      ...(through === null ? { agent: false } : { createConnection: () => startTls({ socket: through, ...nameOf(url) }) }),
      signal,
      lookup: (_name, options, answer) =>
        options.all ? answer(null, addresses) : answer(null, addresses[0]?.address ?? '', addresses[0]?.family),
    },
    resolve,
  )
  sent.on('error', reject)
  sent.end(body)
  const response = await promise
  return { status: response.statusCode ?? 0, text: await textOf(response, url) }
}

/** What the certificate is to be for; an address is no name that a server is told (RFC 6066, section 3). */
function nameOf({ hostname }: URL): { host: string; servername?: string } {
  const host = hostname.replace(/^\[|\]$/g, '')
  return isIP(host) === 0 ? { host, servername: host } : { host }
}

/** `byProxy`: a name that is not known here may be known there. */
async function addressesOf({ hostname, protocol, host }: URL, byProxy: boolean): Promise<{ address: string; family: number }[]> {
  const known = lookup(hostname.replace(/^\[|\]$/g, ''), { all: true })
  const addresses = await (byProxy ? known.catch(() => []) : known)
  for (const { address } of addresses) {
    const kind = kindOf(address)
    if (kind === 'never') throw new Error(`${host} is ${address}, where nothing is ever sent`)
    if (kind !== 'loopback' && protocol === 'http:') throw new Error(`${host} is not this machine, and needs https`)
  }
  return addresses
}

async function textOf(response: IncomingMessage, { host }: URL): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length
    if (length > longestAnswer) throw new Error(`${host} answered with more than ${longestAnswer} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
