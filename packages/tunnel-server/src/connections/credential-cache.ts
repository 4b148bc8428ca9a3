import { createHash } from 'node:crypto'

/** A token, and until when it is good (milliseconds since 1970). */
export interface IssuedToken {
  readonly value: string
  readonly expires: number
}

interface Kept {
  readonly key: string
  readonly token: Promise<IssuedToken>
  /** When another one is asked for; 0: it is not there yet. */
  renew: number
}

/** How long before its end a token is not used any more; of one that lives shorter than twice that, half of its life. */
const margin = 60_000

/** Tokens that connections are known by: one for each connection, shared by all its sessions, and asked for once at a time. */
export class CredentialCache {
  readonly #kept = new Map<string, Kept>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** `madeOf`: all that the token depends on, secrets too; when it changes, the token is dropped. Rejects with what `issue` rejects with. */
  async token(connection: string, madeOf: readonly unknown[], issue: () => Promise<IssuedToken>): Promise<string> {
    const key = createHash('sha256').update(JSON.stringify(madeOf)).digest('hex')
    const known = this.#kept.get(connection)
    if (known !== undefined && known.key === key && (known.renew === 0 || this.#now() < known.renew))
      return (await known.token).value
    const kept: Kept = { key, token: issue(), renew: 0 }
    this.#kept.set(connection, kept)
    try {
      const { value, expires } = await kept.token
      kept.renew = expires - Math.min(margin, (expires - this.#now()) / 2)
      return value
    } catch (error) {
      if (this.#kept.get(connection) === kept) this.#kept.delete(connection)
      throw error
    }
  }
}
