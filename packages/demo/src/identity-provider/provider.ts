import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import { memoryAdapter } from './memory.ts'
import { codePage, confirmPage, donePage, errorPage, loginPage } from './pages.ts'
import type { DemoUser } from './users.ts'

export interface IdentityProviderOptions {
  readonly users: readonly DemoUser[]
  /** Absent or 0: a free one. */
  readonly port?: number
  /** The client that the CLI is; public, device flow and code + PKCE on a loopback redirect. */
  readonly clientId?: string
  /** Whether the gateway that trusts it is a demo or a test: anybody who reads this file knows every password, so it starts for no other. */
  readonly demoMode: boolean
}

/** A running development identity provider. */
export interface IdentityProvider {
  readonly issuer: string
  readonly clientId: string
  close(): Promise<void>
}

const scopes = ['openid', 'profile', 'email', 'groups', 'offline_access']

/**
 * Starts an OpenID provider on loopback with its own login page: device flow (RFC 8628), refresh, code + PKCE.
 * The ID token carries name, email, groups and hoop_kind.
 * @throws when the gateway is not in demo mode, and when the port is taken.
 */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  if (!options.demoMode) throw new Error('the development identity provider starts only for a gateway in demo mode')
  const clientId = options.clientId ?? 'hoop-cli'
  const server = createServer()
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = makeProvider(issuer, clientId, options.users)
  const handle = provider.callback()
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.startsWith('/login/')) {
      login(provider, options.users, request, response).catch((error: unknown) => {
        sendPage(response, 400, errorPage(error instanceof Error ? error.message : 'The request could not be read.'))
      })
    } else {
      void handle(request, response)
    }
  })
  return {
    issuer,
    clientId,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function makeProvider(issuer: string, clientId: string, users: readonly DemoUser[]): Provider {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(issuer, {
    adapter: memoryAdapter(),
    clients: [
      {
        client_id: clientId,
        client_name: 'hoop',
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        response_types: ['code'],
        redirect_uris: ['http://127.0.0.1/callback'],
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token', 'authorization_code'],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'demo' }] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    scopes,
    claims: {
      openid: ['sub', 'hoop_kind'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    // The gateway reads the ID token alone: what the scopes grant is in it, as at most providers.
    conformIdTokenClaims: false,
    issueRefreshToken: (_context, client) => Promise.resolve(client.grantTypeAllowed('refresh_token')),
    ttl: {
      DeviceCode: 600,
      IdToken: 600,
      AccessToken: 600,
      Interaction: 600,
      Session: 3600,
      Grant: 43_200,
      RefreshToken: 43_200,
    },
    interactions: { url: (_context, interaction) => `/login/${interaction.uid}` },
    findAccount: (_context, id) => {
      const user = users.find((each) => each.name === id)
      return user === undefined ? undefined : { accountId: id, claims: () => claimsOf(user) }
    },
    renderError: (context, out) => {
      context.type = 'html'
      context.body = errorPage(out.error_description ?? out.error)
    },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (context, form, _out, error) => {
          context.body = codePage(form, error !== undefined)
        },
        userCodeConfirmSource: (context, form, _client, _info, code) => {
          context.body = confirmPage(form, code)
        },
        successSource: (context) => {
          context.body = donePage()
        },
      },
    },
  })
  // RFC 8628, 3.2: without an interval clients ask every 5 s; on this machine nobody minds a question a second.
  provider.use(async (context, next) => {
    await next()
    const body: unknown = context.body
    if (typeof body === 'object' && body !== null && 'device_code' in body) Object.assign(body, { interval: 1 })
  })
  return provider
}

function claimsOf(user: DemoUser) {
  return {
    sub: user.name,
    name: user.fullName,
    preferred_username: user.name,
    email: `${user.name}@shop.example`,
    email_verified: true,
    groups: [...user.groups],
    ...(user.kind === undefined ? {} : { hoop_kind: user.kind }),
  }
}

/** Our own login page; logging in agrees to what the client asks, since there is but one client and one purpose. */
async function login(
  provider: Provider,
  users: readonly DemoUser[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const interaction = await provider.interactionDetails(request, response)
  const names = users.map((user) => user.name)
  const action = `/login/${interaction.uid}`
  if (request.method !== 'POST') return sendPage(response, 200, loginPage(action, names, false))
  const form = new URLSearchParams(await readBody(request))
  const user = users.find((each) => each.name === form.get('name') && each.password === form.get('password'))
  if (user === undefined) return sendPage(response, 401, loginPage(action, names, true))
  const grant = new provider.Grant({ accountId: user.name, clientId: String(interaction.params.client_id) })
  grant.addOIDCScope(scopes.join(' '))
  await provider.interactionFinished(request, response, {
    login: { accountId: user.name, remember: false },
    consent: { grantId: await grant.save() },
  })
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = ''
  request.setEncoding('utf8')
  for await (const chunk of request) {
    body += String(chunk)
    if (body.length > 10_000) throw new Error('The form is too long.')
  }
  return body
}

function sendPage(response: ServerResponse, status: number, html: string): void {
  const csp = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': csp,
    'cache-control': 'no-store',
  })
  response.end(html)
}
