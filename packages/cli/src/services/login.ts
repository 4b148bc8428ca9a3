import { GatewayConfig, HoopError, type Identity, TokenResponse } from '@hoop/contracts'
import { isSafeForTokens } from '../gateway/address.ts'
import { unreachable } from '../gateway/client.ts'
import { setCurrentGateway } from '../state/config.ts'
import type { Device } from './device.ts'

/** What the person needs to finish the login in a browser (RFC 8628 section 3.2). */
export interface DeviceCode {
  readonly verificationUri: string
  /** The same with the code in it; null if the provider offers none. */
  readonly verificationUriComplete: string | null
  readonly userCode: string
  /** Seconds. */
  readonly expiresIn: number
}
export interface LoggedIn {
  readonly gateway: string
  readonly identity: Identity
  readonly loginExpiresAt: string
}

/** Logs in with the device flow at the provider that the gateway names, and exchanges the identity token at the gateway. */
export async function logIn(device: Device, show: (code: DeviceCode) => void, signal: AbortSignal): Promise<LoggedIn> {
  const config = await device.anonymous.get('/v1/config', GatewayConfig)
  const idToken = await providerIdToken(config, show, signal)
  const answer = await device.anonymous.post(
    '/v1/token',
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: idToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    },
    TokenResponse,
  )
  await device.login.keep(answer)
  await setCurrentGateway(device.home, device.gateway)
  return { gateway: device.gateway, identity: answer.identity, loginExpiresAt: answer.login_expires_at }
}

async function providerIdToken(config: GatewayConfig, show: (code: DeviceCode) => void, signal: AbortSignal): Promise<string> {
  const oidc = await import('openid-client')
  const issuer = new URL(config.issuer)
  if (!isSafeForTokens(issuer)) {
    throw new HoopError('unavailable', `the gateway names an identity provider without TLS: ${issuer.origin}`, {
      hint: 'tell whoever runs the gateway',
    })
  }
  const plain = issuer.protocol === 'http:'
  try {
    const provider = await oidc.discovery(issuer, config.clientId, undefined, oidc.None(), {
      execute: plain ? [oidc.allowInsecureRequests] : [],
    })
    const started = await oidc.initiateDeviceAuthorization(provider, { scope: config.scopes.join(' ') })
    show({
      verificationUri: started.verification_uri,
      verificationUriComplete: started.verification_uri_complete ?? null,
      userCode: started.user_code,
      expiresIn: started.expires_in,
    })
    const tokens = await oidc.pollDeviceAuthorizationGrant(provider, started, undefined, { signal })
    if (tokens.id_token) return tokens.id_token
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (error instanceof oidc.ResponseBodyError) throw providerRefused(error.error, error.error_description)
    throw new HoopError('unavailable', `the login at ${issuer.origin} failed: ${unreachable(issuer.origin, error).message}`, {
      hint: 'try again; if it stays so, tell whoever runs the gateway',
      cause: error,
    })
  }
  throw new HoopError('unavailable', `${issuer.origin} gave no identity token`, {
    hint: 'the client registered there needs the scope "openid": tell whoever runs the gateway',
  })
}

/** RFC 8628 section 3.5. */
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

/** Ends the login at the gateway and forgets it here; true if the gateway could be told. */
export async function logOut(device: Device): Promise<boolean> {
  const refreshToken = await device.login.forget()
  try {
    await device.anonymous.tell('/v1/logout', { refresh_token: refreshToken })
    return true
  } catch (error) {
    if (error instanceof HoopError) return false
    throw error
  }
}
