import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makePair, type Pair } from '../testing/certificates.ts'
import { clientId, type Issuer, startIssuer } from '../testing/issuer.ts'

let folder: string
let issuer: Issuer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hoop-hang-up-'))
  issuer = await startIssuer()
})
afterAll(async () => {
  await issuer?.close()
  await rm(folder, { recursive: true, force: true })
})

const file = (name: string) => join(folder, name)
const put = ({ certificate, key }: Pair) =>
  Promise.all([writeFile(file('cert.pem'), certificate), writeFile(file('key.pem'), key)])

async function nameAt(port: number): Promise<unknown> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return subject.CN
}

test('SIGHUP takes a new certificate, keeps the old one where the new one is bad, and ends nothing', {
  timeout: 60_000,
}, async () => {
  await put(await makePair('first'))
  const child = spawn(process.execPath, [fileURLToPath(new URL('../testing/run-gateway.ts', import.meta.url))], {
    env: {
      PATH: process.env.PATH,
      HOOP_LISTEN: '127.0.0.1:0',
      HOOP_DATA: file('data'),
      HOOP_OIDC_ISSUER: issuer.url,
      HOOP_OIDC_CLIENT_ID: clientId,
      HOOP_TLS_CERT: file('cert.pem'),
      HOOP_TLS_KEY: file('key.pem'),
      HOOP_DEMO: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  try {
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
    const port = Number(/:(\d+)\n/.exec(line)?.[1])
    expect(await nameAt(port)).toBe('first')
    await put(await makePair('second'))
    child.kill('SIGHUP')
    await expect.poll(() => nameAt(port), { timeout: 10_000 }).toBe('second')
    await writeFile(file('cert.pem'), 'not one')
    child.kill('SIGHUP')
    await expect.poll(() => log, { timeout: 10_000 }).toContain('THE NEW TLS CERTIFICATE IS NOT USED')
    expect(await nameAt(port)).toBe('second')
    expect(log).not.toContain('PRIVATE')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  } finally {
    child.kill('SIGKILL')
  }
})
