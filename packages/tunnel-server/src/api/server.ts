import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { BlockList } from 'node:net'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import { type GatewayConfig, HoopError } from '@hoop/contracts'
import fastify, { type FastifyInstance, type FastifyRequest, LogController } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import type { Access } from '../access/access.ts'
import type { AccessRequests } from '../access/access-requests.ts'
import type { StandingAccess } from '../access/standing-access.ts'
import type { Agents } from '../agents/index.ts'
import type { ReachableAgents } from '../agents/reachable.ts'
import type { Approvals } from '../approvals/approvals.ts'
import type { Doctor } from '../connections/doctor.ts'
import type { DocumentStore } from '../documents/document-store.ts'
import type { Documents } from '../documents/documents.ts'
import type { Authenticator } from '../identity/authenticator.ts'
import type { Delegations } from '../identity/delegations.ts'
import type { FirstAdmin } from '../identity/first-admin.ts'
import type { LoginFlows } from '../identity/login-flows.ts'
import type { Logins } from '../identity/logins.ts'
import type { Machines } from '../identity/machines.ts'
import type { RunningLogins } from '../identity/running-logins.ts'
import type { ServiceAccounts } from '../identity/service-accounts.ts'
import type { ChatLinks } from '../notify/chat-links.ts'
import type { SlackRequests } from '../notify/slack-requests.ts'
import type { Health } from '../operations/health.ts'
import type { TlsFiles } from '../operations/tls-files.ts'
import type { Explainer } from '../policy/explain.ts'
import type { Replayer } from '../policy/replay.ts'
import type { Sessions } from '../sessions/types.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Store } from '../store/database.ts'
import { accessRoutes } from './access.ts'
import { agentAdminRoutes, agentRoutes } from './agents.ts'
import { Allowance } from './allowance.ts'
import { approvalRoutes } from './approvals.ts'
import { authenticate } from './authentication.ts'
import { connectionRoutes } from './connections.ts'
import { delegationRoutes } from './delegations.ts'
import { doctorRoutes } from './doctor.ts'
import { documentRoutes } from './documents.ts'
import { answerError } from './errors.ts'
import { firstAdminRoute } from './first-admin.ts'
import { loginRoutes } from './logins.ts'
import { chatLinkRoutes, slackRoute } from './notify.ts'
import { describeApi } from './openapi.ts'
import { policyRoutes } from './policy.ts'
import { publicRoutes } from './public.ts'
import { serviceAccountRoutes } from './service-accounts.ts'
import { sessionRoutes } from './sessions.ts'
import type { Strangers } from './strangers.ts'
import { providerLogoutRoute, tokenRoutes } from './tokens.ts'
import { callerAddress, listed } from './trusted-proxies.ts'
import { upgradeRoutes } from './upgrades.ts'
import { whoAmIRoute } from './whoami.ts'

export type Api = FastifyInstance<Server, IncomingMessage, ServerResponse, Logger, ZodTypeProvider>

/** All that routes may ask of the product. */
export interface ApiParts {
  /** But for the flows, which the provider must be asked for. */
  readonly config: Omit<GatewayConfig, 'flows'>
  readonly flows: Pick<LoginFlows, 'offered'>
  readonly store: Store
  readonly feed: ChangeFeed
  readonly logins: Logins
  readonly runningLogins: RunningLogins
  readonly authenticator: Authenticator
  readonly machines: Machines
  readonly serviceAccounts: ServiceAccounts
  readonly delegations: Delegations
  readonly firstAdmin: FirstAdmin
  readonly access: Access
  readonly accessRequests: AccessRequests
  readonly standing: StandingAccess
  readonly documents: Documents
  readonly documentStore: DocumentStore
  readonly approvals: Approvals
  readonly sessions: Sessions
  readonly doctor: Doctor
  readonly explainer: Explainer
  readonly replayer: Replayer
  readonly chatLinks: ChatLinks
  readonly slackRequests: SlackRequests
  readonly agents: Agents
  /** Those of other gateways, too. */
  readonly reachable: Pick<ReachableAgents, 'has'>
  readonly strangers: Strangers
  readonly trustedProxies: BlockList | null
  readonly health: Health
  readonly meter: ApiMeter
  /** Aborts when the gateway stops: streams end. */
  readonly closing: AbortSignal
  readonly log: Logger
}

