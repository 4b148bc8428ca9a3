import { HoopError, LogoutRequest, TokenRequest, TokenResponse, tokenTypes } from '@hoop/contracts'
import { decodeJwt } from 'jose'
import { z } from 'zod'
import type { Api, ApiParts } from './server.ts'

const triesPerMinute = 120
/** One provider speaks for everybody. */
const logoutsPerMinute = 1000

/** A form (RFC 1866), as the specification wants it. */
const LogoutForm = z.object({ logout_token: z.string().max(32_768) })

/** Login, renewal and logout: the token in the body is the proof, and what is given for it is bound to the key of the device. */
export function tokenRoutes(app: Api, { config, logins, machines, authenticator }: ApiParts): void {
  const limited = { public: true as const, rateLimit: { max: triesPerMinute, timeWindow: '1 minute' } }
  app.route({
    method: 'POST',
    url: '/v1/token',
    config: limited,
    schema: { body: TokenRequest, response: { 200: TokenResponse } },
    handler: async ({ body, raw }) => {
      const device = await authenticator.proofOf(raw, null)
      if (body.grant_type === 'refresh_token') return await logins.refresh(body.refresh_token, device)
      const machine = machineExchange(body, config)
      const deviceName = body.device_name || null
      if (machine !== null) return await machines.exchange({ ...machine, device, deviceName })
      if (device === null) throw unproven()
      const {
        subject_token: idToken,
        provider_refresh_token: refreshToken = null,
        provider_access_token: accessToken = null,
      } = body
      return await logins.exchange(idToken, device, { refreshToken, accessToken, deviceName })
    },
  })
  app.route({
    method: 'POST',
    url: '/v1/logout',
    config: limited,
    schema: { body: LogoutRequest, response: { 204: z.undefined() } },
    handler: async ({ body }, reply) => {
      await logins.logout(body.refresh_token)
      return reply.code(204).send()
    },
  })
}

/**
 * `POST /v1/oidc/backchannel-logout`: the provider says whom it has logged out (OpenID Connect Back-Channel Logout 1.0, 2.5). The token in the
 * form is its proof.
 */
export async function providerLogoutRoute(app: Api, { logins }: ApiParts): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 64 * 1024 },
      async (_: unknown, body: string | Buffer) => Object.fromEntries(new URLSearchParams(String(body))),
    )
    scope.route({
      method: 'POST',
      url: '/v1/oidc/backchannel-logout',
      config: { public: true, rateLimit: { max: logoutsPerMinute, timeWindow: '1 minute' } },
      handler: async ({ body }, reply) => {
        const form = LogoutForm.safeParse(body)
        if (!form.success) throw new HoopError('invalid_request', 'There is no logout_token in the form.')
        await logins.endByProvider(form.data.logout_token).catch((error: unknown) => {
          // 2.8: what is wrong with it is told by 400, not by 401.
          if (!(error instanceof HoopError && error.code === 'invalid_token')) throw error
          throw new HoopError('invalid_request', error.message, { cause: error })
        })
        return reply.code(200).send()
      },
    })
  })
}

type Exchange = Extract<TokenRequest, { subject_token: string }>

/** What a machine asks to exchange; null: a person does. */
function machineExchange(body: Exchange, config: ApiParts['config']): { token: string; delegation: string | null } | null {
  const { subject_token: subject, subject_token_type: type, actor_token: actor } = body
  if (type === tokenTypes.delegation) {
    if (actor !== undefined) return { token: actor, delegation: subject }
    throw new HoopError('invalid_request', 'The token says for whom somebody acts, and not who does.', {
      hint: "Send the machine's own token as actor_token.",
    })
  }
  if (actor !== undefined) {
    throw new HoopError('invalid_request', 'An actor_token is for a subject_token that was made for it.', {
      hint: `Its type is ${tokenTypes.delegation}.`,
    })
  }
  if (type !== tokenTypes.serviceAccountKey && isOfProvider(subject, config)) return null
  return { token: subject, delegation: null }
}

/** Which of the two ways to verify it a token takes; neither believes what is read here. */
function isOfProvider(token: string, { issuer, clientId }: ApiParts['config']): boolean {
  try {
    const { iss, aud = [] } = decodeJwt(token)
    return iss === issuer && [aud].flat().includes(clientId)
  } catch {
    return true
  }
}

function unproven(): HoopError {
  return new HoopError('invalid_proof', 'A login is bound to the key of a device, and no proof of one came with the request.', {
    hint: 'Send a DPoP proof (RFC 9449), as hoop login does.',
  })
}
