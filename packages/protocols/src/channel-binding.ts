import { createHash, type X509Certificate } from 'node:crypto'
import { ByteReader, ProtocolViolation } from './bytes.ts'

/** Object identifiers of signature algorithms, as hexadecimal DER, and the hash each signs with. */
const signatureHashes: Readonly<Record<string, string>> = {
  '2a864886f70d010104': 'md5',
  '2a864886f70d010105': 'sha1',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a864886f70d01010e': 'sha224',
  '2a8648ce3d0401': 'sha1',
  '2a8648ce3d040301': 'sha224',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
}
/** RSASSA-PSS: the hash stands in its parameters (RFC 4055, section 3.1), by one of these identifiers. */
const rsaPss = '2a864886f70d01010a'
const pssHashes: Readonly<Record<string, string>> = {
  '608648016503040201': 'sha256',
  '608648016503040202': 'sha384',
  '608648016503040203': 'sha512',
  '608648016503040204': 'sha224',
}

/**
 * The channel binding `tls-server-end-point` (RFC 5929, section 4.1): the certificate hashed as its signature is, by SHA-256 where that
 * would be MD5 or SHA-1. Null where none is defined: the signature uses no hash (Ed25519), or one that is not known here.
 * @throws ProtocolViolation when it is not DER.
 */
export function tlsServerEndPoint(certificate: X509Certificate): Buffer | null {
  const hash = signatureHash(certificate.raw)
  if (hash === null) return null
  return createHash(hash === 'md5' || hash === 'sha1' ? 'sha256' : hash)
    .update(certificate.raw)
    .digest()
}

const tags = { oid: 0x06, sequence: 0x30, context0: 0xa0 } as const

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { algorithm OID, parameters }, signature } */
function signatureHash(raw: Buffer): string | null {
  const certificate = element(new ByteReader(raw), tags.sequence)
  element(certificate, tags.sequence)
  const signatureAlgorithm = element(certificate, tags.sequence)
  const algorithm = element(signatureAlgorithm, tags.oid).rest().toString('hex')
  if (algorithm !== rsaPss) return signatureHashes[algorithm] ?? null
  const parameters = element(signatureAlgorithm, tags.sequence)
  // [0] hashAlgorithm; left out, it is SHA-1.
  const first = parameters.remaining === 0 ? null : tagged(parameters)
  if (first?.tag !== tags.context0) return 'sha1'
  return pssHashes[element(element(first.body, tags.sequence), tags.oid).rest().toString('hex')] ?? null
}

function element(from: ByteReader, tag: number): ByteReader {
  const found = tagged(from)
  if (found.tag !== tag) throw new ProtocolViolation('a certificate that is not well formed')
  return found.body
}

/** One tag, length and value of DER. */
function tagged(from: ByteReader): { tag: number; body: ByteReader } {
  const tag = from.uint8()
  const short = from.uint8()
  let length = short
  if (short > 0x7f) {
    if (short > 0x83) throw new ProtocolViolation('a certificate that is too long')
    length = 0
    for (let i = 0x80; i < short; i++) length = length * 256 + from.uint8()
  }
  return { tag, body: new ByteReader(from.bytes(length)) }
}
