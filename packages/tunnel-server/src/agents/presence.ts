import { HoopError } from '@hoop/contracts'
import type { Logger } from 'pino'
import type { Documents } from '../documents/documents.ts'
import { mustStand } from '../identity/machine-document.ts'
import { arriveAtGateway, leaveGateway, readAgentsById, type StoredAgent, touchAgents } from '../store/agents.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Store } from '../store/database.ts'
import type { OnlineAgents } from './online.ts'
import { seenWithin } from './registration.ts'

/** Milliseconds. */
const lookEvery = 10_000

/** Notes in the store which agents are online here, and ends those that were revoked or did not renew their credential. */
export class Presence {
  readonly #store: Store
  readonly #documents: Pick<Documents, 'current'>
  readonly #online: OnlineAgents
  readonly #gateway: string
  readonly #log: Logger
  readonly #stop: () => void

  constructor(parts: {
    store: Store
    feed: ChangeFeed
    documents: Pick<Documents, 'current' | 'onChange'>
    online: OnlineAgents
    gateway: string
    log: Logger
  }) {
    this.#store = parts.store
    this.#documents = parts.documents
    this.#online = parts.online
    this.#gateway = parts.gateway
    this.#log = parts.log
    const look = (ids: readonly string[]) =>
      this.look(ids).catch((error: unknown) => this.#log.warn({ err: error }, 'the agents in the store could not be read'))
    const unsubscribe = parts.feed.on('agents', (id) => void look(id === null ? this.#online.ids() : [id]))
    // By a document that is changed or gone nobody stays.
    const unsubscribeDocuments = parts.documents.onChange(() => void look(this.#online.ids()))
    const timer = setInterval(() => void look(this.#online.ids()), lookEvery).unref()
    this.#stop = () => {
      unsubscribe()
      unsubscribeDocuments()
      clearInterval(timer)
    }
  }

  /**
   * Rejects with `no_access` for an agent that was revoked, whatever its credential says, with `invalid_token` for one that must join again,
   * and with `unavailable` when that cannot be told.
   */
  async admit(id: string): Promise<void> {
    const [agent] = await this.#store.run((db) => readAgentsById(db, [id]))
    if (agent === undefined || agent.revokedAt !== null) throw new HoopError('no_access', 'This agent was revoked.')
    if (agent.letInBy !== null) mustStand(agent.letInBy, this.#documents, 'this agent')
  }

  /** Ends those of these agents that may be online no more, and notes that the others are. Rejects with `unavailable`. */
  async look(ids: readonly string[]): Promise<void> {
    const here = ids.filter((id) => this.#online.get(id) !== null)
    if (here.length === 0) return
    const now = new Date()
    const known = new Map((await this.#store.run((db) => readAgentsById(db, here))).map((agent) => [agent.id, agent]))
    for (const id of here) {
      const agent = known.get(id)
      const letOut = agent === undefined ? null : this.#letOut(agent)
      if (agent === undefined || agent.revokedAt !== null) this.#online.end(id, 'This agent was revoked.')
      else if (agent.credentialUntil < now) this.#online.end(id, 'The credential of this agent has run out.')
      else if (letOut !== null) this.#online.end(id, letOut)
      else if (this.#online.get(id)?.lost && movedTo(agent, this.#gateway)) {
        this.#online.end(id, 'This agent has opened another tunnel.')
      }
    }
    // Whose network is lost may have come back at another gateway.
    const left = here.filter((id) => this.#online.get(id)?.lost === false)
    await this.#store.run((db) => touchAgents(db, left, this.#gateway, now))
  }

  /** Why an agent must join again; null: it need not, or that cannot be told at the moment. */
  #letOut({ letInBy }: StoredAgent): string | null {
    try {
      if (letInBy !== null) mustStand(letInBy, this.#documents, 'this agent')
      return null
    } catch (error) {
      if (error instanceof HoopError && error.code === 'invalid_token') return error.message
      if (error instanceof HoopError && error.code === 'unavailable') return null
      throw error
    }
  }

  /** An agent has opened a tunnel: tells every gateway that it is reached here. Rejects with `unavailable`. */
  async arrived(id: string): Promise<void> {
    await this.look([id])
    if (this.#online.get(id) !== null) await this.#store.run((db) => arriveAtGateway(db, id, this.#gateway, new Date()))
  }

  /** An agent's tunnel is gone. */
  async gone(id: string): Promise<void> {
    if (this.#online.get(id) === null) await this.#store.run((db) => leaveGateway(db, id, this.#gateway, new Date()))
  }

  close(): void {
    this.#stop()
  }
}

/** Another gateway has its tunnel now. */
function movedTo({ gateway, seenAt }: { gateway: string | null; seenAt: Date }, here: string): boolean {
  return gateway !== null && gateway !== here && Date.now() - seenAt.getTime() < seenWithin
}
