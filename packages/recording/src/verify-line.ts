import { RecordedEvent } from '@hoop/contracts'
import { type Head, sha256 } from './chain.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A line as it was found: the event if it is one, the head of the chain after it, and in words what does not hold. */
export interface VerifiedLine {
  readonly event: RecordedEvent | null
  readonly head: Head
  readonly problems: readonly string[]
}

/** Verifies that a line follows the head of a chain. A head of null is taken from the line itself. */
export function verifyLine(before: Head | null, line: Buffer): VerifiedLine {
  const hash = sha256(line)
  const event = parse(line)
  if (event === null) return { event, head: { seq: (before?.seq ?? -1) + 1, hash }, problems: ['is not an event of this format'] }
  const problems: string[] = []
  if (before !== null && event.seq !== before.seq + 1) {
    problems.push(`has number ${event.seq} where ${before.seq + 1} follows: lines were dropped, inserted or moved`)
  }
  if (before !== null && event.prev !== before.hash) {
    problems.push('does not carry the hash of the line before it: that line is not the one that was written before this')
  }
  return { event, head: { seq: event.seq, hash }, problems }
}

function parse(line: Buffer): RecordedEvent | null {
  try {
    return RecordedEvent.parse(JSON.parse(utf8.decode(line)))
  } catch {
    return null
  }
}
