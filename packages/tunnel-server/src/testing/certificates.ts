// @peculiar/x509 asks for this polyfill to be there first.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

/** A certificate and its private key, as PEM. */
export interface Pair {
  readonly certificate: string
  readonly key: string
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** A certificate that nobody but itself has signed. */
export async function makePair(name: string, keys?: webcrypto.CryptoKeyPair): Promise<Pair> {
  const own = keys ?? (await makeKeys())
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys: own,
    signingAlgorithm: algorithm,
  })
  const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey)
  return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
}

export function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}
