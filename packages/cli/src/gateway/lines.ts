import { HoopError } from '@hoop/contracts/errors'

/** A line of a record carries at most one operation's text, which the gateway limits well below this. */
const maxLine = 64 * 1024 * 1024

/** The lines of an NDJSON body, without newlines; a last line that was cut off is not given. */
export async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Buffer[] = []
  let held = 0
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      parts.push(bytes.subarray(start, end))
      const line = Buffer.concat(parts).toString('utf8')
      parts = []
      held = 0
      start = end + 1
      if (line !== '') yield line
    }
    if (start < bytes.length) {
      parts.push(bytes.subarray(start))
      held += bytes.length - start
      if (held > maxLine) throw new HoopError('internal', `the gateway sent a line of more than ${maxLine} bytes`)
    }
  }
}

/** The whole body as text; throws HoopError when it is longer than `limit` bytes. */
export async function readBounded(body: AsyncIterable<Uint8Array> | null, limit: number): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.byteLength
    if (size > limit) throw new HoopError('internal', `the gateway answered with more than ${limit} bytes`)
    parts.push(chunk)
  }
  return Buffer.concat(parts).toString('utf8')
}
