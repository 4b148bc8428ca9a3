// @peculiar/x509 asks for this polyfill to be there first.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import { GeneralName, GeneralSubtree, GeneralSubtrees, id_ce_nameConstraints, NameConstraints } from '@peculiar/asn1-x509'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A certificate and its private key (PKCS #8), both PEM. */
export interface KeyedCertificate {
  readonly certificate: string
  readonly key: string
}

/** P-256: a key is made in a millisecond, and every client verifies it. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** The only names that a local port has. */
const names = { dns: ['localhost'], ip: ['127.0.0.1', '::1'] } as const
/** The networks of one address each. */
const networks = ['127.0.0.1/32', '::1/128']

/** From when, and until when. */
export interface Validity {
  readonly notBefore: Date
  readonly notAfter: Date
}

/**
 * An authority that can sign for nothing but localhost, 127.0.0.1 and ::1 (name constraints, RFC 5280, section 4.2.1.10). With the key
 * of a former one it is that one renewed: what either signed, both vouch for.
 */
export async function makeAuthority(owner: string, validity: Validity, key: string | null): Promise<KeyedCertificate> {
  const keys = key === null ? await newKeys() : await keysOf(key)
  const permitted = [
    ...names.dns.map((dNSName) => new GeneralName({ dNSName })),
    ...networks.map((iPAddress) => new GeneralName({ iPAddress })),
  ]
  const constraints = new NameConstraints({
    permittedSubtrees: new GeneralSubtrees(permitted.map((base) => new GeneralSubtree({ base }))),
  })
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: nameOf(`hoop on localhost for ${owner}`),
    keys,
    signingAlgorithm: algorithm,
    ...validity,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new Extension(id_ce_nameConstraints, true, AsnConvert.serialize(constraints)),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) }
}

/** A server's certificate for the names of a local port, its signature ECDSA with SHA-256. */
export async function signLocalhost(authority: KeyedCertificate, validity: Validity): Promise<KeyedCertificate> {
  const [issuer, issuing, keys] = [new X509Certificate(authority.certificate), await keysOf(authority.key), await newKeys()]
  const certificate = await X509CertificateGenerator.create({
    subject: nameOf(names.dns[0]),
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: issuing.privateKey,
    signingAlgorithm: algorithm,
    ...validity,
    extensions: [
      new BasicConstraintsExtension(false),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        ...names.dns.map((value) => ({ type: 'dns' as const, value })),
        ...names.ip.map((value) => ({ type: 'ip' as const, value })),
      ]),
      await AuthorityKeyIdentifierExtension.create(issuing.publicKey),
    ],
  })
  return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) }
}

/** ub-common-name: 64 characters (RFC 5280, appendix A.1). */
function nameOf(common: string): Name {
  return new Name([{ CN: [{ utf8String: [...common].slice(0, 64).join('') }] }])
}

async function newKeys(): Promise<CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

type CryptoKeyPair = webcrypto.CryptoKeyPair

async function keysOf(pem: string): Promise<CryptoKeyPair> {
  const { subtle } = webcrypto
  const privateKey = await subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), algorithm, true, ['sign'])
  const { d: _, key_ops: __, ...open } = await subtle.exportKey('jwk', privateKey)
  return { privateKey, publicKey: await subtle.importKey('jwk', open, algorithm, true, ['verify']) }
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}