/** Counts what the API is asked. */
export interface ApiMeter {
  /** `route`: its pattern, null where there is none. */
  answered(route: string | null, status: number): void
  login(kind: 'login' | 'renewal', result: 'ok' | 'refused'): void
}

/** Limits before anybody is known: time to send a request, its size, and how many there may be. */
const limits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // The two above are only looked at so often.
  connectionsCheckingInterval: 2000,
  maxHeaderSize: 64 * 1024,
  keepAliveTimeout: 72_000,
}
const bodyLimit = 128 * 1024
const requestsPerMinute = 1200
const connections = 10_000
/** Of WebSockets, by address: each costs the verification of a token. */
const upgradesPerMinute = 1200

/** The HTTP API, not listening yet. */
export async function buildApi(parts: ApiParts, tls: TlsFiles | null): Promise<Api> {
  const app: Api = fastify({
    loggerInstance: parts.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    // HEAD of a stream would read the record for nobody.
    exposeHeadRoutes: false,
    trustProxy: (address) => listed(parts.trustedProxies, address),
    serverFactory: (handler) => listenerOf(handler, { tls, trustedProxies: parts.trustedProxies }),
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(answerError)
  parts.strangers.watch(app.server)
  app.addHook('onResponse', async (request, { statusCode }) => count(request, statusCode, parts.meter))
  // Answers are for the one who asked, and of that moment.
  app.addHook('onRequest', async (_, reply) => void reply.header('cache-control', 'no-store'))
  await app.register(helmet)
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: '1 minute',
    errorResponseBuilder: (_, { after }) => new HoopError('too_many_requests', `Too many requests. Try again in ${after}.`),
  })
  // The limit above is of routes.
  const misses = new Allowance(requestsPerMinute)
  app.setNotFoundHandler((request, reply) => {
    if (!misses.take(request.ip)) throw new HoopError('too_many_requests', 'Too many requests. Try again in a minute.')
    const error = new HoopError('not_found', `There is no ${request.method} ${request.url.split('?')[0]} here.`)
    return answerError(error, request, reply)
  })
  authenticate(app, parts)
  await describeApi(app, parts.config)
  for (const routes of [
    publicRoutes,
    tokenRoutes,
    whoAmIRoute,
    loginRoutes,
    firstAdminRoute,
    connectionRoutes,
    doctorRoutes,
    sessionRoutes,
    approvalRoutes,
    documentRoutes,
    policyRoutes,
    agentRoutes,
    agentAdminRoutes,
    accessRoutes,
    serviceAccountRoutes,
    delegationRoutes,
    chatLinkRoutes,
    upgradeRoutes,
  ]) {
    routes(app, parts)
  }
  await providerLogoutRoute(app, parts)
  await slackRoute(app, parts)
  await app.ready()
  return app
}

/** Logins are requests too. */
function count({ is404, routeOptions, body }: FastifyRequest, status: number, meter: ApiMeter): void {
  const route = is404 ? null : (routeOptions.url ?? null)
  meter.answered(route, status)
  if (route !== '/v1/token' || typeof body !== 'object' || body === null || !('grant_type' in body)) return
  meter.login(body.grant_type === 'refresh_token' ? 'renewal' : 'login', status === 200 ? 'ok' : 'refused')
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

function listenerOf(
  handler: Handler,
  { tls, trustedProxies }: { tls: TlsFiles | null; trustedProxies: BlockList | null },
): Server {
  const upgrades = new Allowance(upgradesPerMinute)
  const options = {
    ...limits,
    // One that is refused here goes on as a request, and is answered as such.
    shouldUpgradeCallback: (request: IncomingMessage) => upgrades.take(callerAddress(request, trustedProxies)),
  }
  const server = tls === null ? createServer(options, handler) : encrypted(options, handler, tls)
  server.maxConnections = connections
  return server
}

function encrypted(options: ServerOptions, handler: Handler, tls: TlsFiles): Server {
  const server = createTlsServer(
    { ...options, ...tls.pair, minVersion: 'TLSv1.2', handshakeTimeout: limits.headersTimeout },
    handler,
  )
  tls.serve(server)
  return server
}
