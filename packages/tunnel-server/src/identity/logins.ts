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
  noteUse,
  readEndedLogins,
  readLogin,
  readLoginsBySource,
  readLoginsToEnd,
  readRunningLogins,
  removeLoginsBefore,
  updateIdentity,
  useRefreshToken,
} from '../store/logins.ts'
import { forgetTokensBefore, useToken } from '../store/machines.ts'
import { type AccessTokens, accessTokenLifetime, type Caller } from './access-tokens.ts'
import type { AccountChecks } from './account-checks.ts'
import { AccountRechecks } from './account-rechecks.ts'
import { AccountWatch } from './account-watch.ts'
import { loginLifetime, logoutTokenLifetime, type Provider } from './provider.ts'

/** Told the id of a login that was ended before its time: its tunnels, sessions and streams end. When that time is, each caller's token says. */
export type LoginEnded = (login: string, words: string) => void

/** A person's login is renewed by its refresh token. */
type LoginResponse = TokenResponse & { readonly refresh_token: string }

const sweepEvery = 60_000
/** Milliseconds after which no access token of an ended login is valid any more, with room for clocks. */
const rememberFor = 2 * accessTokenLifetime * 1000
/** Milliseconds for which used refresh tokens are remembered after their login ended. */
const keepFor = 7 * 24 * 3600_000
/** Milliseconds between two checks of an account at most, for logins that are renewed all the time. */
const justChecked = 10_000
/**
 * Milliseconds after which a person's other logins are asked about when the provider has ended one session. It may have ended more than it
 * tells of: Keycloak tells of one where it ends all of a person's, and vouches for the others until it has come to the last.
 */
const recheckAfter = [1000, 10_000]
/** Milliseconds for which a login is renewed although the provider does not answer. */
const patience = 15 * 60_000

interface Parts {
  readonly store: Store
  readonly feed: ChangeFeed
  readonly provider: Provider
  readonly accounts: AccountChecks
  /** Milliseconds between checks of an account while something of its login goes on. */
  readonly checkEvery: number
  readonly tokens: AccessTokens
  readonly log: Logger
}

/** What comes with the ID token: what the provider gave beside it, and what the device calls itself. */
interface BesideIdToken {
  readonly refreshToken?: string | null
  readonly accessToken?: string | null
  readonly deviceName?: string | null
}

/** Logins: the exchange of the provider's proof for our tokens, their renewal and their end. */
export class Logins {
  readonly #store: Store
  readonly #feed: ChangeFeed
  readonly #provider: Provider
  readonly #accounts: AccountChecks
  readonly #watch: AccountWatch
  readonly #rechecks: AccountRechecks
  readonly #checkEvery: number
  readonly #tokens: AccessTokens
  readonly #log: Logger
  /** Ended logins of which an access token may still be around: when they were noted, and why they ended. */
  readonly #ended = new Map<string, { readonly at: number; readonly words: string; readonly told: boolean }>()
  readonly #listeners = new Set<LoginEnded>()
  #stop: () => void = () => {}

  private constructor(parts: Parts) {
    this.#store = parts.store
    this.#feed = parts.feed
    this.#provider = parts.provider
    this.#accounts = parts.accounts
    this.#checkEvery = parts.checkEvery
    this.#watch = new AccountWatch({ interval: parts.checkEvery, check: (login) => this.#checkRunning(login), log: parts.log })
    const check = (identity: string, notWithin: number) => this.#checkAll(identity, notWithin)
    this.#rechecks = new AccountRechecks({ delays: recheckAfter, check, log: parts.log })
    this.#tokens = parts.tokens
    this.#log = parts.log
  }

