import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as immediate } from 'node:timers/promises'

/**
 * Carries a paused local socket over a stream, each way until its own end. What the program has sent already goes into the frame that opens the
 * stream: a round trip saved. Rejects when either side fails, with both destroyed.
 */
export async function carry(socket: Socket, open: (first: Buffer) => Promise<Duplex>): Promise<void> {
  let stream: Duplex
  try {
    stream = await open(await arrived(socket))
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
