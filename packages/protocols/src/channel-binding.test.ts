import { createHash, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { ProtocolViolation } from './bytes.ts'
import { type Algorithm, Authority } from './certificates.fixture.ts'
import { tlsServerEndPoint } from './channel-binding.ts'

const expected: Readonly<Record<Algorithm, string | null>> = {
  'ECDSA with SHA-256': 'sha256',
  'ECDSA with SHA-384': 'sha384',
  'ECDSA with SHA-512': 'sha512',
  'RSA with SHA-1': 'sha256',
  'RSA with SHA-256': 'sha256',
  'RSA with SHA-512': 'sha512',
  'RSA-PSS with SHA-384': 'sha384',
  Ed25519: null,
}
for (const [algorithm, hash] of Object.entries(expected) as [Algorithm, string | null][]) {
  test(`a certificate signed by ${algorithm} is hashed by ${hash ?? 'nothing'}`, async () => {
    const certificate = new X509Certificate((await Authority.make(algorithm)).certificate)
    expect(tlsServerEndPoint(certificate)).toEqual(hash === null ? null : createHash(hash).update(certificate.raw).digest())
  })
}

test('DER that is cut or altered is refused, never believed', async () => {
  const { raw } = new X509Certificate((await Authority.make()).certificate)
  const hashOf = (bytes: Buffer): string | null => {
    try {
      return tlsServerEndPoint({ raw: bytes } as X509Certificate) === null ? null : 'hashed'
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolViolation)
      return 'refused'
    }
  }
  for (let end = 0; end < raw.length; end++) expect(hashOf(raw.subarray(0, end))).toBe('refused')
  for (let at = 0; at < raw.length; at++) hashOf(Buffer.from(raw.map((byte, index) => (index === at ? byte ^ 0xff : byte))))
})
