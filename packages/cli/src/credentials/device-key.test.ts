import { createHash, createPublicKey, verify } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deviceKey } from './device-key.ts'
import { fileStore } from './file-store.ts'
import { accounts } from './store.ts'

const gateway = 'https://hoop.example.com'
let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hoop-key-'))
})
afterEach(() => rm(home, { recursive: true }))

const key = (at = gateway) => deviceKey({ store: fileStore(home), lock: join(home, 'lock'), gateway: at })
const part = (proof: string, at: number) => JSON.parse(Buffer.from(proof.split('.')[at] ?? '', 'base64url').toString())

test('a proof is signed by the key that it names, for one request', async () => {
  const mine = key()
  const url = `${gateway}/v1/sessions?x=1#y`
  const proofs = await Promise.all([1, 2].map(() => mine.proof({ method: 'POST', url, accessToken: 'a.b.c' })))
  const [proof = '', other = ''] = proofs
  const [header, claims] = [part(proof, 0), part(proof, 1)]
  expect(header).toMatchObject({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty: 'EC', crv: 'P-256' } })
  expect(Object.keys(header.jwk).sort()).toEqual(['crv', 'kty', 'x', 'y'])
  const ath = createHash('sha256').update('a.b.c').digest('base64url')
  expect(claims).toMatchObject({ htm: 'POST', htu: `${gateway}/v1/sessions`, ath })
  expect(part(other, 1).jti).not.toBe(claims.jti)
  const [signed, signature] = [proof.slice(0, proof.lastIndexOf('.')), proof.slice(proof.lastIndexOf('.') + 1)]
  const publicKey = createPublicKey({ key: header.jwk, format: 'jwk' })
  const by = { key: publicKey, dsaEncoding: 'ieee-p1363' as const }
  expect(verify('sha256', Buffer.from(signed), by, Buffer.from(signature, 'base64url'))).toBe(true)
  expect(part(await mine.proof({ method: 'GET', url, accessToken: null }), 1)).not.toHaveProperty('ath')
})

test('a WebSocket is proven as the request that opens it', async () => {
  const proof = await key().proof({ method: 'GET', url: 'wss://hoop.example.com/v1/tunnel?id=1', accessToken: 'x' })
  expect(part(proof, 1).htu).toBe(`${gateway}/v1/tunnel`)
})

test('a device has one key for each gateway, whoever makes it first', async () => {
  const thumbprints = await Promise.all([1, 2, 3].map(() => key().thumbprint()))
  expect(new Set(thumbprints).size).toBe(1)
  expect(await key('https://other.example.com').thumbprint()).not.toBe(thumbprints[0])
})

test('one that was damaged is said to be, and not replaced', async () => {
  await fileStore(home).set(accounts.deviceKey(gateway), 'x')
  await expect(key().thumbprint()).rejects.toMatchObject({ message: expect.stringContaining(gateway) })
})
