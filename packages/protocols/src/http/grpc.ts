import type { Refusal } from '@hoop/contracts'
import type { Header } from '../protocol.ts'
import type { HttpAnswer } from './dialect.ts'
import { headerOf } from './read-request.ts'

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html, by their numbers. */
const names = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const
export type GrpcStatus = (typeof names)[number]

/** Bytes of a message in a status: clients have limits for headers. */
const longestMessage = 2_000

/** Whether the content type is that of gRPC over HTTP/2, whatever its messages are written in. gRPC-Web is another protocol. */
export function isGrpc(headers: readonly Header[]): boolean {
  return /^application\/grpc([+;]|$)/i.test(headerOf(headers, 'content-type') ?? '')
}

/** `NOT_FOUND` for `5`; a number that nobody knows is UNKNOWN. */
export function grpcStatus(code: string): GrpcStatus {
  return (/^[0-9]{1,2}$/.test(code) ? names[Number(code)] : undefined) ?? 'UNKNOWN'
}

/** The trailers of a call that the gateway ends. The message is percent-encoded, as gRPC over HTTP/2 wants it. */
export function grpcTrailers(status: GrpcStatus, message: string): Header[] {
  const encoded = Buffer.from(message.slice(0, longestMessage))
    .toString('latin1')
    .replaceAll(/[^\x20-\x24\x26-\x7e]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
  return [
    ['grpc-status', String(names.indexOf(status))],
    ['grpc-message', encoded],
  ]
}

/** An answer without messages: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses (Trailers-Only). */
function trailersOnly(status: GrpcStatus, message: string): HttpAnswer {
  return { status: 200, headers: [['content-type', 'application/grpc'], ...grpcTrailers(status, message)], body: '' }
}

/** A no of the gate. */
export function grpcRefusal({ id, code, message, rule, detail, hint }: Refusal, sessionId: string): HttpAnswer {
  const status: GrpcStatus =
    code === 'too_many_requests'
      ? 'RESOURCE_EXHAUSTED'
      : code === 'unavailable'
        ? 'UNAVAILABLE'
        : code === 'unreadable'
          ? 'INVALID_ARGUMENT'
          : 'PERMISSION_DENIED'
  const words = [message, detail, hint].filter((each) => each !== '').join(' ')
  return trailersOnly(status, `${words} (${rule}, operation ${id}, session ${sessionId})`)
}

/** Why the gateway answers in the backend's place; `status`: of HTTP. */
export function grpcFailure(
  { status, message, hint }: { readonly status: number; readonly message: string; readonly hint: string | null },
  sessionId: string,
): HttpAnswer {
  return trailersOnly(statusOfHttp(status), `${message}${hint === null ? '' : ` ${hint}`} (session ${sessionId})`)
}

function statusOfHttp(status: number): GrpcStatus {
  if (status === 401) return 'UNAUTHENTICATED'
  if (status === 403) return 'PERMISSION_DENIED'
  if (status === 405 || status === 415 || status === 501) return 'UNIMPLEMENTED'
  if (status === 429) return 'RESOURCE_EXHAUSTED'
  if (status === 500) return 'INTERNAL'
  return status < 500 ? 'INVALID_ARGUMENT' : 'UNAVAILABLE'
}
