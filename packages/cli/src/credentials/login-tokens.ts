import { HoopError, TokenResponse } from '@hoop/contracts'
import { z } from 'zod'
import type { AccessTokens, GatewayClient } from '../gateway/client.ts'
import { withLock } from '../state/lock.ts'
import { accounts, type CredentialStore } from './store.ts'

/** What a login leaves on this machine. */
const Login = z.object({
  accessToken: z.string(),
  accessExpiresAt: z.iso.datetime(),
  refreshToken: z.string(),
  loginExpiresAt: z.iso.datetime(),
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
      const { refreshToken } = known
      try {
        const answer = await client.post('/v1/token', { grant_type: 'refresh_token', refresh_token: refreshToken }, TokenResponse)
        known = loginOf(answer)
      } catch (error) {
        if (!(error instanceof HoopError) || (error.code !== 'invalid_token' && error.code !== 'token_reused')) throw error
        await store.delete(account)
        known = null
        throw new HoopError('invalid_token', `the login at ${client.gateway} has ended: ${error.message}`, {
          hint: `hoop login ${client.gateway}`,
          cause: error,
        })
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
    async keep(answer) {
      await withLock(lock, async () => {
        known = loginOf(answer)
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
  /** Stores a new login. */
  keep(answer: TokenResponse): Promise<void>
  /** Removes the login from this machine and gives its refresh token, to be ended at the gateway. Throws when there is none. */
  forget(): Promise<string>
}

function loginOf(answer: TokenResponse): Login {
  return {
    accessToken: answer.access_token,
    accessExpiresAt: new Date(Date.now() + answer.expires_in * 1000).toISOString(),
    refreshToken: answer.refresh_token,
    loginExpiresAt: answer.login_expires_at,
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
