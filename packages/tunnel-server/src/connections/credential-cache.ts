import { createHash } from 'node:crypto'

/** A token, and until when it is good (milliseconds since 1970). */
export interface IssuedToken {
  readonly value: string
  readonly expires: number
}

interface Kept {
  readonly key: string
  readonly token: Promise<IssuedToken>
  /** Null: it is not there yet. */
  issued: { readonly value: string; readonly at: number; readonly renew: number } | null
}

/** How long before its end a token is not used any more; of one that lives shorter than twice that, half of its life. */
const margin = 60_000
/** How long one is used at least, whatever the service says of it: no issuer is asked more often. */
const shortest = 1_000

/** Tokens that connections are known by: one for each connection, shared by all its sessions, and asked for once at a time. */
export class CredentialCache {
  readonly #kept = new Map<string, Kept>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /**
   * `madeOf`: all that the token depends on, secrets too; when it changes, the token is dropped. `refused`: one that the service did not take, which
   * is dropped where it is still the one that is kept. Rejects with what `issue` rejects with.
   */
  async token(
    connection: string,
    madeOf: readonly unknown[],
    issue: () => Promise<IssuedToken>,
    refused: string | null = null,
  ): Promise<string> {
    const key = createHash('sha256').update(JSON.stringify(madeOf)).digest('hex')
    const known = this.#kept.get(connection)
    if (known !== undefined && known.key === key && this.#serves(known, refused)) return (await known.token).value
    const kept: Kept = { key, token: issue(), issued: null }
    this.#kept.set(connection, kept)
    try {
      const { value, expires } = await kept.token
      const at = this.#now()
      kept.issued = { value, at, renew: expires - Math.min(margin, (expires - at) / 2) }
      return value
    } catch (error) {
      if (this.#kept.get(connection) === kept) this.#kept.delete(connection)
      throw error
    }
  }

  #serves({ issued }: Kept, refused: string | null): boolean {
    if (issued === null) return true
    const now = this.#now()
    return now < issued.renew && (issued.value !== refused || now - issued.at < shortest)
  }
}
