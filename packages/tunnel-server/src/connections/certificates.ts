import { createPrivateKey, X509Certificate } from 'node:crypto'

/** The certificates of a PEM text, in their order; null if there is none, or one that cannot be read. */
export function certificatesOf(pem: string): X509Certificate[] | null {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)
  try {
    return blocks?.map((block) => new X509Certificate(block)) ?? null
  } catch {
    return null
  }
}

/** Why a private key cannot stand beside a chain of certificates; null if it can. The words hold nothing of the key. */
export function keyMistake(certificate: string, key: string): string | null {
  if (/ENCRYPTED/.test(key.slice(0, 200))) return 'is encrypted with a passphrase'
  try {
    const privateKey = createPrivateKey(key)
    return certificatesOf(certificate)?.[0]?.checkPrivateKey(privateKey) === true ? null : 'does not belong to the certificate'
  } catch {
    return 'is not a private key'
  }
}
