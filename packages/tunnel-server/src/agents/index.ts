import type { AgentList } from '@hoop/contracts'
import type { Documents, InForce } from '../documents/documents.ts'
import type { WorkloadTokens } from '../identity/workload-tokens.ts'
import { readAgents, type StoredAgent } from '../store/agents.ts'
import type { Store } from '../store/database.ts'
import { AgentCredentials } from './credentials.ts'
import { Enrolment } from './enrolment.ts'
import { OnlineAgents } from './online.ts'
import { seenWithin } from './registration.ts'

/** The agents of this gateway: who they are, and which of them are online. */
export class Agents {
  readonly credentials: AgentCredentials
  readonly enrolment: Enrolment
  readonly online = new OnlineAgents()
  readonly #store: Store
  readonly #gateway: string

  /** `signingKey`: PEM of an Ed25519 private key; `gateway`: this one's id; `issuer`: its URL, asked when it is known. */
  constructor(parts: {
    store: Store
    gateway: string
    signingKey: string
    issuer: () => string
    workloads: Pick<WorkloadTokens, 'verify'>
    documents: Pick<Documents, 'current'>
  }) {
    this.#store = parts.store
    this.#gateway = parts.gateway
    this.credentials = new AgentCredentials(parts.signingKey, parts.issuer)
    this.enrolment = new Enrolment({ ...parts, credentials: this.credentials })
  }

  /** All that ever joined and are not forgotten, and the names that connections have in vain. */
  async list({ connections }: Pick<InForce, 'connections'>): Promise<AgentList> {
    const agents = (await this.#store.run(readAgents)).map((agent) => this.#instance(agent))
    const missing = new Map<string, string[]>()
    for (const { name, agent } of connections.values()) {
      if (agent === undefined || agents.some((each) => each.name === agent && each.state !== 'revoked')) continue
      missing.set(agent, [...(missing.get(agent) ?? []), name])
    }
    return { agents, missing: [...missing].map(([name, names]) => ({ name, connections: names })) }
  }

  #instance(agent: StoredAgent): AgentList['agents'][number] {
    const { id, name, version, host, address, joinedAt, seenAt, gateway, revokedAt } = agent
    const online = this.online.get(id)
    // At another gateway: as long as that goes on to see it.
    const elsewhere = gateway !== null && gateway !== this.#gateway && Date.now() - seenAt.getTime() < seenWithin
    const isOnline = online === null ? elsewhere : !online.lost
    return {
      id,
      name,
      state: revokedAt !== null ? 'revoked' : isOnline ? 'online' : 'offline',
      version,
      host,
      address,
      joinedAt: joinedAt.toISOString(),
      onlineSince: online?.since.toISOString() ?? null,
      seenAt: seenAt.toISOString(),
      streams: online?.streams ?? 0,
    }
  }
}
