import { lookup } from 'node:dns/promises'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { kindOf } from '@hoop/tunnel'

const longestAnswer = 64 * 1024

export interface Answer {
  readonly status: number
  readonly text: string
}

/**
 * Posts to a URL of a Notifier: never to what a machine tells itself, its neighbours or its cloud, and plain to this machine only. A name is
 * resolved once. Redirects are answers like others.
 * @throws when there is no answer until the signal, or one of more than 64 KiB
 */
export async function post(
  url: URL,
  { headers, body }: { readonly headers: Record<string, string>; readonly body: string },
  signal: AbortSignal,
): Promise<Answer> {
  const addresses = await addressesOf(url)
  signal.throwIfAborted()
  const plain = url.protocol === 'http:'
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const sent = (plain ? requestPlain : requestTls)(
    url,
    {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)), 'user-agent': 'hoop' },
      agent: false,
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

async function addressesOf({ hostname, protocol, host }: URL): Promise<{ address: string; family: number }[]> {
  const addresses = await lookup(hostname.replace(/^\[|\]$/g, ''), { all: true })
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
