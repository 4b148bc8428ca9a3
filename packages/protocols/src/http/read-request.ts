import type { Header } from '../protocol.ts'
import type { HttpRequest } from './request.ts'

/** A request that is not forwarded whatever the rules say: it can be read in two ways, or asks for what is not offered. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'
  readonly status: number
  constructor(words: string, status = 400) {
    super(words)
    this.status = status
  }
}

/** A request's head as Node's parsers give it. */
export interface RawRequest {
  readonly method: string
  /** As in the request line, or `:path`. */
  readonly url: string
  /** Name, value, name, value; HTTP/2's pseudo-headers too. */
  readonly rawHeaders: readonly string[]
}

/** Characters of the target, and headers: more than any client sends. */
const limits = { target: 16_384, headers: 200, query: 1_000 } as const

/** Of one hop (RFC 9110, section 7.6.1; RFC 9113, section 8.2.2). */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
  'content-length',
])
/** What `Connection` may name: anything else would be taken away behind us. */
const mayBeNamed: ReadonlySet<string> = new Set(['keep-alive', 'close', 'upgrade', 'te', 'http2-settings', 'trailers'])

/** Who a caller says it is, or where it says it came from: what the backend believes is the gateway's to say. */
const ofCaller: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'cookie',
  'cookie2',
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'x-forwarded-user',
])
const ofCallerBeginning = [
  'x-forwarded-',
  'x-remote-',
  'impersonate-',
  'x-goog-authenticated-',
  'x-amzn-oidc-',
  'x-ms-client-principal',
] as const

/** Ways to ask for another method or path than the request line says. */
const overrides: ReadonlySet<string> = new Set([
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'x-override-url',
])

/** What stands there once, or is read in two ways. */
const singular: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'content-range',
  'transfer-encoding',
  'authorization',
  'expect',
  'range',
  'if-range',
  'upgrade',
  'origin',
  'sec-websocket-key',
  'sec-websocket-version',
  'user-agent',
])

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** What of a request's head counts, with nothing left that backends could read in another way. Throws a BadRequest. */
export function readRequest({ method, url, rawHeaders }: RawRequest): HttpRequest {
  if (!methods.has(method)) throw new BadRequest(`the method ${method} is not offered`, 405)
  const headers = pairs(rawHeaders)
  const target = readTarget(url)
  const upgrade = upgradeOf(headers)
  checkTransfer(headers)
  const kept = headers.filter(([name]) => mayPass(name))
  return { method, ...target, headers: kept, upgrade }
}

/** Underscores and hyphens are the same to CGI and WSGI. */
function mayPass(header: string): boolean {
  const name = header.replaceAll('_', '-')
  return !hopByHop.has(name) && !ofCaller.has(name) && !ofCallerBeginning.some((prefix) => name.startsWith(prefix))
}

/** The only value of a header; null: there is none. */
export function headerOf(headers: readonly Header[], name: string): string | null {
  return headers.find(([key]) => key === name)?.[1] ?? null
}

/** End-to-end headers and the others, HTTP/2's pseudo-headers left out. Throws a BadRequest for what may not stand there. */
function pairs(rawHeaders: readonly string[]): Header[] {
  const headers: Header[] = []
  const seen = new Set<string>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? ''
    const value = rawHeaders[i + 1] ?? ''
    if (name.startsWith(':')) continue
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,200}$/.test(name)) throw new BadRequest('a header has a name that is none')
    // Underscores and hyphens are the same to CGI and WSGI.
    if (overrides.has(name.replaceAll('_', '-')))
      throw new BadRequest(`${name} asks for another method or path than the request: leave it out`)
    if (/[\0\r\n]/.test(value)) throw new BadRequest(`the header ${name} has a line break in it`)
    if (singular.has(name) && seen.has(name)) throw new BadRequest(`the header ${name} stands there twice`)
    seen.add(name)
    headers.push([name, value])
    if (headers.length > limits.headers) throw new BadRequest(`more than ${limits.headers} headers`, 431)
  }
  return headers
}

