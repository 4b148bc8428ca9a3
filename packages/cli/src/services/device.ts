import { type DeviceKey, deviceKey } from '../credentials/device-key.ts'
import { exchangedTokens, givenToken, type LoginKeeper, loginTokens } from '../credentials/login-tokens.ts'
import { accounts, type CredentialStore, openCredentialStore } from '../credentials/store.ts'
import type { TokenSource } from '../credentials/token-source.ts'
import { gatewayOrigin } from '../gateway/address.ts'
import { type AccessTokens, createGatewayClient, type GatewayClient } from '../gateway/client.ts'
import { statePaths } from '../state/folder.ts'
import type { Surroundings } from '../surroundings.ts'
import { givenSource, platformSource, usableHome } from './machine.ts'

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

/** Throws HoopError when `gateway` is no address. */
export async function openDevice(surroundings: Surroundings, gateway: string): Promise<Device> {
  const origin = gatewayOrigin(gateway)
  const given = surroundings.token === null ? givenSource(process.env) : null
  const platform = given ?? (surroundings.token === null ? platformSource(process.env) : null)
  const unattended = surroundings.token !== null || platform !== null
  const home = unattended ? await usableHome(surroundings.home) : surroundings.home
  const isDefaultHome = surroundings.isDefaultHome && home === surroundings.home
  const store = await openCredentialStore({ ...surroundings, home, isDefaultHome })
  // What a platform has for whoever runs there is for whoever has not logged in.
  const source = given ?? (platform !== null && (await store.get(accounts.login(origin))) === null ? platform : null)
  const { lock } = statePaths(home)
  const key = deviceKey({ store, lock, gateway: origin })
  const anonymous = createGatewayClient(origin, null, key)
  const login = loginTokens({ store, lock, client: anonymous })
  const { token } = surroundings
  const tokens = token !== null ? givenToken(token) : source !== null ? exchangedTokens(source, anonymous) : login
  return {
    home,
    gateway: origin,
    store,
    lock,
    anonymous,
    client: createGatewayClient(origin, tokens, key),
    tokens,
    key,
    proxies: surroundings.proxies,
    login,
    tokenPlace: token !== null ? 'the environment (HOOP_TOKEN)' : source !== null ? placeOf(source) : store.place,
  }
}

function placeOf(source: TokenSource): string {
  const [[kind, of] = ['', '']] = Object.entries(source)
  return `nowhere: a token of the ${kind} ${of} is exchanged each time`
}
