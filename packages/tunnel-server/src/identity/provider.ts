import { HoopError, type Identity, IdentityKind } from '@hoop/contracts'
import type { JWTPayload } from 'jose'
import { z } from 'zod'
import { fetchJson } from './fetch-json.ts'
import type { GroupLookup } from './groups.ts'
import { Issuer, type Metadata, refusedToken } from './issuer.ts'

/** What the gateway knows of the identity provider. */
export interface ProviderSettings {
  readonly clientId: string
  /** What some providers call a secret and give to every installed application; null: none. */
  readonly clientSecret: string | null
  /** The claim that says what kind of identity it is; without it in a token: a person. */
  readonly kindClaim: string
}

/** An identity as the provider proved it. */
export interface ProvenIdentity {
  readonly identity: Identity
  /** When the person last showed who they are: `auth_time`, or where the provider does not say, when it gave the token. */
  readonly authenticatedAt: Date
  /** When the provider gave the token. */
  readonly provenAt: Date
  /** The provider's own session (`sid`), which it names when it ends it. */
  readonly providerSession: string | null
}

/** What the provider says of an account later on. */
export type AccountState =
  | { readonly state: 'standing'; readonly identity: Identity }
  | { readonly state: 'gone'; readonly words: string }

/** What a refresh token was exchanged for; `refreshToken` is the one to use next: many providers take the one before no more. */
export interface Renewed {
  readonly refreshToken: string
  readonly accessToken: string
  readonly idToken: string | null
}

/** Whom a back-channel logout is about. */
export interface LoggedOut {
  /** As in `Identity`; null: whoever has the session. */
  readonly identity: string | null
  readonly providerSession: string | null
  readonly jti: string
}

/** Longest life of a login: no older proof is worth a new one. Seconds. */
export const loginLifetime = 12 * 3600

const Text = z.string().min(1).max(1000)
/** Often a JWT, with all that the provider knows in it. */
const Token = z.string().min(1).max(65_536)
const Tokens = z.object({ access_token: Token, id_token: Token.optional(), refresh_token: Token.optional() })
const TokenError = z.object({ error: z.string() })
/** OpenID Connect Back-Channel Logout 1.0, 2.4. */
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'
const LogoutClaims = z.object({
  jti: Text,
  sub: Text.optional(),
  sid: Text.optional(),
  nonce: z.undefined().optional(),
  events: z.object({ [logoutEvent]: z.record(z.string(), z.unknown()) }),
})
/** Seconds after which a logout token is too old, whatever it says. */
export const logoutTokenLifetime = 300

/** The OpenID Connect provider of the people here: verifies what it says of them, and asks it again. */
export class Provider {
  readonly #settings: ProviderSettings
  readonly #issuer: Issuer
  readonly #url: string
  readonly #groups: GroupLookup

  constructor(options: { issuer: string; allowPlain: boolean; groups: (issuer: Issuer) => GroupLookup } & ProviderSettings) {
    this.#settings = options
    this.#url = options.issuer
    this.#issuer = new Issuer(options)
    this.#groups = options.groups(this.#issuer)
  }

  /** What it says of itself. @throws HoopError `unavailable` */
  async metadata(): Promise<Metadata> {
    return await this.#issuer.metadata()
  }

  /**
   * Verifies an ID token (OpenID Connect Core 1.0, 3.1.3.7). `device`: the thumbprint with which its `nonce` must begin if it has
   * one, so that it is of use to the device only that asked for it.
   * @throws HoopError `invalid_token` with what is wrong in it, `unavailable` when keys or groups cannot be had
   */
  async verify(idToken: string, given: { device: string; accessToken: string | null }): Promise<ProvenIdentity> {
    const claims = await this.#verify(idToken)
    if (claims.nonce !== undefined && !isNonceOf(given.device, claims.nonce)) {
      throw refusedToken('ID token', 'was asked for by another device')
    }
    return await this.#prove(claims, given.accessToken)
  }

  /**
   * Exchanges a refresh token (RFC 6749, 6); `gone` where the provider takes it no more. What it gives must be kept before anything else is
   * done with it.
   * @throws HoopError `unavailable` where the provider's answer says neither
   */
  async renew(refreshToken: string): Promise<Renewed | 'gone'> {
    const { token_endpoint: endpoint } = await this.#issuer.metadata()
    if (endpoint === undefined) throw noAnswer('it names no token endpoint')
    const { clientId, clientSecret } = this.#settings
    const form = {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: clientId,
      ...(clientSecret !== null && { client_secret: clientSecret }),
    }
    const { status, body } = await fetchJson(endpoint, { form }).catch((cause: unknown) => {
      throw noAnswer('it does not answer', cause)
    })
    const refused = TokenError.safeParse(body)
    // The only error that is about the person; all others are about us, or the moment.
    if (status >= 400 && status < 500 && refused.success && refused.data.error === 'invalid_grant') {
      return 'gone'
    }
    const tokens = Tokens.safeParse(body)
    if (status !== 200 || !tokens.success) throw noAnswer(`it answered ${status}`)
    const { access_token: accessToken, id_token: idToken = null, refresh_token: next = refreshToken } = tokens.data
    return { refreshToken: next, accessToken, idToken }
  }

