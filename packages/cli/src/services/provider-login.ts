import { randomBytes } from 'node:crypto'
import type { GatewayConfig } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import type { Configuration, TokenEndpointResponse, TokenEndpointResponseHelpers } from 'openid-client'
import type { ProviderTokens } from '../credentials/login-tokens.ts'
import { isSafeForTokens } from '../gateway/address.ts'
import { unreachable } from '../gateway/client.ts'
import { openRedirect } from './redirect.ts'

/** What the person needs to finish the login in a browser (RFC 8628 section 3.2). */
export interface DeviceCode {
  readonly verificationUri: string
  /** The same with the code in it; null if the provider offers none. */
  readonly verificationUriComplete: string | null
  readonly userCode: string
  /** Seconds. */
  readonly expiresIn: number
}

/** How the person logs in: by a code that any browser takes, or in a browser on this machine. */
export type Way =
  | { readonly kind: 'code'; show(code: DeviceCode): void }
  | { readonly kind: 'browser'; show(address: string): void }

/** Seconds: a login is a proof of now, and not of this morning, as far as the provider can tell. */
const maxAge = '900'

/**
 * Logs in at the provider. `thumbprint`: of the key of this device, with which the nonce begins, so that the ID token is of use to nobody
 * else at the gateway.
 */
export async function logInAtProvider(
  config: GatewayConfig,
  options: { readonly way: Way; readonly thumbprint: string; readonly signal: AbortSignal },
): Promise<ProviderTokens> {
  const { way, thumbprint, signal } = options
  const oidc = await import('openid-client')
  const issuer = new URL(config.issuer)
  if (!isSafeForTokens(issuer)) {
    throw new HoopError('unavailable', `the gateway names an identity provider without TLS: ${issuer.origin}`, {
      hint: 'tell whoever runs the gateway',
    })
  }
  const asked = {
    scope: config.scopes.join(' '),
    max_age: maxAge,
    nonce: `${thumbprint}.${randomBytes(24).toString('base64url')}`,
  }
  try {
    const secret = config.clientSecret
    const client = secret === undefined ? oidc.None() : oidc.ClientSecretPost(secret)
    const provider = await oidc.discovery(issuer, config.clientId, undefined, client, {
      execute: issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : [],
    })
    const tokens =
      way.kind === 'code' ? await byCode(provider, asked, way.show, signal) : await byBrowser(provider, asked, way.show, signal)
    const { id_token: idToken, refresh_token: refreshToken = null, access_token: accessToken } = tokens
    const nonce = tokens.claims()?.nonce
    // The device flow knows no nonce, but most providers that get one give it back.
    if (nonce !== undefined && nonce !== asked.nonce) throw new Error('the identity token has the nonce of another login')
    if (idToken !== undefined) return { idToken, refreshToken, accessToken }
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (error instanceof HoopError) throw error
    if (error instanceof oidc.ResponseBodyError || error instanceof oidc.AuthorizationResponseError) {
      throw providerRefused(error.error, error.error_description)
    }
    throw new HoopError('unavailable', `the login at ${issuer.origin} failed: ${unreachable(issuer.origin, error).message}`, {
      hint: 'try again; if it stays so, tell whoever runs the gateway',
      cause: error,
    })
  }
  throw new HoopError('unavailable', `${issuer.origin} gave no identity token`, {
    hint: 'the client registered there needs the scope "openid": tell whoever runs the gateway',
  })
}

type Asked = { readonly scope: string; readonly max_age: string; readonly nonce: string }
type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers

/** RFC 8628, with the challenge of PKCE too: a provider that demands it of a client may demand it here, and others ignore it. */
async function byCode(
  provider: Configuration,
  asked: Asked,
  show: (code: DeviceCode) => void,
  signal: AbortSignal,
): Promise<Tokens> {
  const oidc = await import('openid-client')
  const code_verifier = oidc.randomPKCECodeVerifier()
  const started = await oidc.initiateDeviceAuthorization(provider, {
    ...asked,
    code_challenge: await oidc.calculatePKCECodeChallenge(code_verifier),
    code_challenge_method: 'S256',
  })
  show({
    verificationUri: started.verification_uri,
    verificationUriComplete: started.verification_uri_complete ?? null,
    userCode: started.user_code,
    expiresIn: started.expires_in,
  })
  return await oidc.pollDeviceAuthorizationGrant(provider, started, { code_verifier }, { signal })
}

/** Authorization code with PKCE (RFC 7636) on a loopback redirect (RFC 8252); issuer (RFC 9207), state and nonce are checked. */
async function byBrowser(
  provider: Configuration,
  asked: Asked,
  show: (address: string) => void,
  signal: AbortSignal,
): Promise<Tokens> {
  const oidc = await import('openid-client')
  if (provider.serverMetadata().authorization_endpoint === undefined) {
    throw new HoopError('unavailable', 'the identity provider has no page to log in at', { hint: 'hoop login --device' })
  }
  const redirect = await openRedirect()
  try {
    const [pkceCodeVerifier, expectedState] = [oidc.randomPKCECodeVerifier(), oidc.randomState()]
    const arriving = redirect.arrival(expectedState, signal)
    const address = oidc.buildAuthorizationUrl(provider, {
      ...asked,
      redirect_uri: redirect.uri,
      state: expectedState,
      code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    })
    show(address.href)
    const arrived = await arriving
    return await oidc.authorizationCodeGrant(provider, arrived, {
      pkceCodeVerifier,
      expectedState,
      expectedNonce: asked.nonce,
      idTokenExpected: true,
    })
  } finally {
    redirect.close()
  }
}

/** RFC 8628 section 3.5, RFC 6749 section 4.1.2.1. */
function providerRefused(code: string, description: string | undefined): HoopError {
  switch (code) {
    case 'access_denied':
      return new HoopError('invalid_token', 'the login was refused in the browser', { hint: 'hoop login' })
    case 'expired_token':
      return new HoopError('invalid_token', 'the code was not used in time', { hint: 'hoop login' })
    default:
      return new HoopError('invalid_token', `the identity provider refused the login: ${description ?? code}`, {
        hint: 'tell whoever runs the gateway if trying again does not help',
      })
  }
}
