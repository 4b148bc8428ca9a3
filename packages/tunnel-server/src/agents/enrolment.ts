import { createHash, randomBytes, randomUUID } from 'node:crypto'
import {
  type AgentCredential,
  HoopError,
  type Identity,
  type JoinAgentRequest,
  type JoinToken,
  type RevokeAgentsResponse,
} from '@hoop/contracts'
import type { Documents } from '../documents/documents.ts'
import { machineOf, mustStand } from '../identity/machine-document.ts'
import type { WorkloadTokens } from '../identity/workload-tokens.ts'
import { writeAdminLog } from '../store/admin-log.ts'
import {
  addJoinToken,
  findAgentByKey,
  findJoinToken,
  forgetAgents,
  putAgent,
  removeJoinTokens,
  renewAgent,
  revokeAgents,
  type StoredAgent,
  useJoinToken,
} from '../store/agents.ts'
import type { Database, Store } from '../store/database.ts'
import { forgetTokensBefore, useToken } from '../store/machines.ts'
import { type AgentCredentials, credentialLifetime } from './credentials.ts'

/** Milliseconds. */
const tokenLifetime = 3600_000
/** Milliseconds after which an agent that was not seen must join again. */
const rememberFor = 30 * 24 * 3600_000

/** Who asks, and from where: the thumbprint of the key that the request proves. */
export interface Asking {
  readonly key: string
  readonly address: string
}

/** Who or what vouches for an agent that joins. */
interface Vouching {
  readonly by: Identity
  readonly letInBy: StoredAgent['letInBy']
  /** For the log. */
  readonly words: string
}

/** How agents become known, stay known, and cease to be. */
export class Enrolment {
  readonly #store: Store
  readonly #credentials: AgentCredentials
  readonly #workloads: Pick<WorkloadTokens, 'verify'>
  readonly #documents: Pick<Documents, 'current'>

  constructor(parts: {
    store: Store
    credentials: AgentCredentials
    workloads: Pick<WorkloadTokens, 'verify'>
    documents: Pick<Documents, 'current'>
  }) {
    this.#store = parts.store
    this.#workloads = parts.workloads
    this.#documents = parts.documents
    this.#credentials = parts.credentials
  }

