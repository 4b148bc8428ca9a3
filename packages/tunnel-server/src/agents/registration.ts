import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Store } from '../store/database.ts'
import { findGateway, forgetGateways, putGateway, removeGateway, type StoredGateway } from '../store/gateways.ts'
import { GatewayKey } from './gateway-proof.ts'

/** Milliseconds. */
const beatEvery = 10_000
/** Milliseconds after which a gateway that was not seen is taken for dead, and its agents for offline. */
export const seenWithin = 3 * beatEvery
/** Milliseconds after which nothing remembers it. */
const rememberFor = 24 * 3600_000

/** What this gateway tells the others: that it runs, where they reach it, and by which key it is known. */
export class Registration {
  readonly id: string
  readonly key: GatewayKey
  readonly #store: Store
  readonly #log: Logger
  #url: string | null = null
  #timer: NodeJS.Timeout | null = null
  #noted = false

  private constructor(parts: { store: Store; gateway: string; log: Logger }, key: GatewayKey) {
    this.#store = parts.store
    this.#log = parts.log
    this.id = parts.gateway
    this.key = key
  }

  static async make(parts: { store: Store; gateway: string; log: Logger }): Promise<Registration> {
    return new Registration(parts, await GatewayKey.make())
  }

  /** `url`: where the others reach it; null: they do not. Rejects with `unavailable`. */
  async begin(url: string | null): Promise<void> {
    this.#url = url
    await this.#beat()
    const beat = () => this.#beat().catch((error: unknown) => this.#log.warn({ err: error }, 'this gateway could not be noted'))
    this.#timer = setInterval(() => void beat(), beatEvery).unref()
  }

  /** A gateway that runs; null: there is none of this id. Rejects with `unavailable`. */
  async find(id: string): Promise<StoredGateway | null> {
    return await this.#store.run((db) => findGateway(db, id, new Date(Date.now() - seenWithin)))
  }

  async end(): Promise<void> {
    if (this.#timer === null) return
    clearInterval(this.#timer)
    const { id, key } = this
    await this.#store
      .run((db) => removeGateway(db, { id, publicKey: key.publicJwk }))
      .catch((error: unknown) => this.#log.warn({ err: error }, 'that this gateway stops could not be noted'))
  }

  async #beat(): Promise<void> {
    const now = new Date()
    const { id, key } = this
    const found = this.#noted ? await this.find(id) : null
    if (found !== null && !isDeepStrictEqual(found.publicKey, key.publicJwk)) {
      this.#log.error(
        { id, url: found.url },
        'another gateway of this store has the same id: each needs a keys/gateway-id of its own',
      )
    }
    this.#noted = true
    await this.#store.run((db) => putGateway(db, { id, url: this.#url, publicKey: key.publicJwk, seenAt: now }))
    await this.#store.run((db) => forgetGateways(db, new Date(now.getTime() - rememberFor)))
  }
}
