import { createHash, hash, randomBytes } from 'node:crypto'
import type { EventBody } from '@hoop/contracts'
import { RecordError } from './errors.ts'

/** The end of a chain: the number of its last line, and the SHA-256 (hex) of that line without its newline. */
export interface Head {
  readonly seq: number
  readonly hash: string
}

/** What the first line of a record follows. */
export const genesis: Head = { seq: -1, hash: '0'.repeat(64) }

/** SHA-256, hex, of all pieces as one. A string is hashed as UTF-8. */
export function sha256(...pieces: readonly (string | Uint8Array)[]): string {
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined) return hash('sha256', only)
  const sum = createHash('sha256')
  for (const piece of pieces) sum.update(piece)
  return sum.digest('hex')
}

/** The line (without newline) that puts an event after the head of a chain. JSON escapes every control character, so that a line is one line. */
export function link(head: Head, body: EventBody, time = new Date().toISOString()): string {
  return `{"seq":${head.seq + 1},"time":"${time}","prev":"${head.hash}",${JSON.stringify(body).slice(1)}`
}

/** The first event of a segment. Its salt is what keeps the hashes that follow from being guessed. */
export function segmentOpened(session: string, segment: number): EventBody {
  return { type: 'segment.opened', session, segment, salt: randomBytes(32).toString('hex'), format: 1 }
}

/** The number of a line, read from its first bytes. Throws RecordError if they are not those of a recorded event. */
export function seqOf(line: Buffer): number {
  const digits = /^\{"seq":(\d{1,15}),/.exec(line.toString('latin1', 0, 32))?.[1]
  if (digits === undefined) throw new RecordError('A line of the record does not begin with its number.')
  return Number(digits)
}
