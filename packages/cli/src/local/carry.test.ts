import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { carry } from './carry.ts'
import { type Listener, listen } from './listener.ts'

interface Bench {
  readonly program: Socket
  readonly gateway: Duplex
  readonly first: Promise<Buffer>
  readonly carried: Promise<void>
  readonly listener: Listener
}

/** A program's socket, carried to the gateway's end of a stream; the program has sent `words` when it is let in. */
async function bench(words: string, answers: Record<string, string> = {}): Promise<Bench> {
  const accepted = Promise.withResolvers<Socket>()
  const listener = await listen(0, accepted.resolve)
  const program = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true })
  await once(program, 'connect')
  await new Promise<void>((resolve) => program.write(words, () => resolve()))
  const [near, gateway] = duplexPair({ allowHalfOpen: true })
  const first = Promise.withResolvers<Buffer>()
  const carried = carry(await accepted.promise, {
    answer: async (bytes) => {
      const answer = answers[bytes.toString()]
      return answer === undefined ? null : Buffer.from(answer)
    },
    open: async (bytes) => {
      first.resolve(bytes)
      near.write(bytes)
      return near
    },
  })
  carried.catch(() => {})
  return { program, gateway, first: first.promise, carried, listener }
}

it('opens the stream with what the program has sent already', async () => {
  const { program, first, listener } = await bench('startup')
  expect((await first).toString()).toBe('startup')
  program.destroy()
  await listener.close()
})

it('answers here what it may, and opens the stream with what comes next', async () => {
  const { program, first, listener } = await bench('gss?', { 'gss?': 'N', 'tls?': 'N', 'startup?': 'no' })
  expect(String((await once(program, 'data'))[0])).toBe('N')
  program.write('tls?')
  expect(String((await once(program, 'data'))[0])).toBe('N')
  program.write('startup?')
  expect((await first).toString()).toBe('startup?')
  program.destroy()
  await listener.close()
})

it('opens a stream for a program that leaves after such an answer, and ends it', async () => {
  const { program, gateway, first, carried, listener } = await bench('tls?', { 'tls?': 'N' })
  await once(program, 'data')
  program.end()
  expect((await first).length).toBe(0)
  gateway.resume().end()
  await carried
  await listener.close()
})

it('carries each way until its own end', async () => {
  const { program, gateway, carried, listener } = await bench('question')
  const answer = Buffer.alloc(3_000_000, 'a')
  program.end()
  expect(await text(gateway)).toBe('question')
  gateway.end(answer)
  expect(await buffer(program)).toEqual(answer)
  await carried
  await listener.close()
})

it('destroys the socket when the stream fails', async () => {
  const { program, gateway, carried, first, listener } = await bench('question')
  await first
  const closed = once(program.on('error', () => {}).resume(), 'close')
  gateway.on('error', () => {}).destroy(new Error('reset'))
  await expect(carried).rejects.toThrow()
  program.end()
  await closed
  await listener.close()
})
