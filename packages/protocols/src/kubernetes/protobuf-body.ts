import { BodyError } from '../http/body-rewriter.ts'
import type { HttpRequest, RequestBody } from '../http/request.ts'
import { mediaType } from './body.ts'
import { isProxied, readAttributes } from './requests.ts'

/**
 * Objects in Kubernetes' protobuf as the same in JSON. Patches are never protobuf, and what goes to a program behind the server is that program's: both
 * stay as they are.
 */
export async function readableBody(request: HttpRequest, body: RequestBody): Promise<RequestBody> {
  if (body.kind !== 'whole' || mediaType(body.type) !== 'application/vnd.kubernetes.protobuf') return body
  const attributes = readAttributes(request)
  if ('unreadable' in attributes || attributes.resource === '' || attributes.verb === 'patch' || isProxied(attributes))
    return body
  // The table of messages is large, and most clients send JSON.
  const { decodeProtobuf } = await import('./protobuf-decode.ts')
  try {
    return { kind: 'whole', bytes: Buffer.from(decodeProtobuf(body.bytes)), type: 'application/json' }
  } catch (error) {
    if (error instanceof BodyError) return { ...body, unreadable: error.message }
    throw error
  }
}