  /** A token by which one agent of this name may join, within an hour. */
  async createToken(by: Identity, name: string): Promise<JoinToken> {
    const token = `hoop_join_${randomBytes(32).toString('base64url')}`
    const createdAt = new Date()
    const expiresAt = new Date(createdAt.getTime() + tokenLifetime)
    await this.#store.transaction(async (db) => {
      await forgetAgents(db, new Date(createdAt.getTime() - rememberFor))
      await addJoinToken(db, { hash: hashOf(token), name, createdBy: by, createdAt, expiresAt })
      await writeAdminLog(db, { by, action: 'agent.token', target: `Agent/${name}`, detail: `ends ${expiresAt.toISOString()}` })
    })
    return { name, token, expires_at: expiresAt.toISOString() }
  }

  /** Takes the key of whoever asks for that of an agent. @throws HoopError `invalid_token`, `no_access`, `unavailable` */
  async join(request: JoinAgentRequest, { key, address }: Asking): Promise<AgentCredential> {
    const { name, version, host } = request
    const now = new Date()
    const vouching = await this.#vouching(request, key, now)
    const agent = await this.#store.transaction(async (db) => {
      const { by, letInBy, words } = await vouching(db)
      const id = `agt_${randomUUID()}`
      const fresh = { id, name, keyThumbprint: key, version, host, address, joinedAt: now, joinedBy: by }
      const joined = await putAgent(db, {
        ...fresh,
        credentialUntil: untilFrom(now),
        seenAt: now,
        gateway: null,
        letInBy,
        revokedAt: null,
      })
      if (joined === null) throw revoked()
      await writeAdminLog(db, {
        by,
        action: 'agent.join',
        target: `Agent/${name}`,
        detail: `${joined.id} at ${host}, from ${address}, ${words}`,
      })
      return joined
    })
    return await this.#issue(agent)
  }

  /** A new credential for an agent that is known by its key. @throws HoopError `invalid_token`, `no_access`, `unavailable` */
  async renew(self: { readonly version: string; readonly host: string }, { key, address }: Asking): Promise<AgentCredential> {
    const now = new Date()
    const agent = await this.#store.transaction(async (db) => {
      const renewed = await renewAgent(db, key, { ...self, address, credentialUntil: untilFrom(now), seenAt: now })
      if (renewed !== null) {
        if (renewed.letInBy !== null) mustStand(renewed.letInBy, this.#documents, 'this agent')
        return renewed
      }
      if ((await findAgentByKey(db, key)) !== null) throw revoked()
      throw new HoopError('invalid_token', 'The gateway does not know this agent.', { hint: newToken('NAME') })
    })
    return await this.#issue(agent)
  }

  /** Ends the agents of a name, or one of them: for good, with everything that goes through them. */
  async revoke(by: Identity, name: string, id: string | null): Promise<RevokeAgentsResponse> {
    return await this.#store.transaction(async (db) => {
      const gone = await revokeAgents(db, name, id, new Date())
      const tokens = id === null ? await removeJoinTokens(db, name) : 0
      if (gone.length === 0 && tokens === 0) {
        throw new HoopError('not_found', `There is no agent ${id === null ? name : `${id} of the name ${name}`} to revoke.`, {
          hint: 'hoop agents ls shows those that there are.',
        })
      }
      const detail = [...gone, ...(tokens > 0 ? [`${tokens} unused join tokens`] : [])].join(', ')
      await writeAdminLog(db, { by, action: 'agent.revoke', target: `Agent/${name}`, detail })
      return { revoked: gone, tokens }
    })
  }

  /** Who vouches for the agent that joins; what proves it is used up in the transaction of what it is used for. */
  async #vouching(request: JoinAgentRequest, key: string, now: Date): Promise<(db: Database) => Promise<Vouching>> {
    const { grant, token, name } = request
    if (grant === 'join_token') return (db) => byJoinToken(db, { token, name }, now)
    const { trust, hash, expiresAt, words } = await this.#workloads.verify(token, 'agent')
    const { as, issuer } = trust
    if (as.kind !== 'agent' || as.name !== name) {
      throw new HoopError('invalid_token', `Trust/${trust.name} lets this workload in as the agent ${as.name}, not as ${name}.`, {
        hint: `Start it with --name ${as.name}, or have an admin look at Trust/${trust.name}.`,
      })
    }
    const by = { id: `hoop#Trust/${trust.name}`, kind: 'service', name: trust.name, email: null, groups: [], issuer } as const
    return async (db) => {
      await forgetTokensBefore(db, now)
      if (await useToken(db, { hash, device: key, expiresAt })) {
        return { by: { ...by, groups: [] }, letInBy: machineOf(trust), words: `by Trust/${trust.name}: ${words}` }
      }
      throw new HoopError('invalid_token', 'The workload token was used before, and each is good for one agent.', {
        hint: 'Ask the platform for another one; only the agent that used it may use it again.',
      })
    }
  }

  async #issue({ id, name, keyThumbprint, credentialUntil }: StoredAgent): Promise<AgentCredential> {
    const credential = await this.#credentials.issue({ id, name, key: keyThumbprint, expiresAt: credentialUntil })
    return { id, name, credential, expires_in: credentialLifetime }
  }
}

async function byJoinToken(db: Database, { token, name }: { token: string; name: string }, now: Date): Promise<Vouching> {
  const hash = hashOf(token)
  const used = await useJoinToken(db, hash, name, now)
  if (used !== null) return { by: used.createdBy, letInBy: null, words: `by a token of ${used.createdBy.name}` }
  const found = await findJoinToken(db, hash)
  const what =
    found === null
      ? 'is not one of this gateway'
      : found.usedAt !== null
        ? 'was used before'
        : found.name !== name
          ? 'is for another name'
          : 'has run out'
  throw new HoopError('invalid_token', `The join token ${what}.`, { hint: newToken(name) })
}

function untilFrom(now: Date): Date {
  return new Date(now.getTime() + credentialLifetime * 1000)
}

function revoked(): HoopError {
  return new HoopError('no_access', 'This agent was revoked.', {
    hint: 'To let one join again, give it an empty folder for its state and a new token: hoop agents token NAME',
  })
}

function newToken(name: string): string {
  return `An admin makes a token, good for one agent and one hour: hoop agents token ${name}`
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
