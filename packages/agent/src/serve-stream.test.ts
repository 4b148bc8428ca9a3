import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { DialAnswer, DialTarget } from '@hoop/contracts'
import { dialAnswers } from '@hoop/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AllowList } from './allow-list.ts'
import { serveStream } from './serve-stream.ts'

let server: Server
let port: number
let folder: string
let accepted: Socket[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-agent-'))
  server = createServer({ allowHalfOpen: true }, (socket) => accepted.push(socket.on('error', () => undefined)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as { port: number }).port
})
afterAll(async () => {
  for (const socket of accepted) socket.destroy()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

/** What the gateway has of a stream that was given to an agent with this list. */
function ask(target: DialTarget, ...allow: string[]): { gateway: Duplex; agent: Duplex; answers: DialAnswer[] } {
  const [gateway, agent] = duplexPair()
  agent.on('error', () => undefined)
  const answers: DialAnswer[] = []
  void serveStream(target, agent, AllowList.parse(allow), (answer) => answers.push(answer))
  return { gateway, agent, answers }
}

async function connected(target: DialTarget, ...allow: string[]) {
  accepted = []
  const asked = ask(target, ...allow)
  const [head] = (await once(asked.gateway, 'data')) as [Buffer]
  asked.gateway.pause()
  while (accepted.length === 0) await once(server, 'connection')
  return { ...asked, head, backend: accepted[0]! }
}

const here = () => ({ host: '127.0.0.1', port })
const list = () => `127.0.0.1:${port}`

test('bytes go both ways behind the answer, and each direction ends by itself', async () => {
  const { gateway, head, backend } = await connected(here(), list())
  expect(head).toEqual(Buffer.concat([Buffer.of(dialAnswers.connected, 9), Buffer.from('127.0.0.1')]))
  gateway.end('question')
  expect((await buffer(backend)).toString()).toBe('question')
  backend.end('answer after the end of the question')
  expect((await buffer(gateway)).toString()).toBe('answer after the end of the question')
})

test('whoever does not read stops the backend', async () => {
  const slow = await connected(here(), list())
  const fast = await connected(here(), list())
  const chunks = 1024
  const chunk = Buffer.alloc(64 * 1024)
  let taken = 0
  for (let sent = 0; sent < chunks; sent++) {
    slow.backend.write(chunk, () => taken++)
    fast.backend.write(chunk)
  }
  for (const { backend } of [slow, fast]) backend.end()
  expect(await lengthOf(fast.gateway)).toBe(chunks * chunk.length)
  // Buffers of the kernel and of streams, and then no more, while the other got all of it.
  expect(taken).toBeLessThan(chunks / 2)
  expect(await lengthOf(slow.gateway)).toBe(chunks * chunk.length)
})

async function lengthOf(stream: AsyncIterable<Buffer>): Promise<number> {
  let length = 0
  for await (const bytes of stream) length += bytes.length
  return length
}

test('a backend that resets ends the stream with an error, and a stream that is reset closes the backend', async () => {
  const first = await connected(here(), list())
  const failed = once(first.agent, 'error') as Promise<[Error]>
  first.backend.resetAndDestroy()
  expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' })
  const second = await connected(here(), list())
  const closed = once(second.backend.resume(), 'end')
  second.agent.destroy()
  await closed
})

test('a Unix socket', async () => {
  const path = join(folder, 'socket')
  const unix = createServer((socket) => socket.end('hello')).listen(path)
  await once(unix, 'listening')
  const { gateway } = ask({ path }, `unix:${path}`)
  gateway.end()
  expect(await buffer(gateway)).toEqual(Buffer.concat([Buffer.of(dialAnswers.connected, 0), Buffer.from('hello')]))
  unix.close()
})

describe('what cannot be dialled is told by one number', () => {
  test.each<[string, () => DialTarget, () => string, DialAnswer]>([
    ['an address that is not listed', here, () => '10.0.0.1:1', 'notListed'],
    ['another port', () => ({ host: '127.0.0.1', port: port === 1 ? 2 : 1 }), list, 'notListed'],
    ['a name that is not listed', () => ({ host: 'localhost', port }), () => `other:${port}`, 'notListed'],
    [
      'a name that leads to loopback',
      () => ({ host: 'localhost', port }),
      () => `127.0.0.0/8:${port},[::/0]:${port}`,
      'neverDialled',
    ],
    ['a number that stands for loopback', () => ({ host: '2130706433', port }), () => `0.0.0.0/0:${port}`, 'neverDialled'],
    ['the metadata service', () => ({ host: '169.254.169.254', port: 80 }), () => '169.254.169.254:80', 'neverDialled'],
    ['a name that there is not', () => ({ host: 'nothing.invalid', port }), () => `nothing.invalid:${port}`, 'unknownName'],
    [
      'an address that the name does not lead to',
      () => ({ host: 'localhost', port, address: '10.0.0.1' }),
      () => `localhost:${port}`,
      'unknownName',
    ],
    ['a port where nobody listens', () => ({ host: '127.0.0.1', port: 1 }), () => '127.0.0.1:1', 'refused'],
    ['a socket that is not listed', () => ({ path: '/run/other' }), list, 'notListed'],
  ])('%s', async (_, target, allow, answer) => {
    const { gateway, answers } = ask(target(), allow())
    expect(await buffer(gateway)).toEqual(Buffer.of(dialAnswers[answer]))
    expect(answers).toEqual([answer])
  })
})
