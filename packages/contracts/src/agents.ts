import { z } from 'zod'
import { DocumentName } from './document-parts.ts'

/** What agents call themselves; each request carries a DPoP proof of the agent's key (RFC 9449). */
export const agentPaths = {
  /** POST */
  join: '/v1/agent/join',
  /** POST, without a body: the proof says who asks. */
  credential: '/v1/agent/credential',
  /** GET, upgraded to a WebSocket; `Authorization: DPoP CREDENTIAL`. */
  tunnel: '/v1/agent/tunnel',
} as const

/** What an agent says of itself. */
const AgentSelf = { version: z.string().max(100), host: z.string().max(255) }

/** POST /v1/agent/join: makes the key of the proof one of the agents of this name. */
export const JoinAgentRequest = z.discriminatedUnion('grant', [
  /** By a token that an admin made for this name; it is used up. */
  z.strictObject({ grant: z.literal('join_token'), token: z.string().max(256), name: DocumentName, ...AgentSelf }),
  /** By the token that a platform gives its workloads, which a Trust lets in as an agent of this name. */
  z.strictObject({ grant: z.literal('workload'), token: z.string().max(32_768), name: DocumentName, ...AgentSelf }),
])
export type JoinAgentRequest = z.infer<typeof JoinAgentRequest>

/** POST /v1/agent/credential */
export const RenewAgentRequest = z.strictObject(AgentSelf)

export const AgentCredential = z.object({
  /** Of this instance: agents of one name are told apart by it. */
  id: z.string(),
  name: DocumentName,
  /** Good for nothing without the key of the proof. */
  credential: z.string(),
  /** Seconds. */
  expires_in: z.int().positive(),
})
export type AgentCredential = z.infer<typeof AgentCredential>

/** POST /v1/agents/tokens */
export const CreateJoinTokenRequest = z.strictObject({ name: DocumentName })
/** The token is shown here and never again. */
export const JoinToken = z.object({ name: DocumentName, token: z.string(), expires_at: z.iso.datetime() })
export type JoinToken = z.infer<typeof JoinToken>

/** GET /v1/agents */
export const AgentInstance = z.object({
  id: z.string(),
  name: DocumentName,
  state: z.enum(['online', 'offline', 'revoked']),
  version: z.string(),
  /** What its machine calls itself, and the address from which it came. */
  host: z.string(),
  address: z.string(),
  joinedAt: z.iso.datetime(),
  /** When its tunnel was opened; null while it has none at the gateway that was asked. */
  onlineSince: z.iso.datetime().nullable(),
  seenAt: z.iso.datetime(),
  /** Open now, at the gateway that was asked. */
  streams: z.int(),
})
export type AgentInstance = z.infer<typeof AgentInstance>
export const AgentList = z.object({
  agents: z.array(AgentInstance),
  /** Names that connections have, and no agent. */
  missing: z.array(z.object({ name: DocumentName, connections: z.array(DocumentName) })),
})
export type AgentList = z.infer<typeof AgentList>

/** POST /v1/agents/:name/revoke: one instance, or all of them and the tokens that were not used. */
export const RevokeAgentsRequest = z.strictObject({ id: z.string().max(100).nullable() })
export const RevokeAgentsResponse = z.object({ revoked: z.array(z.string()), tokens: z.int() })
export type RevokeAgentsResponse = z.infer<typeof RevokeAgentsResponse>
