import type { Identity } from '@hoop/contracts'
import type { Logger } from 'pino'
import type { Cipher } from '../secrets/cipher.ts'
import type { Database, Store } from '../store/database.ts'
import type { Login } from '../store/logins.ts'
import { addProviderGrant, claimProviderGrant, readCheckedAt, releaseProviderGrant } from '../store/provider-grants.ts'
import type { Provider } from './provider.ts'

/** What is known of an account after it was asked for, or instead of that. */
export type AccountFinding =
  | { readonly kind: 'standing'; readonly identity: Identity }
  | { readonly kind: 'gone'; readonly words: string }
  /** The provider said so a moment ago. */
  | { readonly kind: 'recent' }
  /** It does not answer, or another gateway is asking; `since`: when it last said that the account stands. */
  | { readonly kind: 'untold'; readonly since: Date }
  /** The provider gave nothing by which it could be asked. */
  | { readonly kind: 'never' }

const notVouchedFor = 'the identity provider does not vouch for it any more'
/** Milliseconds for which one gateway may be asking. */
const longestCheck = 60_000

/** Asks the provider whether the account of a login still stands: one check at a time for each login, whatever gateway makes it. */
export class AccountChecks {
  readonly #store: Store
  readonly #provider: Provider
  readonly #cipher: Cipher
  readonly #log: Logger

  constructor(parts: { store: Store; provider: Provider; cipher: Cipher; log: Logger }) {
    this.#store = parts.store
    this.#provider = parts.provider
    this.#cipher = parts.cipher
    this.#log = parts.log
  }

  /** Keeps, encrypted, what the provider can be asked by. */
  async keep(db: Database, login: string, refreshToken: string): Promise<void> {
    await addProviderGrant(db, login, this.#cipher.seal(placeOf(login), refreshToken), new Date())
  }

  /** When the provider last said that the account stands; null: it cannot be asked. */
  async checkedAt(login: string): Promise<Date | null> {
    return await this.#store.run((db) => readCheckedAt(db, login))
  }

  /** Asks, unless that was done within so many milliseconds. @throws HoopError `unavailable` when the store does not answer */
  async check(login: Login, notWithin: number): Promise<AccountFinding> {
    const since = await this.checkedAt(login.id)
    if (since === null) return { kind: 'never' }
    const now = Date.now()
    if (now - since.getTime() < notWithin) return { kind: 'recent' }
    const claim = { now: new Date(now), until: new Date(now + longestCheck), checkedBefore: new Date(now - notWithin) }
    const sealed = await this.#store.run((db) => claimProviderGrant(db, login.id, claim))
    // Another asks, or has just done so.
    if (sealed === null) {
      const checkedAt = await this.checkedAt(login.id)
      return checkedAt !== null && checkedAt > claim.checkedBefore ? { kind: 'recent' } : { kind: 'untold', since }
    }
    let checkedAt = since
    let next = sealed
    try {
      const renewed = await this.#provider.renew(this.#cipher.open(placeOf(login.id), sealed))
      if (renewed === 'gone') return { kind: 'gone', words: notVouchedFor }
      // Whatever fails from here on: the token before is used up.
      next = this.#cipher.seal(placeOf(login.id), renewed.refreshToken)
      const account = await this.#provider.identify(login.identity, renewed)
      if (account.state === 'gone') return { kind: 'gone', words: account.words }
      checkedAt = new Date()
      return { kind: 'standing', identity: account.identity }
    } catch (error) {
      this.#log.warn({ err: error, login: login.id }, 'the identity provider cannot be asked about an account')
      return { kind: 'untold', since }
    } finally {
      await this.#store.run((db) => releaseProviderGrant(db, login.id, { ...next, checkedAt }))
    }
  }

  /**
   * The first time: the refresh token must be of the one whom the ID token names, or an account that is gone would stand for ever by
   * another's. Gives the one to keep.
   * @throws HoopError `unavailable` when it cannot be told
   */
  async mustStand(
    identity: Identity,
    refreshToken: string,
  ): Promise<{ identity: Identity; refreshToken: string } | { words: string }> {
    const renewed = await this.#provider.renew(refreshToken)
    if (renewed === 'gone') return { words: notVouchedFor }
    const account = await this.#provider.identify(identity, renewed)
    return account.state === 'gone' ? account : { identity: account.identity, refreshToken: renewed.refreshToken }
  }
}

function placeOf(login: string) {
  return { connection: `login ${login}`, field: "provider's refresh token" }
}