  static async open(parts: Parts): Promise<Logins> {
    const logins = new Logins(parts)
    await logins.#readEnded()
    await parts.store.run((db) => removeLoginsBefore(db, new Date(Date.now() - keepFor)))
    const failed = (error: unknown) => parts.log.error({ err: error }, 'ended logins could not be read')
    const unsubscribe = parts.feed.on(
      'logins',
      (id) => void (id === null ? logins.#readEnded() : logins.#hearOf(id)).catch(failed),
    )
    const timer = setInterval(() => logins.#sweep(), sweepEvery).unref()
    logins.#stop = () => {
      unsubscribe()
      clearInterval(timer)
      logins.#watch.close()
      logins.#rechecks.close()
    }
    return logins
  }

  /** Whether this login was ended before its time. */
  hasEnded(login: string): boolean {
    return this.#ended.has(login)
  }

  /** Asks the provider every few minutes whether the account still stands, until the answer is called: something of the login goes on. */
  watch(login: string): () => void {
    return this.#watch.watch(login)
  }

  /** When the provider last said that the account of the login stands; null: it gave nothing to ask it by. */
  async checkedAt(login: string): Promise<Date | null> {
    return await this.#accounts.checkedAt(login)
  }

  /** Calls the listener whenever a login is ended; the answer ends that. */
  onEnded(listener: LoginEnded): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Exchanges the provider's ID token for a login of the device with this key. @throws HoopError `invalid_token`, `unavailable` */
  async exchange(
    idToken: string,
    device: string,
    { refreshToken = null, accessToken = null, deviceName = null }: BesideIdToken = {},
  ): Promise<LoginResponse> {
    const proven = await this.#provider.verify(idToken, { device, accessToken })
    const standing = refreshToken === null ? null : await this.#mustStand(proven.identity, refreshToken)
    const identity = standing?.identity ?? proven.identity
    const { authenticatedAt, providerSession } = proven
    const expiresAt = new Date(proven.provenAt.getTime() + loginLifetime * 1000)
    const login = { id: randomUUID(), identity, authenticatedAt, expiresAt, device, deviceName, providerSession }
    const { tell, answer } = await this.#store.transaction(async (db) => {
      const running = await readRunningLogins(db, identity.id, new Date())
      const superseded = running.filter((earlier) => earlier.expiresAt <= expiresAt && whatWasLost(earlier, identity) !== null)
      const tell = await this.end(db, superseded, laterProof)
      await addLogin(db, login)
      if (standing !== null) await this.#accounts.keep(db, login.id, standing.refreshToken)
      return { tell, answer: await this.#issue(db, login) }
    })
    tell()
    return answer
  }

