import { HoopError } from '@hoop/contracts'
import type { JWTPayload } from 'jose'
import { z } from 'zod'
import { fetchJson } from './fetch-json.ts'
import { refusedToken } from './issuer.ts'

/** What a look-up of groups may go by: claims that were verified, and the provider's access token of that person, if there is one. */
export interface Proof {
  readonly claims: JWTPayload
  readonly accessToken: string | null
}

/** Finds a person's groups. */
export interface GroupLookup {
  /** @throws HoopError: a look-up that fails never means "none" */
  groupsOf(proof: Proof): Promise<readonly string[]>
}

const most = 2000
export const GroupNames = z.array(z.string().min(1).max(1000)).max(most)

/** From a claim of the ID token. */
export class GroupsClaim implements GroupLookup {
  readonly #claim: string

  constructor(claim: string) {
    this.#claim = claim
  }

  async groupsOf({ claims }: Proof): Promise<readonly string[]> {
    const groups = GroupNames.safeParse(claims[this.#claim])
    if (groups.success) return groups.data
    const what = claims[this.#claim] === undefined ? 'has no claim' : 'has a claim that is not a list of names:'
    throw refusedToken('ID token', `${what} "${this.#claim}"`, {
      hint: `The provider must put the groups in the ID token as "${this.#claim}"; HOOP_OIDC_GROUPS_CLAIM names another claim, HOOP_OIDC_GROUPS another place.`,
    })
  }
}

/** From a claim of the userinfo endpoint (OpenID Connect Core 1.0, 5.3). */
export class UserinfoGroups implements GroupLookup {
  readonly #endpoint: () => Promise<string | undefined>
  readonly #claim: string

  constructor(options: { endpoint: () => Promise<string | undefined>; claim: string }) {
    this.#endpoint = options.endpoint
    this.#claim = options.claim
  }

  async groupsOf({ claims, accessToken }: Proof): Promise<readonly string[]> {
    const endpoint = await this.#endpoint()
    if (endpoint === undefined) throw failedLookup('The identity provider has no userinfo endpoint.')
    const answer = await askAs(accessToken, endpoint, 'The userinfo endpoint')
    const info = z.object({ sub: z.string() }).and(z.record(z.string(), z.unknown())).safeParse(answer)
    // 5.3.2: an answer about somebody else must not be used.
    if (!info.success || info.data.sub !== claims.sub) throw failedLookup('The userinfo endpoint speaks of somebody else.')
    const groups = GroupNames.safeParse(info.data[this.#claim])
    if (!groups.success) throw failedLookup(`The userinfo endpoint gives no list of groups as "${this.#claim}".`)
    return groups.data
  }
}

/** The JSON that a service answers to the person's own access token. */
export async function askAs(
  accessToken: string | null,
  url: string | URL,
  name: string,
  request: { json?: unknown } = {},
): Promise<unknown> {
  if (accessToken === null) throw failedLookup(`${name} cannot be asked: the login brought no access token of the provider.`)
  const headers = { authorization: `Bearer ${accessToken}` }
  const { status, body } = await fetchJson(url, { headers, ...request }).catch((cause: unknown) => {
    throw failedLookup(`${name} does not answer.`, cause)
  })
  if (status !== 200) throw failedLookup(`${name} answered ${status}.`)
  return body
}

export function failedLookup(message: string, cause?: unknown): HoopError {
  return new HoopError('unavailable', `The groups cannot be looked up. ${message}`, {
    hint: 'Try again in a moment; if it lasts, tell whoever runs the gateway.',
    cause,
  })
}
