import { type ConnectionDocument, connectionSecrets } from '@hoop/contracts'
import type { Cipher } from '../secrets/cipher.ts'
import type { References } from '../secrets/references.ts'
import type { Store } from '../store/database.ts'
import { readSecret } from '../store/secrets.ts'

/** The secrets of one connection, read when they are needed. */
export class Secrets {
  readonly #connection: ConnectionDocument
  readonly #parts: { readonly store: Store; readonly cipher: Cipher; readonly references: References }

  constructor(connection: ConnectionDocument, parts: { store: Store; cipher: Cipher; references: References }) {
    this.#connection = connection
    this.#parts = parts
  }

  /** By its field, as in `login.password`; null: there is none. Rejects with a HoopError where a reference leads nowhere. */
  async read(field: string): Promise<string | null> {
    const place = connectionSecrets(this.#connection).find((secret) => secret.field === field)
    if (place === undefined || place.given === null) return null
    const { name } = this.#connection
    const { store, cipher, references } = this.#parts
    if (typeof place.given === 'object') return await references.resolve(place.given, name, field)
    // What is given in plain stands in the store.
    const sealed = await store.run((db) => readSecret(db, name, field))
    return sealed === null ? null : cipher.open({ connection: name, field }, sealed)
  }
}
