// @peculiar/x509 asks for this polyfill to be there first.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

/** A certificate and its private key, as PEM. */
export interface Pair {
  readonly certificate: string
  readonly key: string
}

type Keys = { readonly publicKey: webcrypto.CryptoKey; readonly privateKey: webcrypto.CryptoKey }

/** Algorithms to sign with, as WebCrypto names them. */
export const algorithms = {
  'ECDSA with SHA-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'ECDSA with SHA-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'ECDSA with SHA-512': { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  'RSA with SHA-1': rsa('RSASSA-PKCS1-v1_5', 'SHA-1'),
  'RSA with SHA-256': rsa('RSASSA-PKCS1-v1_5', 'SHA-256'),
  'RSA with SHA-512': rsa('RSASSA-PKCS1-v1_5', 'SHA-512'),
  'RSA-PSS with SHA-384': { ...rsa('RSA-PSS', 'SHA-384'), saltLength: 48 },
  Ed25519: { name: 'Ed25519' },
} as const
export type Algorithm = keyof typeof algorithms

function rsa(name: string, hash: string) {
  return { name, hash, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }
}

/** An authority of a test's own. */
export class Authority {
  readonly certificate: string
  readonly #name: string
  readonly #keys: Keys
  readonly #algorithm: Algorithm

  private constructor(certificate: string, name: string, keys: Keys, algorithm: Algorithm) {
    this.certificate = certificate
    this.#name = name
    this.#keys = keys
    this.#algorithm = algorithm
  }

  static async make(algorithm: Algorithm = 'ECDSA with SHA-256'): Promise<Authority> {
    const keys = await makeKeys(algorithm)
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=test authority',
      keys,
      signingAlgorithm: algorithms[algorithm],
      ...validity(),
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    })
    return new Authority(certificate.toString('pem'), certificate.subject, keys, algorithm)
  }

  /** A certificate for this common name, and for these host names and addresses. */
  async sign(name: string, hosts: readonly string[] = []): Promise<Pair> {
    const keys = await makeKeys('ECDSA with SHA-256')
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: this.#name,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithms[this.#algorithm],
      ...validity(),
      extensions: [
        new x509.BasicConstraintsExtension(false),
        new x509.SubjectAlternativeNameExtension(
          hosts.map((host) => ({ type: /^[\d.]+$/.test(host) ? ('ip' as const) : ('dns' as const), value: host })),
        ),
      ],
    })
    const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
    return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
  }
}

async function makeKeys(algorithm: Algorithm): Promise<Keys> {
  const keys = await webcrypto.subtle.generateKey(algorithms[algorithm], true, ['sign', 'verify'])
  if (!('privateKey' in keys)) throw new TypeError(`${algorithm} has no key pair`)
  return keys
}

function validity() {
  const day = 24 * 60 * 60 * 1000
  return { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) }
}
