import type { IncomingMessage } from 'node:http'

/** Fields of an answer's head. Node's parser drops what goes beyond 1000 without a word. */
const mostHeaders = 500

/** Why the head of an answer cannot be gone by; null: it can. */
export function headMistake({ statusCode = 0, rawHeaders, headers }: IncomingMessage): string | null {
  if (statusCode < 200) return `its status is ${statusCode}`
  if (rawHeaders.length > 2 * mostHeaders) return `it has more than ${mostHeaders} headers`
  const coding = headers['transfer-encoding']?.toLowerCase() ?? 'chunked'
  // Nobody had asked for it (RFC 9112, section 7): what it hides cannot be read.
  return coding === 'chunked' ? null : `its Transfer-Encoding is ${JSON.stringify(coding.slice(0, 50))}`
}
