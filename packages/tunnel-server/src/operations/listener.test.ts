import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makePair } from '../testing/certificates.ts'
import { silent } from '../testing/parts.ts'
import { Health } from './health.ts'
import { listenForOperators } from './listener.ts'
import { Metrics } from './metrics.ts'
import { TlsFiles } from './tls-files.ts'

type Listener = Awaited<ReturnType<typeof listenForOperators>>
const token = 'a-token-that-is-long-enough'
let folder: string
let tls: TlsFiles
let plain: Listener
let encrypted: Listener
const sockets: Socket[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-listener-'))
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') }
  const { certificate, key } = await makePair('metrics')
  await Promise.all([writeFile(files.certFile, certificate), writeFile(files.keyFile, key)])
  tls = await TlsFiles.open(files, silent)
  const parts = { tls, metrics: new Metrics({ version: '1' }), health: new Health({}, silent), log: silent }
  plain = await listenForOperators({ ...parts, listen: { host: '127.0.0.1', port: 0, token: null } })
  encrypted = await listenForOperators({ ...parts, listen: { host: '0.0.0.0', port: 0, token } })
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  tls.close()
  await Promise.all([plain.close(), encrypted.close()])
  await rm(folder, { recursive: true, force: true })
})

function raw({ url }: Listener, bytes = ''): { socket: Socket; answer: () => string; ended: Promise<unknown> } {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
  sockets.push(socket)
  let answer = ''
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1')
  })
  if (bytes !== '') socket.write(bytes)
  const ended = new Promise((resolve) => socket.once('end', resolve).once('close', resolve))
  return { socket, answer: () => answer, ended }
}

test('nobody keeps a connection by doing nothing, with TLS or without', { timeout: 20_000 }, async () => {
  const began = performance.now()
  await Promise.all([
    raw(plain).ended,
    raw(plain, 'GET /metrics HTTP/1.1\r\nhost: x\r\n').ended,
    raw(plain, 'POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nx').ended,
    raw(encrypted).ended,
    raw(encrypted, '\x16\x03\x01').ended,
  ])
  expect(performance.now() - began).toBeLessThan(10_000)
})

test('heads have a limit, and one address has few connections', async () => {
  const long = raw(plain, `GET /metrics HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)
  await long.ended
  expect(long.answer()).toContain('HTTP/1.1 431')
  for (const socket of sockets.splice(0)) socket.destroy()
  await expect.poll(async () => (await fetch(`${plain.url}/healthz`)).status).toBe(200)
  const crowd = Array.from({ length: 40 }, () => raw(plain))
  let gone = 0
  for (const { socket } of crowd) socket.once('close', () => gone++).once('end', () => socket.destroy())
  await expect.poll(() => gone).toBeGreaterThanOrEqual(40 - 16)
  for (const { socket } of crowd) socket.destroy()
})

test('beyond this machine there is TLS, 1.2 at least, and the token', async () => {
  expect(encrypted.url).toMatch(/^https:/)
  const port = Number(new URL(encrypted.url).port)
  const old = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })
  await expect(once(old, 'secureConnect')).rejects.toThrow()
  const ask = async (head: string) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    sockets.push(socket)
    await once(socket, 'secureConnect')
    expect(socket.getProtocol()).toBe('TLSv1.3')
    socket.write(`GET /metrics HTTP/1.1\r\nhost: x\r\n${head}\r\n`)
    return String((await once(socket, 'data'))[0])
  }
  expect(await ask('')).toContain('HTTP/1.1 401')
  expect(await ask(`authorization: Bearer ${token}\r\n`)).toContain('HTTP/1.1 200')
})