  /**
   * Who it is that the provider renewed the tokens of, and with which groups now; it must be the same person.
   * @throws HoopError when that cannot be told
   */
  async identify(identity: Identity, { accessToken, idToken }: Renewed): Promise<AccountState> {
    const claims = idToken === null ? await this.#userinfo(accessToken) : await this.#verify(idToken)
    if (claims.sub === undefined || this.#idOf(claims.sub) !== identity.id) {
      return { state: 'gone', words: "the identity provider's refresh token is another person's" }
    }
    try {
      return { state: 'standing', identity: (await this.#prove(claims, accessToken)).identity }
    } catch (error) {
      // Said by the provider: it leaves the groups out when there are none left. What cannot be looked up is another matter.
      if (!(error instanceof HoopError && error.code === 'invalid_token')) throw error
      return { state: 'gone', words: 'the identity provider does not say any more what a login needs' }
    }
  }

  /**
   * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6).
   * @throws HoopError `invalid_token`, `unavailable`
   */
  async verifyLogoutToken(token: string): Promise<LoggedOut> {
    const name = 'logout token'
    const payload = await this.#issuer.verify(token, name, {
      audience: this.#settings.clientId,
      requiredClaims: ['iat', 'jti'],
      maxTokenAge: logoutTokenLifetime,
    })
    const claims = LogoutClaims.safeParse(payload)
    if (!claims.success) throw refusedToken(name, 'is not one', { cause: claims.error })
    const { sub = null, sid = null, jti } = claims.data
    if (sub === null && sid === null) throw refusedToken(name, 'names nobody')
    return { identity: sub === null ? null : this.#idOf(sub), providerSession: sid, jti }
  }

  async #verify(idToken: string): Promise<JWTPayload> {
    const { clientId } = this.#settings
    const claims = await this.#issuer.verify(idToken, 'ID token', {
      audience: clientId,
      requiredClaims: ['sub', 'exp', 'iat'],
      maxTokenAge: loginLifetime,
    })
    const several = Array.isArray(claims.aud) && claims.aud.length > 1
    if (claims.azp === undefined ? several : claims.azp !== clientId) {
      throw refusedToken('ID token', `was issued to another client than ${clientId}`)
    }
    // A logout token is signed by the same keys for the same audience.
    if (claims.events !== undefined) throw refusedToken('ID token', 'is a token of another kind')
    return claims
  }

  /** For a provider that gives no ID token with a refresh (OpenID Connect Core 1.0, 12.2). */
  async #userinfo(accessToken: string): Promise<JWTPayload> {
    const { userinfo_endpoint: endpoint } = await this.#issuer.metadata()
    if (endpoint === undefined) throw noAnswer('it gives no ID token and names no userinfo endpoint')
    const { status, body } = await fetchJson(endpoint, { headers: { authorization: `Bearer ${accessToken}` } }).catch(
      (cause: unknown) => {
        throw noAnswer('its userinfo endpoint does not answer', cause)
      },
    )
    const claims = z.record(z.string(), z.unknown()).safeParse(body)
    if (status !== 200 || !claims.success) throw noAnswer(`its userinfo endpoint answered ${status}`)
    return claims.data
  }

  async #prove(claims: JWTPayload, accessToken: string | null): Promise<ProvenIdentity> {
    const subject = Text.safeParse(claims.sub)
    if (!subject.success) throw refusedToken('ID token', 'has no usable "sub"')
    const kind = IdentityKind.default('person').safeParse(claims[this.#settings.kindClaim])
    if (!kind.success) {
      const kinds = IdentityKind.options.join(', ')
      throw refusedToken('ID token', `has a claim "${this.#settings.kindClaim}" that is none of ${kinds}`)
    }
    const groups = await this.#groups.groupsOf({ claims, accessToken })
    const named = [claims.name, claims.preferred_username, claims.email].find((name) => Text.safeParse(name).success)
    const email = Text.safeParse(claims.email)
    const session = Text.safeParse(claims.sid)
    const provenAt = claims.iat ?? 0
    const authTime = z.int().positive().safeParse(claims.auth_time)
    return {
      identity: {
        id: this.#idOf(subject.data),
        kind: kind.data,
        name: Text.parse(named ?? subject.data),
        email: email.success ? email.data : null,
        groups: [...new Set(groups)],
        issuer: this.#url,
      },
      authenticatedAt: new Date(Math.min(authTime.success ? authTime.data : provenAt, provenAt) * 1000),
      provenAt: new Date(provenAt * 1000),
      providerSession: session.success ? session.data : null,
    }
  }

  #idOf(subject: string): string {
    return `${this.#url}#${subject}`
  }
}

/** The device's thumbprint and something random: who verifies the token sees for whom it was asked. */
function isNonceOf(device: string, nonce: unknown): boolean {
  return typeof nonce === 'string' && nonce.startsWith(`${device}.`)
}

function noAnswer(why: string, cause?: unknown): HoopError {
  return new HoopError('unavailable', `The identity provider cannot be asked whether the account still stands: ${why}.`, {
    hint: 'Try again in a moment.',
    cause,
  })
}
