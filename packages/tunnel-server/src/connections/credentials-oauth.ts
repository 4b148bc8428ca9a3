import { HoopError } from '@hoop/contracts'
import { z } from 'zod'
import { fetchJson } from '../identity/fetch-json.ts'
import type { IssuedToken } from './credential-cache.ts'

export interface ClientCredentials {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope?: string | undefined
  readonly audience?: string | undefined
}

/** Seconds that a token is taken to live where its issuer does not say so. */
const unsaidLife = 300

/** RFC 6749, section 5.1. What goes into a header has nothing in it that could end one. */
const Granted = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]{1,16384}$/),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.coerce.number().positive().max(31_536_000).default(unsaidLife),
})
/** RFC 6749, section 5.2. */
const Refused = z.object({ error: z.string().regex(/^[\x20-\x7e]{1,100}$/) })

/** A token by client credentials: RFC 6749, section 4.4. Rejects with a HoopError, which never has the secret in it. */
export async function clientCredentialsToken(client: ClientCredentials, now: () => number = Date.now): Promise<IssuedToken> {
  const asked = now()
  let answer = await ask(client, 'header')
  // RFC 6749 makes servers take it from the header (2.3.1); some take it from the form only.
  if (answer.status === 401 || (answer.status === 400 && errorOf(answer.body) === 'invalid_client'))
    answer = await ask(client, 'form')
  if (answer.status !== 200) throw unavailable(client, `refused it (${errorOf(answer.body) ?? `HTTP status ${answer.status}`})`)
  const granted = Granted.safeParse(answer.body)
  if (!granted.success) throw unavailable(client, 'answered with what is no bearer token')
  return { value: granted.data.access_token, expires: asked + granted.data.expires_in * 1000 }
}

async function ask(client: ClientCredentials, place: 'header' | 'form'): ReturnType<typeof fetchJson> {
  const { tokenUrl, clientId, clientSecret, scope, audience } = client
  const pair = [clientId, clientSecret].map((each) => new URLSearchParams({ '': each }).toString().slice(1)).join(':')
  const form = {
    grant_type: 'client_credentials',
    ...(scope !== undefined && { scope }),
    ...(audience !== undefined && { audience }),
    ...(place === 'form' && { client_id: clientId, client_secret: clientSecret }),
  }
  const headers = place === 'header' ? { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } : {}
  return await fetchJson(tokenUrl, { form, headers }).catch((cause: unknown) => {
    throw unavailable(client, 'does not answer', cause)
  })
}

function errorOf(body: unknown): string | null {
  return Refused.safeParse(body).data?.error ?? null
}

function unavailable({ tokenUrl }: ClientCredentials, words: string, cause?: unknown): HoopError {
  return new HoopError('connection_unavailable', `The gateway asked ${new URL(tokenUrl).host} for a token, which ${words}.`, {
    hint: 'An admin checks login.oauth of the connection.',
    cause,
  })
}
