import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { HoopError } from '@hoop/contracts'

/** An environment that may name proxies: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or the same in lower case, which wins. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>

/** What to do about HTTP status 407. */
const proxyPasswordHint =
  'Set HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT, with %40 for @, %3A for : and %2F for / in name and password.'

const answerTime = 10_000
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** By its name in a URL. */
export function isLoopback(hostname: string): boolean {
  return loopback.test(hostname)
}

/**
 * The proxy for an address; null: it is reached directly, as this machine always is.
 * @throws HoopError `invalid_request` for a proxy that is no URL of http or https
 */
export function proxyFor(address: string, environment: ProxyEnvironment): URL | null {
  const url = new URL(address)
  const secure = url.protocol === 'wss:' || url.protocol === 'https:'
  const named = of(environment, secure ? 'HTTPS_PROXY' : 'HTTP_PROXY')
  if (named === '' || isLoopback(url.hostname) || isExempt(url, secure, of(environment, 'NO_PROXY'))) return null
  const proxy = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(named) ? named : `http://${named}`)
  if (proxy === null || (proxy.protocol !== 'http:' && proxy.protocol !== 'https:') || proxy.hostname === '') {
    // Not quoted: it may hold a password.
    throw new HoopError('invalid_request', `${secure ? 'HTTPS_PROXY' : 'HTTP_PROXY'} does not name an HTTP proxy.`, {
      hint: 'Give it as in http://proxy.example.com:3128, or http://name:password@proxy.example.com:3128.',
    })
  }
  return proxy
}

function of(environment: ProxyEnvironment, name: string): string {
  return environment[name.toLowerCase()] || environment[name] || ''
}

/** Whether NO_PROXY lists a host: itself, with or without its port; `.example.com` or `*.example.com` for all below it; `*` for every host. */
function isExempt({ hostname, port }: URL, secure: boolean, list: string): boolean {
  const host = hostname.toLowerCase()
  const withPort = `${host}:${port || (secure ? '443' : '80')}`
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === '*') return true
      const below = /^\*?(\..+)$/.exec(entry)?.[1]
      return below === undefined ? entry === host || entry === withPort : host.endsWith(below) || withPort.endsWith(below)
    })
}

/**
 * A connection to a host through an HTTP proxy, by CONNECT (RFC 9110, 9.3.6), with basic authentication (RFC 7617) where the proxy's URL has a
 * name. What comes is paused until somebody reads.
 * @throws HoopError `unavailable`, in words that hold no password; the signal's reason
 */
export function connectThrough(proxy: URL, to: { host: string; port: string }, signal?: AbortSignal): Promise<Socket> {
  const authority = `${to.host}:${to.port}`
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const request = (proxy.protocol === 'https:' ? tlsRequest : plainRequest)({
    method: 'CONNECT',
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    path: authority,
    headers: { host: authority, ...credentials(proxy) },
    agent: false,
    ...(signal !== undefined && { signal }),
  })
  const late = setTimeout(() => request.destroy(new Error('it does not answer')), answerTime)
  request.on('close', () => clearTimeout(late))
  request.on('connect', ({ statusCode = 0, headers }, socket, head) => {
    if (statusCode >= 200 && statusCode < 300) {
      if (head.length > 0) socket.unshift(head)
      return resolve(socket as Socket)
    }
    socket.destroy()
    reject(statusCode === 407 ? unauthorised(proxy, headers['proxy-authenticate']) : refused(proxy, authority, statusCode))
  })
  request.on('error', (cause: NodeJS.ErrnoException) => {
    if (signal?.aborted) return reject(signal.reason)
    const why = cause.message || cause.code || cause.name
    reject(
      new HoopError('unavailable', `The proxy ${proxy.host} cannot be reached: ${why}`, {
        hint: 'Check HTTPS_PROXY, and the network; NO_PROXY lists what is reached without it.',
        cause,
      }),
    )
  })
  request.end()
  return promise
}

function credentials({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const pair = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
  return { 'proxy-authorization': `Basic ${pair.toString('base64')}` }
}

function unauthorised(proxy: URL, challenges: string | readonly string[] = ''): HoopError {
  const offered = [challenges].flat().join(', ')
  const basic = offered === '' || /\bbasic\b/i.test(offered)
  const asks = basic ? 'a name and a password' : `authentication that hoop does not have (${offered.slice(0, 100)})`
  const has = proxy.username === '' ? '' : ', and does not take those that it was given'
  return new HoopError('unavailable', `The proxy ${proxy.host} asks for ${asks}${has} (HTTP status 407).`, {
    hint: basic
      ? proxyPasswordHint
      : 'Run a proxy on this machine that can do it, and name that one in HTTPS_PROXY; or ask for the gateway to be let through.',
  })
}

function refused(proxy: URL, authority: string, status: number): HoopError {
  return new HoopError('unavailable', `The proxy ${proxy.host} does not connect to ${authority} (HTTP status ${status}).`, {
    hint: 'Ask whoever runs the proxy to let it through, or list the gateway in NO_PROXY if it can be reached directly.',
  })
}
