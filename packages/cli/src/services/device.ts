import { HoopError } from '@hoop/contracts'
import { type DeviceKey, deviceKey } from '../credentials/device-key.ts'
import { givenToken, type LoginKeeper, loginTokens } from '../credentials/login-tokens.ts'
import { type CredentialStore, openCredentialStore } from '../credentials/store.ts'
import { gatewayOrigin } from '../gateway/address.ts'
import { type AccessTokens, createGatewayClient, type GatewayClient } from '../gateway/client.ts'
import { currentGateway } from '../state/config.ts'
import { statePaths } from '../state/folder.ts'
import type { Surroundings } from '../surroundings.ts'

/** This user on this machine, at one gateway: what services work with. */
export interface Device {
  readonly home: string
  readonly gateway: string
  readonly store: CredentialStore
  readonly lock: string
  /** Calls as the user who is logged in. */
  readonly client: GatewayClient
  /** Calls the public routes. */
  readonly anonymous: GatewayClient
  readonly tokens: AccessTokens
  readonly key: DeviceKey
  /** The environment, as far as it names proxies. */
  readonly proxies: Surroundings['proxies']
  readonly login: LoginKeeper
  /** Where the login is kept, for people. */
  readonly tokenPlace: string
}

/** `gateway` null: the one of the last login. Throws HoopError when there is none. */
export async function openDevice(surroundings: Surroundings, gateway: string | null): Promise<Device> {
  const address = gateway ?? (await currentGateway(surroundings.home))
  if (address === null) {
    throw new HoopError('invalid_token', 'not logged in: no gateway is known', { hint: 'hoop login https://your-gateway' })
  }
  const origin = gatewayOrigin(address)
  const store = await openCredentialStore(surroundings)
  const { lock } = statePaths(surroundings.home)
  const key = deviceKey({ store, lock, gateway: origin })
  const anonymous = createGatewayClient(origin, null, key)
  const login = loginTokens({ store, lock, client: anonymous })
  const tokens = surroundings.token === null ? login : givenToken(surroundings.token)
  return {
    home: surroundings.home,
    gateway: origin,
    store,
    lock,
    anonymous,
    client: createGatewayClient(origin, tokens, key),
    tokens,
    key,
    proxies: surroundings.proxies,
    login,
    tokenPlace: surroundings.token === null ? store.place : 'the environment (HOOP_TOKEN)',
  }
}
