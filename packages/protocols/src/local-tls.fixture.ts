// @peculiar/x509 asks for this polyfill to be there first.
import 'reflect-metadata'
import { createHash, webcrypto } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'
import type { LocalTls } from './protocol.ts'

/** A certificate for localhost that signs itself, for as long as a test runs. */
export async function makeLocalTls(): Promise<LocalTls & { readonly certificate: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const made = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    keys,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
  })
  const certificate = made.toString('pem')
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  const endPoint = createHash('sha256').update(Buffer.from(made.rawData)).digest()
  return { certificate, endPoint, context: createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' }) }
}
