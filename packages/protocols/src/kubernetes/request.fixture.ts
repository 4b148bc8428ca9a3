import { readRequest } from '../http/read-request.ts'
import type { HttpRequest, RequestBody } from '../http/request.ts'

export interface RequestParts {
  readonly type?: string | undefined
  /** Text is sent as it stands, anything else as JSON. */
  readonly body?: unknown
  readonly headers?: readonly string[]
}

/** `GET /api/v1/pods` with headers and a body, as the core reads it. */
export function requestOf(
  line: string,
  { type, body, headers = [] }: RequestParts = {},
): [request: HttpRequest, body: RequestBody] {
  const [method = '', url = '', upgrade] = line.split(' ')
  const upgrading = upgrade === undefined ? [] : ['Connection', 'Upgrade', 'Upgrade', upgrade]
  const request = readRequest({ method, url, rawHeaders: [...headers, ...upgrading] })
  if (body === undefined) return [request, { kind: 'none' }]
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return [request, { kind: 'whole', bytes: Buffer.from(text), type: type ?? 'application/json' }]
}
