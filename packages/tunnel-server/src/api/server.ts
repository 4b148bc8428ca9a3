import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import { type GatewayConfig, HoopError } from '@hoop/contracts'
import fastify, { type FastifyInstance, LogController } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import type { Access } from '../access/access.ts'
import type { StandingAccess } from '../access/standing-access.ts'
import type { Agents } from '../agents/index.ts'
import type { Approvals } from '../approvals/approvals.ts'
import type { Doctor } from '../connections/doctor.ts'
import type { DocumentStore } from '../documents/document-store.ts'
import type { Documents } from '../documents/documents.ts'
import type { Authenticator } from '../identity/authenticator.ts'
import type { Logins } from '../identity/logins.ts'
import type { Sessions } from '../sessions/types.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Store } from '../store/database.ts'
import { agentAdminRoutes, agentRoutes } from './agents.ts'
import { approvalRoutes } from './approvals.ts'
import { authenticate } from './authentication.ts'
import { connectionRoutes } from './connections.ts'
import { doctorRoutes } from './doctor.ts'
import { documentRoutes } from './documents.ts'
import { answerError } from './errors.ts'
import { publicRoutes } from './public.ts'
import { sessionRoutes } from './sessions.ts'
import type { Strangers } from './strangers.ts'
import { providerLogoutRoute, tokenRoutes } from './tokens.ts'
import { whoAmIRoute } from './whoami.ts'

export type Api = FastifyInstance<Server, IncomingMessage, ServerResponse, Logger, ZodTypeProvider>

/** All that routes may ask of the product. */
export interface ApiParts {
  readonly config: GatewayConfig
  readonly store: Store
  readonly feed: ChangeFeed
  readonly logins: Logins
  readonly authenticator: Authenticator
  readonly access: Access
  readonly standing: StandingAccess
  readonly documents: Documents
  readonly documentStore: DocumentStore
  readonly approvals: Approvals
  readonly sessions: Sessions
  readonly doctor: Doctor
  readonly agents: Agents
  readonly strangers: Strangers
  /** Aborts when the gateway stops: streams end. */
  readonly closing: AbortSignal
  readonly log: Logger
}

/** PEM; null: plain http, on loopback only. */
export type ServerTls = { readonly cert: string; readonly key: string } | null

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

/** The HTTP API, not listening yet. */
export async function buildApi(parts: ApiParts, tls: ServerTls): Promise<Api> {
  const app: Api = fastify({
    loggerInstance: parts.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    // HEAD of a stream would read the record for nobody.
    exposeHeadRoutes: false,
    serverFactory: (handler) => listenerOf(handler, tls),
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((request, reply) => {
    const error = new HoopError('not_found', `There is no ${request.method} ${request.url.split('?')[0]} here.`)
    return answerError(error, request, reply)
  })
  parts.strangers.watch(app.server)
  // Answers are for the one who asked, and of that moment.
  app.addHook('onRequest', async (_, reply) => void reply.header('cache-control', 'no-store'))
  await app.register(helmet)
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: '1 minute',
    errorResponseBuilder: (_, { after }) => new HoopError('too_many_requests', `Too many requests. Try again in ${after}.`),
  })
  authenticate(app, parts)
  for (const routes of [
    publicRoutes,
    tokenRoutes,
    whoAmIRoute,
    connectionRoutes,
    doctorRoutes,
    sessionRoutes,
    approvalRoutes,
    documentRoutes,
    agentRoutes,
    agentAdminRoutes,
  ]) {
    routes(app, parts)
  }
  await providerLogoutRoute(app, parts)
  await app.ready()
  return app
}

function listenerOf(handler: (request: IncomingMessage, response: ServerResponse) => void, tls: ServerTls): Server {
  const server =
    tls === null
      ? createServer(limits, handler)
      : createTlsServer({ ...limits, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: limits.headersTimeout }, handler)
  server.maxConnections = connections
  return server
}
