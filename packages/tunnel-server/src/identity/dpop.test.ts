import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { HoopError } from '@hoop/contracts'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { makeDevice } from '../testing/device.ts'
import { DpopProofs, type ProofToVerify } from './dpop.ts'
import { SeenIds } from './seen-ids.ts'

const url = 'https://hoop.example.com/v1/sessions'
const request = { method: 'POST', url, accessToken: 'a.b.c' }
const gateway = new DpopProofs(async () => true)
const verifyDpopProof = (given: Omit<ProofToVerify, 'once'>) => gateway.verify({ ...given, once: 'here' })
const device = await makeDevice()
const now = () => Math.floor(Date.now() / 1000)

async function refusal(proof: string, at: Partial<typeof request> = {}): Promise<HoopError> {
  const error = await verifyDpopProof({ ...request, ...at, proof }).catch((reason: unknown) => reason)
  if (!(error instanceof HoopError)) throw new Error('it was not refused', { cause: error })
  expect(error.code).toBe('invalid_proof')
  return error
}

test.each(['ES256', 'EdDSA'] as const)('a proof by %s gives the thumbprint of its key', async (algorithm) => {
  const { thumbprint, proof } = await makeDevice(algorithm)
  expect(await verifyDpopProof({ ...request, proof: await proof(request) })).toEqual({ jkt: thumbprint })
  const bare = { method: 'POST', url }
  expect(await verifyDpopProof({ ...bare, accessToken: null, proof: await proof(bare) })).toEqual({ jkt: thumbprint })
})

test('what follows ? counts for nothing, and the names of this machine are one', async () => {
  const proof = await device.proof({ ...request, url: 'http://localhost:8010/v1/whoami' })
  await verifyDpopProof({ ...request, url: 'http://127.0.0.1:8010/v1/whoami?x=1', proof })
})

describe('a proof is refused', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['for another method', { htm: 'GET' }, 'not for POST'],
    ['for another path', { htu: 'https://hoop.example.com/v1/token' }, 'this gateway is'],
    ['for another host', { htu: 'https://hoop.example.org/v1/sessions' }, 'hoop.example.org'],
    ['for another port', { htu: 'https://hoop.example.com:444/v1/sessions' }, 'this gateway is'],
    ['without encryption', { htu: 'http://hoop.example.com/v1/sessions' }, 'this gateway is'],
    ['for what is no address', { htu: 'javascript:0' }, 'lacks'],
    ['made long ago', { iat: now() - 75 }, 'behind'],
    ['made in the future', { iat: now() + 75 }, 'ahead'],
    ['without a time', { iat: undefined }, 'lacks'],
    ['without an id', { jti: undefined }, 'lacks'],
    ['with an endless id', { jti: 'x'.repeat(300) }, 'lacks'],
    ['for another token', { ath: 'x' }, 'another access token'],
    ['for no token', { ath: undefined }, 'another access token'],
  ])('%s', async (_, change, words) => {
    expect((await refusal(await device.proof(request, change))).message).toContain(words)
  })

  test('the second time, whoever asks', async () => {
    const proof = await device.proof(request)
    await verifyDpopProof({ ...request, proof })
    expect((await refusal(proof)).message).toContain('used before')
    const both = await device.proof(request)
    const results = await Promise.allSettled([1, 2].map(() => verifyDpopProof({ ...request, proof: both })))
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  const claims = { jti: randomUUID(), htm: 'POST', htu: url, iat: now() }
  test('signed by another key than it names, by none, by a secret, or naming a private key', async () => {
    const [own, other] = await Promise.all([1, 2].map(() => generateKeyPair('ES256', { extractable: true })))
    const jwk = await exportJWK(own!.publicKey)
    const sign = (header: object, key: Parameters<SignJWT['sign']>[0]) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', ...header }).sign(key)
    const secret = new TextEncoder().encode('x'.repeat(32))
    const proofs = [
      sign({ jwk }, other!.privateKey),
      sign({ jwk: await exportJWK(own!.privateKey) }, own!.privateKey),
      sign({ jwk, typ: 'JWT' }, own!.privateKey),
      sign({}, own!.privateKey),
      sign({ jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } }, own!.privateKey),
      sign({ alg: 'HS256', jwk: { kty: 'oct', k: Buffer.from(secret).toString('base64url') } }, secret),
      new UnsecuredJWT(claims).encode(),
      'x',
      '',
      `${await device.proof(request)}, ${await device.proof(request)}`,
      'x'.repeat(100_000),
    ]
    for (const proof of proofs) await refusal(await proof)
  })

  test('by a kind of key that is not asked for', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const proof = new SignJWT(claims).setProtectedHeader({
      alg: 'RS256',
      typ: 'dpop+jwt',
      jwk: publicKey.export({ format: 'jwk' }),
    })
    await refusal(await proof.sign(privateKey))
  })
})

test('ids are remembered for their time, and no more of them than fit', async () => {
  const seen = new SeenIds({ keepFor: 60_000, most: 2 })
  expect(['a', 'a', 'b', 'b', 'c'].map((id) => seen.use(id))).toEqual(['new', 'seen', 'new', 'seen', 'full'])
  const brief = new SeenIds({ keepFor: 20, most: 1 })
  expect(brief.use('a')).toBe('new')
  await expect.poll(() => brief.use('b'), { interval: 5 }).toBe('new')
  await expect.poll(() => brief.use('a'), { interval: 45 }).toBe('new')
})
