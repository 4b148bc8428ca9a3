import { type AddressInfo, createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { MaskPlan } from '@hoop/contracts'
import { expect, onTestFinished, test } from 'vitest'
import { noMasks, ScriptedGate } from '../scripted-gate.fixture.ts'
import { request, serve } from './http-wire.fixture.ts'

/** What a caller gets where a service answers so. */
async function asked(answer: (socket: Socket) => void, masks: MaskPlan = noMasks) {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined).once('data', () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const gate = new ScriptedGate()
  gate.masks = masks
  const { caller, send } = serve({ port: (server.address() as AddressInfo).port }, {}, gate)
  onTestFinished(() => void caller.destroy())
  const [reply] = await send(request('GET /a'))
  return { reply, outcome: gate.admitted[0]?.outcomes[0], outcomes: gate.admitted[0]?.outcomes.length }
}

/** Writes for as long as somebody reads. */
function endlessly(socket: Socket, piece: string, before = ''): void {
  socket.write(before)
  const go = (): void => {
    while (socket.writable && socket.write(piece));
    socket.once('drain', go)
  }
  go()
}

const ok = 'HTTP/1.1 200 OK\r\n'
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`
test.each<[string, (socket: Socket) => void, string]>([
  ['an endless head', (socket) => endlessly(socket, `X-A: ${'a'.repeat(1_000)}\r\n`, ok), 'Header overflow'],
  ['more headers than are read', (socket) => void socket.write(`${ok}${'a: b\r\n'.repeat(2_500)}\r\n`), 'more than 500 headers'],
  ['endless early answers', (socket) => endlessly(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50)), 'never comes to'],
  ['endless trailers', (socket) => endlessly(socket, `X: ${'a'.repeat(1_000)}\r\n`, `${chunked}0\r\n`), 'overflow'],
  [
    'two lengths',
    (socket) => void socket.write(`${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc`),
    'Duplicate Content-Length',
  ],
  [
    'a length and chunks',
    (socket) => void socket.write(`${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n`),
    'well-formed',
  ],
  ['more than its length', (socket) => void socket.write(`${ok}Content-Length: 2\r\n\r\nabcdef`), 'well-formed'],
  ['a chunk of no length', (socket) => void socket.write(`${chunked}zz\r\nabc`), 'chunk size'],
  ['a chunk of more than all', (socket) => void socket.write(`${chunked}ffffffffffffffff1\r\nabc`), 'Chunk size overflow'],
  ['a chunk that says much of itself', (socket) => void socket.write(`${chunked}3;${'a'.repeat(20_000)}\r\nabc`), 'overflow'],
  ['another coding', (socket) => void socket.end(`${ok}Transfer-Encoding: gzip\r\n\r\nabc`), 'Transfer-Encoding'],
  ['a status that is none', (socket) => void socket.write('HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n'), 'its status is 0'],
  ['another protocol', (socket) => void socket.end('SSH-2.0-OpenSSH_10.2\r\n'), 'well-formed'],
  [
    'a 101 for nothing',
    (socket) => void socket.write('HTTP/1.1 101 OK\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
    'nobody had asked',
  ],
  ['a line break in a header', (socket) => void socket.write(`${ok}X-A: a\rX-B: b\r\n\r\n`), 'well-formed'],
  ['nothing', (socket) => void socket.end(), 'did not answer'],
])('%s: told to the caller, and on the record', async (_, answer, words) => {
  const { reply, outcome, outcomes } = await asked(answer)
  expect([reply?.status, outcome?.kind, outcomes]).toEqual([502, 'error', 1])
  expect(reply?.body).toContain(words)
})

test('less than its length does not look whole', async () => {
  const { reply, outcome } = await asked((socket) => void socket.end(`${ok}Content-Length: 10\r\n\r\nabc`))
  expect([reply, outcome?.kind]).toEqual([undefined, 'error'])
})

test('trailers and a few early answers are not passed on', async () => {
  const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(3)
  const { reply } = await asked((socket) => void socket.write(`${early}${chunked}3\r\nabc\r\n0\r\nSet-Cookie: a=b\r\n\r\n`))
  expect(reply).toMatchObject({ status: 200, body: 'abc' })
  expect(JSON.stringify(reply?.headers)).not.toMatch(/link|cookie/)
})

test('what unpacks to a thousand times its size is not unpacked', async () => {
  const bomb = gzipSync(Buffer.alloc(10_000_000))
  const head = `${ok}Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`
  const answer = (socket: Socket): void => void socket.write(Buffer.concat([Buffer.from(head), bomb]))
  expect((await asked(answer)).reply?.body.length).toBe(bomb.length)
  const leaf = { mask: null, member: () => null, element: () => null }
  const { reply } = await asked(answer, { ...noMasks, empty: false, hasFields: true, fields: () => leaf })
  expect(reply?.status).toBe(502)
  expect(reply?.body).toContain('compressed (gzip)')
})
