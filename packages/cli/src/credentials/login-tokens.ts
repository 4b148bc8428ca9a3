import { hostname } from 'node:os'
import { secretPrefixes, type TokenRequest, TokenResponse, tokenTypes } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import { z } from 'zod'
import type { AccessTokens, GatewayClient } from '../gateway/client.ts'
import { withLock } from '../state/lock.ts'
import { accounts, type CredentialStore } from './store.ts'
import { readToken, TokenSource } from './token-source.ts'

/** What a login leaves on this machine. */
const Login = z.object({
  accessToken: z.string(),
  accessExpiresAt: z.iso.datetime(),
  /** Null: a machine's, which exchanges another token. */
  refreshToken: z.string().nullable(),
  loginExpiresAt: z.iso.datetime(),
  /** Where the next identity token is when this login has ended; absent: a person's to give. */
  source: TokenSource.optional(),
})
export type Login = z.infer<typeof Login>

export interface LoginTokensOptions {
  readonly store: CredentialStore
  readonly lock: string
  /** For the public route POST /v1/token. */
  readonly client: GatewayClient
}

/** A token that ends within this time is renewed first. */
const marginMs = 30_000

/**
 * The access token of the login, refreshed before it ends. Refresh tokens are used once (a second use ends the login), so a
 * refresh holds a lock that all hoop processes of this user share, and looks first whether another has done it.
 */
export function loginTokens({ store, lock, client }: LoginTokensOptions): AccessTokens & LoginKeeper {
  const account = accounts.login(client.gateway)
  let known: Login | null = null
  let running: Promise<string> | null = null

  async function stored(): Promise<Login> {
    const text = await store.get(account)
    if (text === null) throw notLoggedIn(client.gateway)
    return Login.parse(JSON.parse(text))
  }

  async function renew(refused: string | null): Promise<string> {
    return withLock(lock, async () => {
      known = await stored()
      if (isFresh(known) && known.accessToken !== refused) return known.accessToken
      const { refreshToken, source = null } = known
      try {
        if (refreshToken === null) throw new HoopError('invalid_token', 'the access token has run out')
        // It is good for one use: where the next one could not be kept, on a full disk, it is not used up.
        await store.set(account, JSON.stringify(known))
        const answer = await client.post('/v1/token', { grant_type: 'refresh_token', refresh_token: refreshToken }, TokenResponse)
        known = loginOf(answer, source)
      } catch (error) {
        if (!(error instanceof HoopError) || (error.code !== 'invalid_token' && error.code !== 'token_reused')) throw error
        if (source === null) {
          await store.delete(account)
          known = null
          throw new HoopError('invalid_token', `the login at ${client.gateway} has ended: ${error.message}`, {
            hint: `hoop login ${client.gateway}`,
            cause: error,
          })
        }
        known = loginOf(await exchangeFrom(source, client), source)
      }
      await store.set(account, JSON.stringify(known))
      return known.accessToken
    })
  }

  return {
    async accessToken(options) {
      const refused = options?.renew ? (known?.accessToken ?? null) : null
      known ??= await stored()
      if (refused === null && isFresh(known)) return known.accessToken
      running ??= renew(refused).finally(() => {
        running = null
      })
      return running
    },
    async keep(answer, source) {
      await withLock(lock, async () => {
        known = loginOf(answer, source)
        await store.set(account, JSON.stringify(known))
      })
    },
    async forget() {
      return withLock(lock, async () => {
        const login = await stored()
        await store.delete(account)
        known = null
        return login.refreshToken
      })
    },
  }
}

export interface LoginKeeper {
  /** Stores a new login; `source`: where the token for the next one is, null for a person's. */
  keep(answer: TokenResponse, source: TokenSource | null): Promise<void>
  /** Removes the login from this machine and gives its refresh token (a machine has none), to be ended at the gateway. Throws when there is no login. */
  forget(): Promise<string | null>
}

/** What the provider gave; the gateway asks by the refresh token whether the account still stands. */
export interface ProviderTokens {
  readonly idToken: string
  readonly refreshToken: string | null
  readonly accessToken: string | null
}

/** RFC 8693. */
export function exchangeRequest({ idToken, refreshToken, accessToken }: ProviderTokens): TokenRequest {
  return {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: idToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    ...(refreshToken !== null && { provider_refresh_token: refreshToken }),
    ...(accessToken !== null && { provider_access_token: accessToken }),
    device_name: hostname(),
  }
}

/** Exchanges the token that somebody else takes care of now, for the person for whom this is done (HOOP_ON_BEHALF_OF), if for any. */
export async function exchangeFrom(source: TokenSource, client: GatewayClient): Promise<TokenResponse> {
  const token = await readToken(source, client.gateway)
  const isKey = token.startsWith(secretPrefixes.serviceAccountKey)
  const type = isKey ? tokenTypes.serviceAccountKey : tokenTypes.idToken
  const delegation = process.env.HOOP_ON_BEHALF_OF || null
  const grant_type = 'urn:ietf:params:oauth:grant-type:token-exchange'
  const request: TokenRequest =
    delegation === null
      ? { grant_type, subject_token: token, subject_token_type: type, device_name: hostname() }
      : {
          grant_type,
          device_name: hostname(),
          subject_token: delegation,
          subject_token_type: tokenTypes.delegation,
          actor_token: token,
          actor_token_type: type,
        }
  return await client.post('/v1/token', request, TokenResponse)
}

/** Of a machine that keeps nothing: exchanged when it is first needed, and again before it runs out. */
export function exchangedTokens(source: TokenSource, client: GatewayClient): AccessTokens {
  let known: Login | null = null
  let running: Promise<string> | null = null
  const exchange = async () => {
    known = loginOf(await exchangeFrom(source, client), source)
    return known.accessToken
  }
  return {
    async accessToken(options) {
      if (known !== null && isFresh(known) && !options?.renew) return known.accessToken
      running ??= exchange().finally(() => {
        running = null
      })
      return await running
    },
  }
}

function loginOf(answer: TokenResponse, source: TokenSource | null): Login {
  return {
    accessToken: answer.access_token,
    accessExpiresAt: new Date(Date.now() + answer.expires_in * 1000).toISOString(),
    refreshToken: answer.refresh_token,
    loginExpiresAt: answer.login_expires_at,
    ...(source !== null && { source }),
  }
}

function isFresh(login: Login): boolean {
  return Date.parse(login.accessExpiresAt) - marginMs > Date.now()
}

function notLoggedIn(gateway: string): HoopError {
  return new HoopError('invalid_token', `not logged in at ${gateway}`, { hint: `hoop login ${gateway}` })
}

/** HOOP_TOKEN: used as it is. */
export function givenToken(token: string): AccessTokens {
  return {
    accessToken: async (options) => {
      if (!options?.renew) return token
      throw new HoopError('invalid_token', 'the gateway refused the token in HOOP_TOKEN', {
        hint: 'is it expired, or of another gateway?',
      })
    },
  }
}