function checkTransfer(headers: readonly Header[]): void {
  const encoding = headerOf(headers, 'transfer-encoding')
  const length = headerOf(headers, 'content-length')
  if (encoding !== null && length !== null)
    throw new BadRequest('Content-Length and Transfer-Encoding: which ends the body is not clear')
  if (encoding !== null && encoding.toLowerCase() !== 'chunked')
    throw new BadRequest('the only Transfer-Encoding offered is chunked', 501)
  if (length !== null && !/^[0-9]{1,15}$/.test(length)) throw new BadRequest('Content-Length is not a number')
  for (const [name, value] of headers) {
    if (name !== 'connection') continue
    const named = value.split(',').map((each) => each.trim().toLowerCase())
    const foreign = named.find((each) => each !== '' && !mayBeNamed.has(each))
    if (foreign !== undefined) throw new BadRequest(`Connection may not name ${JSON.stringify(foreign.slice(0, 50))}`)
  }
}

function upgradeOf(headers: readonly Header[]): string | null {
  const upgrade = headerOf(headers, 'upgrade')?.toLowerCase() ?? null
  const asked = headers.some(([name, value]) => name === 'connection' && /(^|,)\s*upgrade\s*(,|$)/i.test(value))
  // A server may stay with HTTP/1.1 (RFC 9110, section 7.8); HTTP/2 in plain would be a second way in.
  if (upgrade === null || !asked || upgrade === 'h2c') return null
  if (!/^[a-z0-9./+-]{1,50}$/.test(upgrade)) throw new BadRequest('Upgrade names more than one protocol, or none')
  return upgrade
}

/** Path and query, decoded once. Throws a BadRequest for what a backend could decode to something else. */
function readTarget(url: string): Pick<HttpRequest, 'target' | 'segments' | 'folder' | 'query'> {
  if (url.length > limits.target) throw new BadRequest('the path is too long', 414)
  if (!/^\/[\x21-\x7e]*$/.test(url) || /[#"<>\\^`{|}]/.test(url))
    throw new BadRequest('the path has characters that must be encoded')
  const mark = url.indexOf('?')
  const path = mark === -1 ? url : url.slice(0, mark)
  const parts = path.slice(1).split('/')
  const folder = parts.length > 1 && parts.at(-1) === ''
  if (folder) parts.pop()
  const segments = path === '/' ? [] : parts.map(segmentOf)
  return { target: url, segments, folder, query: mark === -1 ? [] : queryOf(url.slice(mark + 1)) }
}

function segmentOf(raw: string): string {
  if (raw === '') throw new BadRequest('the path has an empty segment (//)')
  if (raw.includes(';')) throw new BadRequest('the path has a parameter (;), which backends read in different ways')
  const segment = decoded(raw, 'the path')
  if (segment === '.' || segment === '..') throw new BadRequest('the path has . or .. in it')
  if (/[/\\\0-\x1f\x7f]/.test(segment))
    throw new BadRequest('the path has an encoded slash, backslash or control character in it')
  // What decodes twice reaches another place.
  if (/%(2e|2f|5c|00|25)/i.test(segment)) throw new BadRequest('the path is encoded twice')
  return segment
}

function queryOf(raw: string): { name: string; value: string }[] {
  if (raw === '') return []
  if (raw.includes(';')) throw new BadRequest('the query has a semicolon, which some backends take for &: encode it as %3B')
  const found = raw.split('&').filter((pair) => pair !== '')
  if (found.length > limits.query) throw new BadRequest('the query has too many parameters', 414)
  return found.map((pair) => {
    const equals = pair.indexOf('=')
    const [name, value] = equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)]
    return { name: decoded(name.replaceAll('+', ' '), 'the query'), value: decoded(value.replaceAll('+', ' '), 'the query') }
  })
}

function decoded(text: string, where: string): string {
  try {
    const plain = decodeURIComponent(text)
    if (!plain.includes('\0')) return plain
  } catch {
    // The words are the same.
  }
  throw new BadRequest(`${where} is not well encoded`)
}
