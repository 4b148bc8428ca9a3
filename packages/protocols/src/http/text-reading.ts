import type { Operation, ProtocolName } from '@hoop/contracts'
import type { HttpServiceUpstream } from '../protocol.ts'
import type { OpenReading } from '../reading.ts'
import type { HttpDialect } from './dialect.ts'
import { BadRequest, readRequest } from './read-request.ts'
import type { RequestBody } from './request.ts'
import { ServiceDialect } from './service.ts'

/** Reads requests that are written out, as the record shows them. */
export const openReading: OpenReading<HttpServiceUpstream> = async (context) => {
  const dialect = new ServiceDialect(await context.upstream())
  return async (text) => readRequestText(text, 'http', dialect)
}

/** `METHOD TARGET`, headers, an empty line, and the body. What is no request is an operation that nobody can read. */
export function readRequestText(text: string, protocol: ProtocolName, dialect: Pick<HttpDialect, 'operation'>): Operation {
  const [head = '', ...bodies] = text.split(/\r?\n\r?\n/)
  const [line = '', ...headers] = head.split(/\r?\n/)
  const [, method, url] = /^([A-Z]+) (\S+)$/.exec(line.trim()) ?? []
  if (method === undefined || url === undefined)
    return unread(
      text,
      protocol,
      'a request is written as METHOD and path, as in GET /v1/customers, and its body below an empty line',
    )
  const rawHeaders = headers.flatMap((header) => {
    const colon = header.indexOf(':')
    return [header.slice(0, colon), header.slice(colon + 1).trim()]
  })
  const bytes = Buffer.from(bodies.join('\n\n'))
  const named = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-type')
  const type = named === -1 ? 'application/json' : (rawHeaders[named + 1]?.toLowerCase() ?? null)
  const body: RequestBody = bytes.length === 0 ? { kind: 'none' } : { kind: 'whole', bytes, type }
  try {
    return dialect.operation(readRequest({ method, url, rawHeaders }), body)
  } catch (error) {
    if (error instanceof BadRequest) return unread(text, protocol, error.message)
    throw error
  }
}

function unread(text: string, protocol: ProtocolName, words: string): Operation {
  return {
    ...{ protocol, text, parameters: [], fingerprint: null, effects: ['unknown'], objects: [], functions: [] },
    facts: { verbs: [], statements: 1, unbounded: false, destructive: false, columns: [] },
    ...{ literals: [], runs: [], flows: [], parts: [], unknownBecause: [words] },
    refused: { code: 'unreadable', words },
  }
}
