import type { HttpRequest } from '../http/request.ts'
import type { Header } from '../protocol.ts'
import { isProxied, type RequestAttributes } from './requests.ts'

/** Said of the caller, or by it to the API server: the gateway says these itself, or nobody does. */
const ofCaller: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'audit-id',
  'accept-encoding',
  'sec-websocket-extensions',
])
const ofCallerBeginning = ['impersonate-', 'x-remote-'] as const
/** A credential in the guise of a WebSocket protocol. https://github.com/kubernetes/kubernetes/pull/47740 */
const bearerProtocol = 'base64url.bearer.authorization.k8s.io.'

/**
 * The caller's headers as they may go on: none of its identities, and asking for nothing but JSON where objects come back. Answers come
 * uncompressed, as they are read on the way.
 */
export function negotiatedHeaders(request: HttpRequest, attributes: RequestAttributes): readonly Header[] {
  const { headers, upgrade } = request
  const kept = headers.filter(([name]) => !ofCaller.has(name) && !ofCallerBeginning.some((prefix) => name.startsWith(prefix)))
  const accepts = kept.filter(([name]) => name === 'accept').map(([, value]) => value)
  const json = upgrade === null && answersObjects(request, attributes)
  const rest = kept.filter(([name]) => name !== 'accept' || !json).flatMap(withoutBearer)
  return [...(json ? [['accept', jsonOnly(accepts)] as const] : []), ...rest, ['accept-encoding', 'identity']]
}

/** Objects and discovery: all but what programs behind the server answer, logs, and schemas. */
function answersObjects({ segments: [first] }: HttpRequest, attributes: RequestAttributes): boolean {
  return (first === 'api' || first === 'apis') && !isProxied(attributes) && attributes.subresource !== 'log'
}

/** What is left of an Accept: JSON in all its forms (tables, metadata, aggregated discovery), in the caller's order. */
function jsonOnly(accepts: readonly string[]): string {
  const kept = accepts
    .flatMap((value) => value.split(','))
    .flatMap((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
      const name = type.toLowerCase()
      if (name === 'application/json') return [[name, ...parameters].join(';')]
      return name === '*/*' || name === 'application/*' ? ['application/json'] : []
    })
  return [...new Set(kept)].join(',') || 'application/json'
}

function withoutBearer([name, value]: Header): readonly Header[] {
  if (name !== 'sec-websocket-protocol') return [[name, value]]
  const kept = value
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '' && !protocol.toLowerCase().startsWith(bearerProtocol))
  return kept.length === 0 ? [] : [[name, kept.join(', ')]]
}