  /**
   * Exchanges a refresh token for new tokens, once. Using one again means that two hold it: the whole login ends.
   * `device`: the thumbprint of the key that was proven, which must be that of the login; null: none was.
   * @throws HoopError `invalid_token`, `invalid_proof`, `token_reused`, `unavailable`
   */
  async refresh(refreshToken: string, device: string | null): Promise<LoginResponse> {
    await this.#askBeforeRenewal(refreshToken, device)
    const answer = await this.#store.transaction(async (db) => {
      const login = await findLoginOf(db, hashOf(refreshToken))
      if (login === null) throw notLoggedIn('The refresh token is not one of this gateway.')
      // Before it is used up: who holds the token without the key can neither use it nor end the login.
      if (login.device !== device) throw notItsDevice()
      const use = await useRefreshToken(db, hashOf(refreshToken))
      if (use === 'reused') {
        // Committed, and answered after that: an error in here would take the end of the login back.
        await endLogin(db, login.id, usedTwice)
        return login.id
      }
      if (login.endedAt !== null) throw notLoggedIn(endWords(login.endedBecause))
      if (login.expiresAt.getTime() <= Date.now()) throw notLoggedIn('The login has run out.')
      await noteUse(db, login.id)
      return await this.#issue(db, login)
    })
    if (typeof answer !== 'string') return answer
    this.#noteEnded(answer, usedTwice)
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
    const tell = await this.#store.transaction(async (db) => {
      const login = await findLoginOf(db, hashOf(refreshToken))
      return await this.end(db, login === null ? [] : [login], 'logged out')
    })
    tell()
  }

  /**
   * Ends what the provider says it has ended (OpenID Connect Back-Channel Logout 1.0). Where that is one session, it is soon asked about the
   * person's others.
   * @throws HoopError `invalid_token`, `unavailable`
   */
  async endByProvider(logoutToken: string): Promise<void> {
    const { identity, providerSession, jti } = await this.#provider.verifyLogoutToken(logoutToken)
    const because = 'the identity provider logged it out'
    const expiresAt = new Date(Date.now() + 2 * logoutTokenLifetime * 1000)
    const { meant, tell } = await this.#store.transaction(async (db) => {
      // An old one would end what was begun after it, at whatever gateway.
      const fresh = await useToken(db, { hash: hashOf(`logout ${jti}`), device: null, expiresAt })
      if (!fresh) throw new HoopError('invalid_token', 'The logout token was used before.')
      const meant = await readLoginsToEnd(db, { identity, providerSession })
      return { meant, tell: await this.end(db, meant, because) }
    })
    tell()
    if (providerSession === null) return
    const people = identity === null ? meant.map((login) => login.identity.id) : [identity]
    for (const person of new Set(people)) this.#rechecks.begin(person)
  }

  /** Ends all that came in by this key, within the transaction that revokes it; the answer is for after it. */
  async endBySource(db: Database, source: string, because: string): Promise<() => void> {
    return await this.end(db, await readLoginsBySource(db, source, new Date()), because)
  }

  /** Ends these within a transaction; the answer is for after it, and tells what goes on by them. */
  async end(db: Database, meant: readonly Pick<Login, 'id'>[], because: string): Promise<() => void> {
    for (const { id } of meant) await endLogin(db, id, because)
    return () => {
      for (const { id } of meant) this.#noteEnded(id, because)
    }
  }

  /** Who holds this access token. @throws HoopError `invalid_token`, `unavailable` */
  async verifyAccessToken(token: string): Promise<Caller> {
    const caller = await this.#tokens.verify(token)
    if (!this.#feed.fresh)
      throw new HoopError('unavailable', 'The gateway cannot tell at the moment whether this login still holds.')
    const ended = this.#ended.get(caller.login) ?? this.#ended.get(caller.machine?.principal ?? '')
    if (ended !== undefined) throw notLoggedIn(ended.words)
    return caller
  }

  close(): void {
    this.#stop()
  }

  async #issue(
    db: Database,
    login: Pick<Login, 'id' | 'identity' | 'authenticatedAt' | 'expiresAt' | 'device'>,
  ): Promise<LoginResponse> {
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

  async #mustStand(identity: Identity, refreshToken: string) {
    const account = await this.#accounts.mustStand(identity, refreshToken)
    if (!('words' in account)) return account
    throw notLoggedIn(`The provider's refresh token is not taken: ${account.words}.`)
  }

  async #askBeforeRenewal(refreshToken: string, device: string | null): Promise<void> {
    const login = await this.#store.run((db) => findLoginOf(db, hashOf(refreshToken)))
    if (login === null || login.device !== device || login.endedAt !== null) return
    const since = await this.#checkAccount(login, justChecked)
    if (since === null || Date.now() - since.getTime() < patience) return
    throw new HoopError(
      'unavailable',
      'The identity provider has not answered for 15 minutes, and the login is not renewed without it.',
      {
        hint: 'Try again when it answers: the login is kept until then.',
      },
    )
  }

  async #checkRunning(id: string): Promise<void> {
    const login = await this.#store.run((db) => readLogin(db, id))
    if (login !== null && login.endedAt === null) await this.#checkAccount(login, this.#checkEvery / 2)
  }

  async #checkAll(identity: string, notWithin: number): Promise<void> {
    const running = await this.#store.run((db) => readRunningLogins(db, identity, new Date()))
    for (const login of running) await this.#checkAccount(login, notWithin)
  }

  /** Ends the login where the account is gone, or has lost something. `since`: when it stood, if that cannot be told now. */
  async #checkAccount(login: Login, notWithin: number): Promise<Date | null> {
    const finding = await this.#accounts.check(login, notWithin)
    if (finding.kind === 'untold') return finding.since
    const because =
      finding.kind === 'gone' ? finding.words : finding.kind === 'standing' ? whatWasLost(login, finding.identity) : null
    if (because !== null) {
      await this.#store.transaction((db) => endLogin(db, login.id, because))
      this.#noteEnded(login.id, because)
    } else if (finding.kind === 'standing') {
      await this.#store.run((db) => updateIdentity(db, login.id, finding.identity))
    }
    return null
  }

  async #readEnded(): Promise<void> {
    const since = new Date(Date.now() - rememberFor)
    for (const { id, endedBecause } of await this.#store.run((db) => readEndedLogins(db, since)))
      this.#noteEnded(id, endedBecause)
  }

  /** Another gateway has ended it. Nobody gets in any more from now on; those who are in are told why, if that can be had. */
  async #hearOf(id: string): Promise<void> {
    if (this.#ended.has(id)) return
    this.#ended.set(id, { at: Date.now(), words: endWords(null), told: false })
    const login = await this.#store.run((db) => readLogin(db, id)).catch(() => null)
    this.#noteEnded(id, login?.endedBecause ?? null)
  }

  /** Told once, by whoever knows why first: what the change feed says of an end of our own may come before our own word. */
  #noteEnded(id: string, because: string | null): void {
    if (this.#ended.get(id)?.told) return
    const words = endWords(because)
    this.#ended.set(id, { at: Date.now(), words, told: true })
    this.#log.info({ login: id, because }, 'login ended')
    for (const listener of this.#listeners) listener(id, words)
  }

  #sweep(): void {
    for (const [id, { at }] of this.#ended) if (at < Date.now() - rememberFor) this.#ended.delete(id)
    this.#store
      .run((db) => forgetTokensBefore(db, new Date()))
      .catch((error: unknown) => this.#log.warn({ err: error }, 'used tokens that have ended could not be forgotten'))
  }
}

const laterProof = 'a later proof of the identity provider says less'
const usedTwice = 'a refresh token was used twice'

/** What the provider has taken since that login, if anything: what it gave then is believed no more. */
function whatWasLost({ identity: before }: Login, now: Identity): string | null {
  if (before.kind !== now.kind) return `the identity provider says ${now.kind} now, not ${before.kind}`
  const lost = before.groups.filter((group) => !now.groups.includes(group))
  return lost.length === 0 ? null : `the identity provider has taken the group ${lost.slice(0, 5).join(', ')}`
}

function endWords(because: string | null): string {
  return because === null ? 'The login was ended.' : `The login was ended: ${because}.`
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
