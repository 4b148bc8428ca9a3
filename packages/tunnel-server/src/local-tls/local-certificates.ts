import { createHash, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Identity } from '@hoop/contracts'
import type { Cipher } from '../secrets/cipher.ts'
import type { LocalCertificate } from '../sessions/types.ts'
import type { Store } from '../store/database.ts'
import { lockLocalAuthority, putLocalAuthority, readLocalAuthority } from '../store/local-authorities.ts'
import type { KeyedCertificate, Validity } from './certificates.ts'

const day = 24 * 60 * 60 * 1000
/** How long a certificate holds, and from when before its end on another takes its place. No session is open for two days. */
const authorityLife = { of: 365 * day, renewedBefore: 30 * day }
const certificateLife = { of: 7 * day, renewedBefore: 2 * day }
/** Identities whose certificate is kept in memory. */
const maxKept = 10_000

/** Certificates for localhost, each identity's signed by an authority of its own, whose key is kept encrypted in the store. */
export class LocalCertificates {
  readonly #store: Store
  readonly #cipher: Cipher
  readonly #now: () => number
  readonly #kept = new Map<string, { readonly made: Promise<LocalCertificate>; readonly freshUntil: number }>()

  constructor(parts: { store: Store; cipher: Cipher; now?: () => number }) {
    this.#store = parts.store
    this.#cipher = parts.cipher
    this.#now = parts.now ?? Date.now
  }

  /** From memory but for the first time in days. Rejects with a HoopError `unavailable` when the store does not answer. */
  of(identity: Identity): Promise<LocalCertificate> {
    const now = this.#now()
    const found = this.#kept.get(identity.id)
    if (found !== undefined && now < found.freshUntil) return found.made
    const made = this.#make(identity, now)
    const kept = { made, freshUntil: now + certificateLife.of - certificateLife.renewedBefore }
    this.#kept.delete(identity.id)
    this.#kept.set(identity.id, kept)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest)
    made.catch(() => this.#kept.get(identity.id) === kept && this.#kept.delete(identity.id))
    return made
  }

  async #make(identity: Identity, now: number): Promise<LocalCertificate> {
    // Only here: who never asks for local TLS does not pay for loading it.
    const { makeAuthority, signLocalhost } = await import('./certificates.ts')
    const authority = await this.#store.transaction(async (db) => {
      await lockLocalAuthority(db, identity.id)
      const place = { connection: `localhost of ${identity.id}`, field: 'authority' }
      const found = await readLocalAuthority(db, identity.id)
      const key = found !== null && found.notAfter.getTime() > now ? this.#open(place, found.key) : null
      if (found !== null && key !== null && found.notAfter.getTime() > now + authorityLife.renewedBefore)
        return { certificate: found.certificate, key }
      const validity = validityFrom(now, authorityLife.of)
      const fresh = await makeAuthority(identity.name, validity, key)
      await putLocalAuthority(db, identity.id, {
        certificate: fresh.certificate,
        key: this.#cipher.seal(place, fresh.key),
        notAfter: validity.notAfter,
      })
      return fresh
    })
    return localCertificate(authority, await signLocalhost(authority, validityFrom(now, certificateLife.of)))
  }

  /** Null where the key cannot be decrypted any more: another authority costs nobody anything but a new file of it. */
  #open(place: Parameters<Cipher['open']>[0], sealed: Parameters<Cipher['open']>[1]): string | null {
    try {
      return this.#cipher.open(place, sealed)
    } catch {
      return null
    }
  }
}

/** From a day ago: a laptop's clock may be behind. */
function validityFrom(now: number, length: number): Validity {
  return { notBefore: new Date(now - day), notAfter: new Date(now + length) }
}

function localCertificate(authority: KeyedCertificate, own: KeyedCertificate): LocalCertificate {
  const context = createSecureContext({ cert: own.certificate, key: own.key, minVersion: 'TLSv1.2' })
  // RFC 5929, section 4.1: by the hash of the certificate's own signature, which is SHA-256.
  const endPoint = createHash('sha256').update(new X509Certificate(own.certificate).raw).digest()
  return { authority: authority.certificate, tls: { context, endPoint } }
}
