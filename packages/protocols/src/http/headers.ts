import { STATUS_CODES } from 'node:http'
import type { Header } from '../protocol.ts'

/** Of one hop, or about the connection between the gateway and the backend; a cookie is a credential that the gateway's own one made. */
const notForCallers: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'set-cookie',
  'set-cookie2',
  'alt-svc',
  'strict-transport-security',
  'public-key-pins',
  'clear-site-data',
  'www-authenticate',
  'authentication-info',
])
/** What speaks of the bytes as the backend sent them. */
const ofOriginalBytes: ReadonlySet<string> = new Set([
  'content-length',
  'etag',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
  'accept-ranges',
  'content-range',
  'x-goog-hash',
  'x-amz-checksum-crc32',
  'x-amz-checksum-sha256',
])

/** Where the backend and the caller say that the service is. */
export interface Places {
  /** `https://billing.internal/base`: where the backend takes itself to be. */
  readonly backend: { readonly origins: readonly string[]; readonly basePath: string }
  /** `http://127.0.0.1:8080`. */
  readonly caller: string
}

/** The headers of an answer as its caller sees them. `rewritten`: its body is not the backend's, byte for byte. */
export function answerHeaders(rawHeaders: readonly string[], places: Places, rewritten: boolean): Header[] {
  const headers: Header[] = []
  const named = connectionNamed(rawHeaders)
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? ''
    const value = rawHeaders[i + 1] ?? ''
    if (notForCallers.has(name) || named.has(name) || (rewritten && ofOriginalBytes.has(name))) continue
    headers.push([name, localValue(name, value, places)])
  }
  return headers
}

function connectionNamed(rawHeaders: readonly string[]): ReadonlySet<string> {
  const named = new Set<string>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'connection') continue
    for (const name of rawHeaders[i + 1]?.split(',') ?? []) named.add(name.trim().toLowerCase())
  }
  return named
}

function localValue(name: string, value: string, places: Places): string {
  if (name === 'location' || name === 'content-location') return localPlace(value, places)
  // RFC 8288, section 3: each place stands in angle brackets.
  return name === 'link' ? value.replaceAll(/<([^<>]*)>/g, (_, place: string) => `<${localPlace(place, places)}>`) : value
}

/** A place at the backend, by the name that the caller has for it; another server's stays, and is not gone to by us. */
function localPlace(location: string, { backend, caller }: Places): string {
  if (location.startsWith('/') && !location.startsWith('//')) return withoutBase(location, backend.basePath)
  const origin = backend.origins.find((each) => location === each || location.toLowerCase().startsWith(`${each.toLowerCase()}/`))
  return origin === undefined ? location : `${caller}${withoutBase(location.slice(origin.length), backend.basePath)}`
}

function withoutBase(path: string, basePath: string): string {
  return basePath !== '' && (path === basePath || path.startsWith(`${basePath}/`)) ? path.slice(basePath.length) || '/' : path
}

/** One value for each name, as RFC 9110 joins them (section 5.2). */
export function joined(headers: readonly Header[]): Record<string, string> {
  const all = new Map<string, string>()
  for (const [name, value] of headers) {
    const before = all.get(name)
    all.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return Object.fromEntries(all)
}

/** The head of an answer as HTTP/1.1 writes it, which is how the record keeps it whatever carried it. */
export function headBytes(status: number, headers: readonly Header[]): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`, 'latin1')
}
