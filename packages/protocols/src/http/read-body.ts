import type { Readable } from 'node:stream'
import type { Header } from '../protocol.ts'
import { BadRequest, headerOf } from './read-request.ts'
import type { RequestBody } from './request.ts'

/** Bytes of a body that is read before the judgement. */
const maxJudgedBody = 4 * 1024 * 1024

/** A body, and what of it is read already where the rest is still to come. */
export interface ReadBody {
  readonly body: RequestBody
  /** Of a streamed one: what was read before it was known to be too large. */
  readonly begun: readonly Buffer[]
}

const none: ReadBody = { body: { kind: 'none' }, begun: [] }

/**
 * Reads the body of a request before it is judged, where it is text; larger and binary ones are left to be streamed. `raw`: headers as they
 * came. `keep` is told of each piece before it is kept, and may throw. Rejects with a BadRequest, or with what the stream broke by.
 */
export async function readBody(stream: Readable, raw: readonly Header[], keep: (bytes: number) => void): Promise<ReadBody> {
  const encoding = headerOf(raw, 'content-encoding')
  if (encoding !== null && encoding.toLowerCase() !== 'identity')
    throw new BadRequest('a compressed body cannot be read: send it as it is, without Content-Encoding', 415)
  const declared = headerOf(raw, 'content-length')
  const length = declared === null ? null : Number(declared)
  if (length === 0 || (length === null && stream.readableEnded)) return none
  const type = headerOf(raw, 'content-type')?.toLowerCase() ?? null
  if (length !== null && (length > maxJudgedBody || !isText(type))) return { body: { kind: 'streamed', type, length }, begun: [] }
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of stream.iterator({ destroyOnReturn: false })) {
    keep(piece.length)
    pieces.push(piece)
    size += piece.length
    if (size > maxJudgedBody || !isText(type)) return { body: { kind: 'streamed', type, length }, begun: pieces }
  }
  return size === 0 ? none : { body: { kind: 'whole', bytes: Buffer.concat(pieces, size), type }, begun: [] }
}

/** Whether rules and people can read it. Without a type it is taken for text: what is short is shown. */
function isText(type: string | null): boolean {
  if (type === null) return true
  const [essence = ''] = type.split(';', 1)
  return /^(text\/.*|application\/(.*\+)?(json|yaml|xml|x-www-form-urlencoded|x-ndjson|graphql|json-patch|javascript)|application\/vnd\.kubernetes\.protobuf)$/.test(
    essence.trim(),
  )
}
