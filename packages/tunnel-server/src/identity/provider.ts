import { HoopError, type Identity, IdentityKind } from '@hoop/contracts'
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { z } from 'zod'

/** What the gateway knows of the identity provider. */
export interface ProviderSettings {
  /** As the provider writes it in `iss`. */
  readonly issuer: string
  readonly clientId: string
  /** The claim that lists a person's groups. */
  readonly groupsClaim: string
  /** The claim that says what kind of identity it is; without it in a token: a person. */
  readonly kindClaim: string
  /** Plain http to loopback, for a development provider. */
  readonly allowPlain: boolean
}

/** An identity as the provider proved it. */
export interface ProvenIdentity {
  readonly identity: Identity
  readonly authenticatedAt: Date
}

/** Longest life of a login: no older proof is worth a new one. Seconds. */
export const loginLifetime = 12 * 3600
const leeway = 30
const answerWithin = 5000
const discoveryFreshFor = 3600_000
const groupsLimit = 500

/** Asymmetric signatures only: with `none` or HS256 anybody who knows the client id could sign. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url() })
const Text = z.string().min(1).max(1000)

/** Verifies ID tokens of one OpenID Connect provider (OpenID Connect Core 1.0, 3.1.3.7). */
export class Provider {
  readonly #settings: ProviderSettings
  #keys: { get: JWTVerifyGetKey; readAt: number } | null = null

  constructor(settings: ProviderSettings) {
    this.#settings = settings
  }

  /**
   * @throws HoopError `invalid_token` with what is wrong in it, or `unavailable` when the provider's keys cannot be had.
   */
  async verify(idToken: string): Promise<ProvenIdentity> {
    const { issuer, clientId } = this.#settings
    const keys = await this.#discover()
    const { payload } = await jwtVerify(idToken, keys, {
      issuer,
      audience: clientId,
      algorithms,
      requiredClaims: ['sub', 'exp', 'iat'],
      clockTolerance: leeway,
      maxTokenAge: loginLifetime,
    }).catch(explain)
    const several = Array.isArray(payload.aud) && payload.aud.length > 1
    if (payload.azp === undefined ? several : payload.azp !== clientId) {
      throw refused(`was issued to another client than ${clientId}`)
    }
    return { identity: this.#identify(payload), authenticatedAt: new Date((payload.iat ?? 0) * 1000) }
  }

  #identify(claims: JWTPayload): Identity {
    const { issuer, groupsClaim, kindClaim } = this.#settings
    const subject = Text.safeParse(claims.sub)
    if (!subject.success) throw refused('has no usable "sub"')
    const groups = z.array(Text).max(groupsLimit).safeParse(claims[groupsClaim])
    if (!groups.success) {
      throw refused(
        claims[groupsClaim] === undefined
          ? `has no claim "${groupsClaim}"`
          : `has a claim "${groupsClaim}" that is not a list of names`,
        `The provider must put the groups in the ID token as "${groupsClaim}"; HOOP_OIDC_GROUPS_CLAIM names another claim.`,
      )
    }
    const kind = IdentityKind.default('person').safeParse(claims[kindClaim])
    if (!kind.success) throw refused(`has a claim "${kindClaim}" that is none of ${IdentityKind.options.join(', ')}`)
    const named = [claims.name, claims.preferred_username, claims.email].find((name) => Text.safeParse(name).success)
    const email = Text.safeParse(claims.email)
    return {
      id: `${issuer}#${subject.data}`,
      kind: kind.data,
      name: Text.parse(named ?? subject.data),
      email: email.success ? email.data : null,
      groups: [...new Set(groups.data)],
      issuer,
    }
  }

  /** Discovery is read again every hour; the keys themselves whenever a token names one that is not known yet. */
  async #discover(): Promise<JWTVerifyGetKey> {
    if (this.#keys !== null && performance.now() - this.#keys.readAt < discoveryFreshFor) return this.#keys.get
    const { issuer, allowPlain } = this.#settings
    const found = await readDiscovery(issuer).catch((cause: unknown) => {
      throw new HoopError('unavailable', `The identity provider ${issuer} does not answer as it should.`, {
        hint: 'Try again in a moment; if it lasts, an admin should check HOOP_OIDC_ISSUER.',
        cause,
      })
    })
    const url = new URL(found.jwks_uri)
    if (found.issuer !== issuer || !(url.protocol === 'https:' || allowPlain)) {
      throw new HoopError(
        'unavailable',
        `The identity provider at ${issuer} calls itself ${found.issuer}, with keys at ${url.origin}.`,
        {
          hint: 'HOOP_OIDC_ISSUER must be exactly what the provider calls itself, and its keys must be behind https.',
        },
      )
    }
    const get = createRemoteJWKSet(url, { timeoutDuration: answerWithin, cooldownDuration: 5000 })
    this.#keys = { get, readAt: performance.now() }
    return get
  }
}

async function readDiscovery(issuer: string) {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(answerWithin) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return Discovery.parse(await response.json())
}

function explain(error: unknown): never {
  if (error instanceof errors.JWTExpired) throw refused('has expired')
  if (error instanceof errors.JWTClaimValidationFailed) throw refused(`has the wrong "${error.claim}"`)
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
    throw new HoopError('unavailable', "The identity provider's keys cannot be read.", {
      hint: 'Try again in a moment.',
      cause: error,
    })
  }
  // A JWKS that answers with an error status or without JSON is a plain JOSEError; all others are about the token.
  if (error.code === 'ERR_JOSE_GENERIC' || error instanceof errors.JWKSInvalid) {
    throw new HoopError('unavailable', "The identity provider's keys cannot be read.", { cause: error })
  }
  throw refused('is not signed by the provider', undefined, error)
}

function refused(what: string, hint = 'Run: hoop login', cause?: unknown): HoopError {
  return new HoopError('invalid_token', `The ID token ${what}.`, { hint, cause })
}
