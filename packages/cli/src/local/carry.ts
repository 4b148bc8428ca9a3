import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as immediate } from 'node:timers/promises'

export interface Way {
  /** What a program's first bytes are answered with here; null: they go where the stream goes. */
  answer(first: Buffer): Promise<Uint8Array | null>
  open(first: Buffer): Promise<Duplex>
}

/** Answers that a program may be given here before its stream is opened: one that only ever asks is no program of ours. */
const maxAnswers = 2

/**
 * Carries a paused local socket over a stream, each way until its own end. What the program has sent already goes into the frame that opens the
 * stream, and what can be answered here is: a round trip saved for each. Rejects when either side fails, with both destroyed.
 */
export async function carry(socket: Socket, { answer, open }: Way): Promise<void> {
  let stream: Duplex
  try {
    let first = await arrived(socket)
    for (let answers = 0; answers < maxAnswers; answers++) {
      const told = await answer(first)
      if (told === null) break
      const next = once(socket, 'readable')
      socket.write(told)
      await next
      first = await arrived(socket)
    }
    stream = await open(first)
  } catch (error) {
    socket.destroy()
    throw error
  }
  await Promise.all([pipeline(socket, stream), pipeline(stream, socket)])
}

/** The bytes that are there within one turn of the event loop; at most the socket's high-water mark. */
async function arrived(socket: Socket): Promise<Buffer> {
  const readable = once(socket, 'readable')
  // reading begins here; the first immediate may come before the next poll
  socket.read(0)
  await Promise.race([readable, immediate().then(() => immediate())])
  const bytes: unknown = socket.readableLength > 0 ? socket.read() : null
  return Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0)
}
