import { GatewayConfig, HoopError, type Identity, TokenResponse } from '@hoop/contracts'
import { exchangeRequest, type ProviderTokens } from '../credentials/login-tokens.ts'
import { readToken, type TokenSource } from '../credentials/token-source.ts'
import { setCurrentGateway } from '../state/config.ts'
import type { Device } from './device.ts'
import { logInAtProvider, type Way } from './provider-login.ts'

export interface LoggedIn {
  readonly gateway: string
  readonly identity: Identity
  readonly loginExpiresAt: string
}

/** Logs in at the provider that the gateway names, and exchanges what it gives at the gateway. */
export async function logIn(device: Device, way: Way, signal: AbortSignal): Promise<LoggedIn> {
  const config = await device.anonymous.get('/v1/config', GatewayConfig)
  const tokens = await logInAtProvider(config, { way, thumbprint: await device.key.thumbprint(), signal })
  return await exchange(device, tokens, null)
}

/** Logs in with an identity token that somebody else takes care of; it is taken from there again when the login has ended. */
export async function logInFrom(device: Device, source: TokenSource): Promise<LoggedIn> {
  return await exchange(device, { idToken: await readToken(source), refreshToken: null, accessToken: null }, source)
}

async function exchange(device: Device, tokens: ProviderTokens, source: TokenSource | null): Promise<LoggedIn> {
  const answer = await device.anonymous.post('/v1/token', exchangeRequest(tokens), TokenResponse)
  await device.login.keep(answer, source)
  await setCurrentGateway(device.home, device.gateway)
  return { gateway: device.gateway, identity: answer.identity, loginExpiresAt: answer.login_expires_at }
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
