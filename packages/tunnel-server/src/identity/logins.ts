import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { HoopError, type Identity, type TokenResponse } from '@hoop/contracts'
import type { Logger } from 'pino'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Database, Store } from '../store/database.ts'
import {
  addLogin,
  addRefreshToken,
  endLogin,
  findLoginOf,
  type Login,
  readEndedLogins,
  readRunningLogins,
  removeLoginsBefore,
  useRefreshToken,
} from '../store/logins.ts'
import { type AccessTokens, accessTokenLifetime, type Caller } from './access-tokens.ts'
import { loginLifetime, type Provider } from './provider.ts'

/** Told the id of a login that was ended before its time: its tunnels, sessions and streams end. When that time is, each caller's token says. */
export type LoginEnded = (login: string, words: string) => void

const sweepEvery = 60_000
/** Milliseconds after which no access token of an ended login is valid any more, with room for clocks. */
const rememberFor = 2 * accessTokenLifetime * 1000
/** Milliseconds for which used refresh tokens are remembered after their login ended. */
const keepFor = 7 * 24 * 3600_000

/** Logins: the exchange of the provider's proof for our tokens, their renewal and their end. */
export class Logins {
  readonly #store: Store
  readonly #feed: ChangeFeed
  readonly #provider: Provider
  readonly #tokens: AccessTokens
  readonly #log: Logger
  /** Ended logins of which an access token may still be around, and when they were noted. */
  readonly #ended = new Map<string, number>()
  readonly #listeners = new Set<LoginEnded>()
  #stop: () => void = () => {}

  private constructor(parts: { store: Store; feed: ChangeFeed; provider: Provider; tokens: AccessTokens; log: Logger }) {
    this.#store = parts.store
    this.#feed = parts.feed
    this.#provider = parts.provider
    this.#tokens = parts.tokens
    this.#log = parts.log
  }

  static async open(parts: {
    store: Store
    feed: ChangeFeed
    provider: Provider
    tokens: AccessTokens
    log: Logger
  }): Promise<Logins> {
    const logins = new Logins(parts)
    await logins.#readEnded()
    await parts.store.run((db) => removeLoginsBefore(db, new Date(Date.now() - keepFor)))
    const failed = (error: unknown) => parts.log.error({ err: error }, 'ended logins could not be read')
    const unsubscribe = parts.feed.on('logins', (id) =>
      id === null ? void logins.#readEnded().catch(failed) : logins.#noteEnded(id),
    )
    const timer = setInterval(() => logins.#sweep(), sweepEvery).unref()
    logins.#stop = () => {
      unsubscribe()
      clearInterval(timer)
    }
    return logins
  }

  /** Whether this login was ended before its time. */
  hasEnded(login: string): boolean {
    return this.#ended.has(login)
  }

