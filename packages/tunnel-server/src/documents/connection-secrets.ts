import { type ConnectionDocument, connectionSecrets, type Document, HoopError, type Secret } from '@hoop/contracts'
import { keyMistake } from '../connections/certificates.ts'
import { sameDestination } from '../connections/check.ts'
import type { Cipher } from '../secrets/cipher.ts'
import type { Database } from '../store/database.ts'
import { putSecret, readSecret, removeSecret } from '../store/secrets.ts'

const keyField = 'login.key'

/**
 * Encrypts the secrets that a connection gives in plain, keeps those that are there where it gives none; true when one changed.
 * @throws HoopError `invalid_document` when one is missing, or would go elsewhere without being given again
 */
export async function putSecrets(
  db: Database,
  cipher: Cipher,
  connection: ConnectionDocument,
  old: Document | null,
): Promise<boolean> {
  const before = old?.kind === 'Connection' ? old : null
  const { certificate } = connection.login
  const kept = new Kept(db, cipher, connection, before)
  const places = connectionSecrets(connection)
  let changed = false
  for (const { field, given } of places) {
    // A key belongs to its certificate: without one none is kept.
    const wanted = field === keyField && certificate === undefined ? null : given
    if (await kept.put(field, wanted)) changed = true
    if (field === keyField && certificate !== undefined && given === undefined) await kept.expectKeyOf(certificate)
  }
  const left =
    before === null ? [] : connectionSecrets(before).filter(({ field }) => !places.some((place) => place.field === field))
  for (const { field } of left) if (await kept.put(field, null)) changed = true
  return changed
}

/** The secrets of one connection in the store. */
class Kept {
  readonly #db: Database
  readonly #cipher: Cipher
  readonly #connection: ConnectionDocument
  readonly #old: ConnectionDocument | null

  constructor(db: Database, cipher: Cipher, connection: ConnectionDocument, old: ConnectionDocument | null) {
    this.#db = db
    this.#cipher = cipher
    this.#connection = connection
    this.#old = old
  }

  /** True when what the store has changed. */
  async put(field: string, given: Secret | null | undefined): Promise<boolean> {
    const { name } = this.#connection
    const place = { connection: name, field }
    const sealed = await readSecret(this.#db, name, field)
    if (typeof given === 'string') {
      if (sealed !== null && this.#cipher.holds(place, sealed, given)) return false
      await putSecret(this.#db, name, field, this.#cipher.seal(place, given))
      return true
    }
    if (sealed === null) return false
    if (given !== undefined) {
      await removeSecret(this.#db, name, field)
      return true
    }
    if (this.#old !== null && sameDestination(this.#old, this.#connection)) return false
    throw missing(name, field, 'its address, user or TLS changed, and a stored secret goes nowhere new by itself')
  }

  /** The stored key must be the certificate's. */
  async expectKeyOf(certificate: string): Promise<void> {
    const { name } = this.#connection
    const place = { connection: name, field: keyField }
    const sealed = await readSecret(this.#db, name, keyField)
    if (sealed === null) throw missing(name, keyField, 'the certificate is of no use without it')
    const mistake = keyMistake(certificate, this.#cipher.open(place, sealed))
    if (mistake !== null) throw missing(name, keyField, `the one in the store ${mistake}`)
  }
}

function missing(name: string, field: string, why: string): HoopError {
  const none = field === keyField ? '' : ', or null if there is none'
  return new HoopError('invalid_document', `Connection/${name}: ${field} is missing, and ${why}.`, {
    hint: `Give it, or say where it is: { env: NAME } or { file: PATH }${none}.`,
  })
}
