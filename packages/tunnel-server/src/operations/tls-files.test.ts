import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makePair } from '../testing/certificates.ts'
import { gatewayLog } from './log.ts'
import { TlsFiles } from './tls-files.ts'

let folder: string
let server: Server
let files: TlsFiles
let log: string
const sockets: TLSSocket[] = []

const paths = () => ({ certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') })
async function put({ certificate, key }: { certificate: string; key: string }): Promise<void> {
  await writeFile(join(folder, 'new'), certificate)
  await rename(join(folder, 'new'), paths().certFile)
  await writeFile(paths().keyFile, key)
}
async function greet(): Promise<TLSSocket> {
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', rejectUnauthorized: false })
  sockets.push(socket)
  await once(socket, 'secureConnect')
  return socket
}
const nameAt = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-tls-'))
  log = ''
  await put(await makePair('first'))
  files = await TlsFiles.open(
    paths(),
    gatewayLog('info', {
      write: (line: string) => {
        log += line
      },
    }),
  )
  server = createServer({ ...files.pair, minVersion: 'TLSv1.2' }, (_, response) => response.end('here'))
  files.serve(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  files.close()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

test('a new certificate is served to those who come, and nobody is dropped', async () => {
  const before = await greet()
  expect(nameAt(before)).toBe('first')
  await put(await makePair('second'))
  await files.look()
  expect(nameAt(await greet())).toBe('second')
  before.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  expect(String((await once(before, 'data'))[0])).toContain('200 OK')
  expect(files.problem).toBeNull()
})

test('a bad one is not taken, said loudly once, and forgotten when it is mended', async () => {
  const [second, third] = [await makePair('second'), await makePair('third')]
  // The certificate is there, its key not yet: that is no mistake until it stays so.
  await put({ certificate: second.certificate, key: third.key })
  await files.look()
  expect(log).toBe('')
  for (let looks = 0; looks < 3; looks++) await files.look()
  expect(log.match(/THE NEW TLS CERTIFICATE IS NOT USED/g)).toHaveLength(1)
  expect(files.problem).toContain('the key is not that of the certificate')
  expect(nameAt(await greet())).toBe('first')
  await put(second)
  await files.look()
  expect(files.problem).toBeNull()
  expect(nameAt(await greet())).toBe('second')
})

test('whoever asks is told at once', async () => {
  await writeFile(paths().certFile, 'not a certificate')
  await files.look({ asked: true })
  expect(log).toContain('THE NEW TLS CERTIFICATE IS NOT USED')
  expect(log).not.toContain('PRIVATE')
})

test('nothing starts without a certificate that can be used', async () => {
  await rm(paths().keyFile)
  await expect(TlsFiles.open(paths(), gatewayLog('silent', { write: () => {} }))).rejects.toThrow(
    /key\.pem cannot be read \(ENOENT\)/,
  )
})
