import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { HoopError } from '@hoop/contracts'

/** An encrypted secret: AES-256-GCM, a random 96-bit nonce, the 128-bit tag at the end of the ciphertext. */
export interface Sealed {
  readonly ciphertext: Buffer
  readonly nonce: Buffer
  readonly keyId: string
}

/** Where a secret belongs: part of what is authenticated, so that a row copied to another connection does not decrypt there. */
export interface SecretPlace {
  readonly connection: string
  readonly field: string
}

const tagLength = 16

/** Encrypts secrets under one master key. */
export class Cipher {
  readonly #key: Buffer
  readonly keyId: string

  /** `key`: 32 bytes. */
  constructor(key: Buffer) {
    this.#key = key
    this.keyId = createHash('sha256').update('hoop master key id').update(key).digest('hex').slice(0, 16)
  }

  seal(place: SecretPlace, secret: string): Sealed {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagLength }).setAAD(associated(place))
    const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return { ciphertext, nonce, keyId: this.keyId }
  }

  /** @throws HoopError `connection_unavailable` when it was encrypted under another key, for another place, or altered. */
  open(place: SecretPlace, { ciphertext, nonce, keyId }: Sealed): string {
    if (keyId !== this.keyId) throw unreadable(place, `It was encrypted under key ${keyId}; the gateway has ${this.keyId}.`)
    if (ciphertext.length < tagLength) throw unreadable(place, 'It is cut short.')
    try {
      const tagAt = ciphertext.length - tagLength
      const cipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagLength })
        .setAAD(associated(place))
        .setAuthTag(ciphertext.subarray(tagAt))
      return Buffer.concat([cipher.update(ciphertext.subarray(0, tagAt)), cipher.final()]).toString('utf8')
    } catch (cause) {
      throw unreadable(place, 'It was altered, or belongs elsewhere.', cause)
    }
  }

  /** Whether this very secret is in there; one that cannot be decrypted is another one. */
  holds(place: SecretPlace, sealed: Sealed, secret: string): boolean {
    try {
      return this.open(place, sealed) === secret
    } catch {
      return false
    }
  }
}

function associated({ connection, field }: SecretPlace): Buffer {
  // Names of documents hold no NUL: two places never give the same bytes.
  return Buffer.from(`hoop secret 1\0${connection}\0${field}`, 'utf8')
}

function unreadable({ connection, field }: SecretPlace, why: string, cause?: unknown): HoopError {
  return new HoopError('connection_unavailable', `The ${field} of ${connection} in the store cannot be decrypted. ${why}`, {
    hint: 'An admin can apply the connection again with its password.',
    cause,
  })
}
