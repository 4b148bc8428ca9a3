import { HoopError } from '@hoop/contracts'
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose'
import { z } from 'zod'
import { fetchJson } from './fetch-json.ts'

/** What an OpenID Connect issuer says of itself, as far as it is used here (OpenID Connect Discovery 1.0, 3). */
const Metadata = z.object({
  issuer: z.string(),
  jwks_uri: z.url(),
  token_endpoint: z.url().optional(),
  userinfo_endpoint: z.url().optional(),
  authorization_endpoint: z.string().optional(),
  device_authorization_endpoint: z.string().optional(),
  code_challenge_methods_supported: z.array(z.string()).optional(),
})
export type Metadata = z.infer<typeof Metadata>

/** Asymmetric signatures only: with `none` or HS256 anybody who knows the client id could sign. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

const answerWithin = 5000
const freshFor = 3600_000
/** Seconds by which clocks may differ. */
const leeway = 30

interface Known {
  readonly metadata: Metadata
  readonly keys: JWTVerifyGetKey
  readonly readAt: number
}

/** One issuer of tokens: its metadata, and its keys with their rotation. */
/** One issuer of tokens: its metadata, and its keys with their rotation. */
export class Issuer {
  readonly #issuer: string
  readonly #allowPlain: boolean
  #known: Known | null = null
  #asking: Promise<Known> | null = null

  /** `issuer`: as it writes itself in `iss`; `allowPlain`: plain http, for a development provider on loopback. */
  constructor({ issuer, allowPlain }: { issuer: string; allowPlain: boolean }) {
    this.#issuer = issuer
    this.#allowPlain = allowPlain
  }

  /** @throws HoopError `unavailable` */
  async metadata(): Promise<Metadata> {
    return (await this.#discover()).metadata
  }

  /**
   * Verifies signature, `iss`, and what the options ask for. `name` is what errors call the token.
   * @throws HoopError `invalid_token` with what is wrong in it, `unavailable` when the keys cannot be had
   */
  async verify(token: string, name: string, options: Omit<JWTVerifyOptions, 'issuer' | 'algorithms'>): Promise<JWTPayload> {
    const { keys } = await this.#discover()
    const checks = { ...options, issuer: this.#issuer, algorithms, clockTolerance: leeway }
    const { payload } = await jwtVerify(token, keys, checks).catch((error: unknown) => explain(error, name))
    return payload
  }

  /** Metadata is read again every hour, once for all who ask meanwhile; the keys themselves whenever a token names one that is not known yet. */
  async #discover(): Promise<Known> {
    if (this.#known !== null && performance.now() - this.#known.readAt < freshFor) return this.#known
    this.#asking ??= this.#read().finally(() => {
      this.#asking = null
    })
    return await this.#asking
  }

  async #read(): Promise<Known> {
    const metadata = await this.#readMetadata()
    const { issuer, jwks_uri, token_endpoint, userinfo_endpoint } = metadata
    const plain = [jwks_uri, token_endpoint, userinfo_endpoint].some((url) => url && new URL(url).protocol !== 'https:')
    if (issuer !== this.#issuer || (plain && !this.#allowPlain)) {
      throw new HoopError(
        'unavailable',
        `The identity provider at ${this.#issuer} calls itself ${issuer}, with keys at ${new URL(jwks_uri).origin}.`,
        { hint: 'The issuer must be written exactly as the provider calls itself, and all that it names must be behind https.' },
      )
    }
    const keys = createRemoteJWKSet(new URL(jwks_uri), {
      timeoutDuration: answerWithin,
      cooldownDuration: 5000,
      [customFetch]: fetchKeys,
    })
    const known = { metadata, keys, readAt: performance.now() }
    this.#known = known
    return known
  }

  async #readMetadata(): Promise<Metadata> {
    const url = `${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    try {
      const { status, body } = await fetchJson(url)
      if (status !== 200) throw new Error(`${url} answered ${status}`)
      return Metadata.parse(body)
    } catch (cause) {
      throw new HoopError('unavailable', `The identity provider ${this.#issuer} does not answer as it should.`, {
        hint: 'Try again in a moment; if it lasts, an admin should check the address of the provider.',
        cause,
      })
    }
  }
}

/** jose's own takes an answer of any length. */
const fetchKeys: FetchImplementation = async (url) => {
  const { status, body } = await fetchJson(url)
  return new Response(JSON.stringify(body), { status })
}

function explain(error: unknown, name: string): never {
  if (error instanceof errors.JWTExpired) throw refusedToken(name, 'has expired')
  if (error instanceof errors.JWTClaimValidationFailed) throw refusedToken(name, `has the wrong "${error.claim}"`)
  // A JWKS that answers with an error status or without JSON is a plain JOSEError; all others are about the token.
  const unread =
    error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || !(error instanceof errors.JOSEError)
  if (unread || error.code === 'ERR_JOSE_GENERIC') {
    throw new HoopError('unavailable', "The identity provider's keys cannot be read.", {
      hint: 'Try again in a moment.',
      cause: error,
    })
  }
  throw refusedToken(name, 'is not signed by the provider', { cause: error })
}

export function refusedToken(
  name: string,
  what: string,
  { hint = 'Run: hoop login', cause }: { hint?: string; cause?: unknown } = {},
) {
  return new HoopError('invalid_token', `The ${name} ${what}.`, { hint, cause })
}
