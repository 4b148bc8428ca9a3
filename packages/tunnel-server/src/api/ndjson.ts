import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Answers with one line after the other, no faster than they are read, until they end, the caller is gone, or the signal aborts.
 * Whoever is cut off sees a body without an end.
 */
export async function sendLines(
  request: FastifyRequest,
  reply: FastifyReply,
  lines: (signal: AbortSignal) => AsyncIterable<string>,
  until: AbortSignal,
): Promise<void> {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const signal = AbortSignal.any([until, gone.signal])
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value)
  reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  // A stream without a first line yet must still look open to its reader.
  reply.raw.flushHeaders()
  const body = Readable.from(terminated(lines(signal)), { objectMode: false })
  try {
    await pipeline(body, reply.raw, { signal })
  } catch (error) {
    if (!signal.aborted) request.log.error({ err: error }, 'a stream of lines was cut off')
    reply.raw.destroy()
  }
}

async function* terminated(lines: AsyncIterable<string>): AsyncIterable<Buffer> {
  for await (const line of lines) yield Buffer.from(`${line}\n`)
}
