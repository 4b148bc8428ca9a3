import { HoopError } from '@hoop/contracts'
import type { AuthClient } from 'google-auth-library'
import { z } from 'zod'
import type { IssuedToken } from './credential-cache.ts'

/** What GKE asks for, to know an account by its e-mail address too. */
const scopes = ['https://www.googleapis.com/auth/cloud-platform', 'https://www.googleapis.com/auth/userinfo.email']
/** Milliseconds that one request to Google may take, and all that one token takes. */
const limits = { request: 5_000, token: 15_000 } as const

/** The key file of a service account. Other kinds of files name programs and addresses to run and to ask. */
const KeyFile = z.object({
  type: z.literal('service_account'),
  client_email: z.email(),
  private_key: z.string().min(1),
  universe_domain: z.literal('googleapis.com').optional(),
})

/**
 * An access token of Google: by a service account's key file (JSON), or by what the gateway's machine has (null): GOOGLE_APPLICATION_CREDENTIALS,
 * or the metadata server. The library dials Google by itself, through HTTPS_PROXY. `fetch`: in place of its own way out.
 * Rejects with a HoopError, which has nothing of the key in it.
 */
export async function googleToken(credentials: string | null, fetch?: typeof globalThis.fetch): Promise<IssuedToken> {
  const key = credentials === null ? null : keyFileOf(credentials)
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(unavailable('Google does not answer')), limits.token)
  try {
    return await Promise.race([issued(key, fetch), late.promise])
  } catch (error) {
    if (error instanceof HoopError) throw error
    // The library's error carries its request, with what was signed.
    throw unavailable(error instanceof Error ? error.message.slice(0, 300).replace(/\.$/, '') : 'it was refused')
  } finally {
    clearTimeout(timer)
  }
}

async function issued(key: z.infer<typeof KeyFile> | null, fetch: typeof globalThis.fetch | undefined): Promise<IssuedToken> {
  // It takes a while to load, and few connections need it.
  const { GoogleAuth, JWT } = await import('google-auth-library')
  const transporterOptions = { timeout: limits.request, ...(fetch !== undefined && { fetchImplementation: fetch }) }
  const client: AuthClient =
    key === null
      ? await new GoogleAuth({ scopes, clientOptions: { transporterOptions } }).getClient()
      : new JWT({ email: key.client_email, key: key.private_key, scopes, transporterOptions })
  const { token } = await client.getAccessToken()
  const expires = client.credentials.expiry_date
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,16384}$/.test(token) || typeof expires !== 'number')
    throw unavailable('the answer is no token')
  return { value: token, expires }
}

function keyFileOf(text: string): z.infer<typeof KeyFile> {
  try {
    return KeyFile.parse(JSON.parse(text))
  } catch {
    throw unavailable('login.google.credentials is not the key file of a service account')
  }
}

/** Whether a text is the key file of a service account, as Google Cloud makes them. */
export function isKeyFile(text: string): boolean {
  try {
    return KeyFile.safeParse(JSON.parse(text)).success
  } catch {
    return false
  }
}

function unavailable(words: string): HoopError {
  return new HoopError('connection_unavailable', `The gateway has no access token of Google: ${words}.`, {
    hint: 'An admin checks login.google of the connection.',
  })
}
