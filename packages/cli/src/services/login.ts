import { GatewayConfig, type Identity, type LoginFlow, TokenResponse } from '@hoop/contracts'
import { HoopError } from '@hoop/contracts/errors'
import { exchangeFrom, exchangeRequest } from '../credentials/login-tokens.ts'
import type { TokenSource } from '../credentials/token-source.ts'
import { setCurrentGateway } from '../state/config.ts'
import type { Device } from './device.ts'
import { chooseFlow, type WantedFlow } from './login-flow.ts'
import { endAllLogins } from './logins.ts'
import { logInAtProvider, type Way } from './provider-login.ts'

export interface LoggedIn {
  readonly gateway: string
  readonly identity: Identity
  readonly loginExpiresAt: string
}

/** Logs in at the provider that the gateway names, by a flow that it offers, and exchanges what the provider gives at the gateway. */
export async function logIn(
  device: Device,
  { ways, ...wanted }: WantedFlow & { readonly ways: Readonly<Record<LoginFlow, Way>> },
  signal: AbortSignal,
): Promise<LoggedIn> {
  const config = await device.anonymous.get('/v1/config', GatewayConfig)
  const way = ways[chooseFlow(config.flows, wanted)]
  const tokens = await logInAtProvider(config, { way, thumbprint: await device.key.thumbprint(), signal })
  return await keep(device, await device.anonymous.post('/v1/token', exchangeRequest(tokens), TokenResponse), null)
}

/** Logs in with an identity token that somebody else takes care of; it is taken from there again when the login has ended. */
export async function logInFrom(device: Device, source: TokenSource): Promise<LoggedIn> {
  return await keep(device, await exchangeFrom(source, device.anonymous), source)
}

async function keep(device: Device, answer: TokenResponse, source: TokenSource | null): Promise<LoggedIn> {
  await device.login.keep(answer, source)
  await setCurrentGateway(device.home, device.gateway)
  return { gateway: device.gateway, identity: answer.identity, loginExpiresAt: answer.login_expires_at }
}

/** Ends the login at the gateway and forgets it here; true if the gateway could be told. */
export async function logOut(device: Device): Promise<boolean> {
  const refreshToken = await device.login.forget()
  // What a machine got ends by itself.
  if (refreshToken === null) return true
  try {
    await device.anonymous.tell('/v1/logout', { refresh_token: refreshToken })
    return true
  } catch (error) {
    if (error instanceof HoopError) return false
    throw error
  }
}

/** Ends every login of this identity, and forgets the one that is kept here; how many. Unless the gateway says so, nothing is forgotten. */
export async function logOutEverywhere(device: Device): Promise<number> {
  const ended = await endAllLogins(device, null)
  await device.login.forget().catch((error: unknown) => {
    // A token from elsewhere left nothing here.
    if (!(error instanceof HoopError && error.code === 'invalid_token')) throw error
  })
  return ended
}
