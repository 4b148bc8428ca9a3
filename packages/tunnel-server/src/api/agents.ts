import {
  AgentCredential,
  AgentList,
  agentPaths,
  CreateJoinTokenRequest,
  DocumentName,
  JoinAgentRequest,
  JoinToken,
  RenewAgentRequest,
  RevokeAgentsRequest,
  RevokeAgentsResponse,
} from '@hoop/contracts'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Asking } from '../agents/enrolment.ts'
import { proofOfAgent } from '../agents/proof.ts'
import { callerOf } from './authentication.ts'
import type { Api, ApiParts } from './server.ts'

const triesPerMinute = 120
const ByName = z.object({ name: DocumentName })

/** What agents ask for themselves: the proof of their key in each request is who they are. */
export function agentRoutes(app: Api, { agents, authenticator }: ApiParts): void {
  const limited = { public: true as const, rateLimit: { max: triesPerMinute, timeWindow: '1 minute' } }
  const asking = async ({ raw, ip }: FastifyRequest): Promise<Asking> => ({
    key: await proofOfAgent(authenticator, raw, null),
    address: ip,
  })
  app.route({
    method: 'POST',
    url: agentPaths.join,
    config: limited,
    schema: { body: JoinAgentRequest, response: { 200: AgentCredential } },
    handler: async (request) => await agents.enrolment.join(request.body, await asking(request)),
  })
  app.route({
    method: 'POST',
    url: agentPaths.credential,
    config: limited,
    schema: { body: RenewAgentRequest, response: { 200: AgentCredential } },
    handler: async (request) => await agents.enrolment.renew(request.body, await asking(request)),
  })
}

/** What people do about agents. */
export function agentAdminRoutes(app: Api, { access, agents, documents }: ApiParts): void {
  app.route({
    method: 'GET',
    url: '/v1/agents',
    schema: { response: { 200: AgentList } },
    handler: async (request) => {
      access.authorise(callerOf(request), { kind: 'agent.read' })
      return await agents.list(documents.current())
    },
  })
  app.route({
    method: 'POST',
    url: '/v1/agents/tokens',
    schema: { body: CreateJoinTokenRequest, response: { 200: JoinToken } },
    handler: async (request) => {
      const caller = callerOf(request)
      access.authorise(caller, { kind: 'agent.write' })
      return await agents.enrolment.createToken(caller.identity, request.body.name)
    },
  })
  app.route({
    method: 'POST',
    url: '/v1/agents/:name/revoke',
    schema: { params: ByName, body: RevokeAgentsRequest, response: { 200: RevokeAgentsResponse } },
    handler: async (request) => {
      const caller = callerOf(request)
      access.authorise(caller, { kind: 'agent.write' })
      return await agents.enrolment.revoke(caller.identity, request.params.name, request.body.id)
    },
  })
}