  /** Calls the listener whenever a login is ended; the answer ends that. */
  onEnded(listener: LoginEnded): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Exchanges the provider's ID token for a login of the device with this key. @throws HoopError `invalid_token`, `unavailable` */
  async exchange(idToken: string, device: string): Promise<TokenResponse> {
    const { identity, authenticatedAt } = await this.#provider.verify(idToken)
    const expiresAt = new Date(authenticatedAt.getTime() + loginLifetime * 1000)
    const login: Login = { id: randomUUID(), identity, authenticatedAt, expiresAt, endedAt: null, device }
    const { superseded, answer } = await this.#store.transaction(async (db) => {
      const running = await readRunningLogins(db, identity.id, new Date())
      const superseded = running.filter((earlier) => earlier.authenticatedAt <= authenticatedAt && hasLost(earlier, identity))
      for (const { id } of superseded) await endLogin(db, id, 'a later proof of the identity provider says less')
      await addLogin(db, login)
      return { superseded, answer: await this.#issue(db, login) }
    })
    for (const { id } of superseded) this.#noteEnded(id)
    return answer
  }

  /**
   * Exchanges a refresh token for new tokens, once. Using one again means that two hold it: the whole login ends.
   * `device`: the thumbprint of the key that was proven, which must be that of the login; null: none was.
   * @throws HoopError `invalid_token`, `invalid_proof`, `token_reused`, `unavailable`
   */
  async refresh(refreshToken: string, device: string | null): Promise<TokenResponse> {
    const answer = await this.#store.transaction(async (db) => {
      const login = await findLoginOf(db, hashOf(refreshToken))
      if (login === null) throw notLoggedIn('The refresh token is not one of this gateway.')
      // Before it is used up: who holds the token without the key can neither use it nor end the login.
      if (login.device !== device) throw notItsDevice()
      const use = await useRefreshToken(db, hashOf(refreshToken))
      if (use === 'reused') {
        // Committed, and answered after that: an error in here would take the end of the login back.
        await endLogin(db, login.id, 'a refresh token was used twice')
        return login.id
      }
      if (login.endedAt !== null) throw notLoggedIn('The login was ended.')
      if (login.expiresAt.getTime() <= Date.now()) throw notLoggedIn('The login has run out.')
      return await this.#issue(db, login)
    })
    if (typeof answer !== 'string') return answer
    this.#noteEnded(answer)
    throw new HoopError(
      'token_reused',
      'The refresh token was used before: somebody else may hold it, and the login was ended.',
      {
        hint: 'Run: hoop login',
      },
    )
  }

  /** Ends the login of a refresh token. Nothing is said about whether there was one. */
  async logout(refreshToken: string): Promise<void> {
    const ended = await this.#store.transaction(async (db) => {
      const login = await findLoginOf(db, hashOf(refreshToken))
      if (login !== null) await endLogin(db, login.id, 'logged out')
      return login?.id ?? null
    })
    if (ended !== null) this.#noteEnded(ended)
  }

  /** Who holds this access token. @throws HoopError `invalid_token`, `unavailable` */
  async verifyAccessToken(token: string): Promise<Caller> {
    const caller = await this.#tokens.verify(token)
    if (!this.#feed.fresh)
      throw new HoopError('unavailable', 'The gateway cannot tell at the moment whether this login still holds.')
    if (this.#ended.has(caller.login)) throw notLoggedIn('The login was ended.')
    return caller
  }

  close(): void {
    this.#stop()
  }

  async #issue(db: Database, login: Login): Promise<TokenResponse> {
    const refreshToken = randomBytes(32).toString('base64url')
    await addRefreshToken(db, login.id, hashOf(refreshToken))
    const { identity, authenticatedAt, expiresAt, device } = login
    const left = Math.floor((expiresAt.getTime() - Date.now()) / 1000)
    return {
      access_token: await this.#tokens.issue({ identity, login: login.id, authenticatedAt, loginExpiresAt: expiresAt, device }),
      token_type: device === null ? 'Bearer' : 'DPoP',
      expires_in: Math.max(0, Math.min(accessTokenLifetime, left)),
      refresh_token: refreshToken,
      login_expires_at: expiresAt.toISOString(),
      identity,
    }
  }

  async #readEnded(): Promise<void> {
    const since = new Date(Date.now() - rememberFor)
    for (const { id } of await this.#store.run((db) => readEndedLogins(db, since))) this.#noteEnded(id)
  }

  #noteEnded(id: string): void {
    if (this.#ended.has(id)) return
    this.#ended.set(id, Date.now())
    this.#log.info({ login: id }, 'login ended')
    for (const listener of this.#listeners) listener(id, 'The login was ended.')
  }

  #sweep(): void {
    for (const [id, at] of this.#ended) if (at < Date.now() - rememberFor) this.#ended.delete(id)
  }
}

/** Whether the provider has taken a group, or changed the kind, since that login: what it gave then is believed no more. */
function hasLost({ identity: before }: Login, now: Identity): boolean {
  return before.kind !== now.kind || before.groups.some((group) => !now.groups.includes(group))
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function notItsDevice(): HoopError {
  return new HoopError('invalid_proof', "The refresh token is bound to another device's key, or its proof is missing.", {
    hint: 'Run: hoop login',
  })
}

function notLoggedIn(message: string): HoopError {
  return new HoopError('invalid_token', message, { hint: 'Run: hoop login' })
}
