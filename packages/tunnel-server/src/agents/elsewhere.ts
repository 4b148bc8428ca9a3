import type { Logger } from 'pino'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Store } from '../store/database.ts'
import { type AgentElsewhere, readAgentsElsewhere } from '../store/gateways.ts'
import type { Lost } from './online.ts'
import { seenWithin } from './registration.ts'

/** Milliseconds. */
const lookEvery = 10_000

/** The agents whose tunnels other gateways have. */
export class AgentsElsewhere {
  readonly #store: Store
  readonly #gateway: string
  readonly #log: Logger
  readonly #changed = new Set<() => void>()
  readonly #stop: () => void
  #known: readonly AgentElsewhere[] = []
  #reading: Promise<void> | null = null
  #again = false
  #closed = false

  constructor(parts: { store: Store; feed: Pick<ChangeFeed, 'on'>; gateway: string; log: Logger }) {
    this.#store = parts.store
    this.#gateway = parts.gateway
    this.#log = parts.log
    const unsubscribe = parts.feed.on('agents', () => this.#look())
    const timer = setInterval(() => this.#look(), lookEvery).unref()
    this.#stop = () => {
      unsubscribe()
      clearInterval(timer)
    }
    this.#look()
  }

  /** Whether one of this name was online when they were last read; without those that are just lost, where some are. */
  has(name: string, lost?: Lost): boolean {
    return this.#known.some((agent) => agent.name === name && agent.id !== lost?.instance && agent.gateway !== lost?.gateway)
  }

  /** Those of this name, as the store has them now. Rejects with `unavailable`. */
  async of(name: string): Promise<readonly AgentElsewhere[]> {
    await this.#read()
    return this.#known.filter((agent) => agent.name === name)
  }

  /** A gateway cannot be reached: what it had counts no more until the store is read again. */
  without(gateway: string): void {
    this.#known = this.#known.filter((agent) => agent.gateway !== gateway)
  }

  /** Calls the listener when something may have changed; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.#changed.add(listener)
    return () => this.#changed.delete(listener)
  }

  close(): void {
    this.#closed = true
    this.#stop()
  }

  async #read(): Promise<void> {
    this.#known = await this.#store.run((db) => readAgentsElsewhere(db, this.#gateway, new Date(Date.now() - seenWithin)))
  }

  #look(): void {
    if (this.#closed) return
    if (this.#reading !== null) {
      this.#again = true
      return
    }
    this.#again = false
    this.#reading = this.#read()
      .then(() => {
        for (const listener of this.#changed) listener()
      })
      .catch((error: unknown) => this.#log.warn({ err: error }, 'the agents of other gateways could not be read'))
      .finally(() => {
        this.#reading = null
        if (this.#again) this.#look()
      })
  }
}
