import type { DialTarget } from '@hoop/contracts'
import type { ResumableTunnel } from '@hoop/tunnel'
import type { AgentIdentity } from './credentials.ts'
import { AgentLost, type Reached, reach } from './reach.ts'

/** Of one name: more is no deployment, but somebody who fills the memory. */
const mostInstances = 64

/** An agent whose tunnel is open here. */
export interface OnlineAgent {
  readonly id: string
  readonly name: string
  readonly since: Date
  /** Streams that are open or being opened. */
  readonly streams: number
  /** Its network is lost, and may come back. */
  readonly lost: boolean
}

/** What an agent opened, and which one. */
export interface Carried extends Reached {
  readonly agent: { readonly name: string; readonly instance: string }
  /** The gateway that has its tunnel; null: this one. */
  readonly through: string | null
}

/** An agent whose tunnel has ended, or the gateway that had it. */
export interface Lost {
  readonly instance: string
  /** Null: it is the agent. */
  readonly gateway: string | null
}

class Online implements OnlineAgent {
  readonly id: string
  readonly name: string
  readonly since = new Date()
  readonly tunnel: ResumableTunnel
  streams = 0
  /** Its network is lost: what it carries stands still, and nothing new is given to it. */
  lost = false

  constructor({ id, name }: AgentIdentity, tunnel: ResumableTunnel) {
    this.id = id
    this.name = name
    this.tunnel = tunnel
  }
}

/** The agents whose tunnels end at this gateway, and what goes through them. */
export class OnlineAgents {
  readonly #online = new Map<string, Online>()
  readonly #changed = new Set<() => void>()

  /** An agent's tunnel is open. Its earlier one, if there still is any, is dead or was left behind: it is closed. */
  add(agent: AgentIdentity, tunnel: ResumableTunnel): void {
    const before = this.#online.get(agent.id)
    const online = new Online(agent, tunnel)
    if (before === undefined && this.#of(agent.name).length >= mostInstances) {
      return tunnel.close(`There are ${mostInstances} agents of the name ${agent.name} already.`)
    }
    this.#online.set(agent.id, online)
    before?.tunnel.close('This agent has opened another tunnel.')
    void tunnel.closed.then(() => {
      if (this.#online.get(agent.id) === online) this.#online.delete(agent.id)
    })
    this.#wake()
  }

  /** An agent's network was lost, or is back. */
  note(id: string, tunnel: ResumableTunnel, { lost }: { readonly lost: boolean }): void {
    const agent = this.#online.get(id)
    if (agent?.tunnel !== tunnel) return
    agent.lost = lost
    if (!lost) this.#wake()
  }

  /** The tunnel that an agent may go on with over another WebSocket. */
  tunnelOf(id: string): ResumableTunnel | null {
    return this.#online.get(id)?.tunnel ?? null
  }

  /** Calls the listener when an agent comes online; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.#changed.add(listener)
    return () => this.#changed.delete(listener)
  }

  #wake(): void {
    for (const listener of this.#changed) listener()
  }

  get(id: string): OnlineAgent | null {
    return this.#online.get(id) ?? null
  }

  ids(): string[] {
    return [...this.#online.keys()]
  }

  /** Whether one of this name could dial now; without one that is just lost, where one is. */
  has(name: string, without?: Lost): boolean {
    return this.#of(name).some(({ id, lost }) => !lost && id !== without?.instance)
  }

  #of(name: string): Online[] {
    return [...this.#online.values()].filter((agent) => agent.name === name)
  }

  /** Ends an agent's tunnel and all that goes through it. */
  end(id: string, words: string): void {
    this.#online.get(id)?.tunnel.close(words)
    this.#online.delete(id)
  }

  /**
   * Has an agent of this name dial: the one with the least streams, and another where that one is lost meanwhile. Null: none of the name, but
   * those that were tried in vain before, is online here.
   * @throws HoopError `connection_unavailable`; the signal's reason
   */
  async dial(name: string, target: DialTarget, signal: AbortSignal, tried = new Set<string>()): Promise<Carried | null> {
    for (;;) {
      const agent = this.#least(name, tried)
      if (agent === null) return null
      agent.streams++
      const leave = () => void agent.streams--
      try {
        const reached = await reach(agent, target, signal)
        reached.stream.once('close', leave)
        return { ...reached, agent: { name, instance: agent.id }, through: null }
      } catch (error) {
        leave()
        if (!(error instanceof AgentLost)) throw error
        tried.add(agent.id)
      }
    }
  }

  #least(name: string, tried: ReadonlySet<string>): Online | null {
    let least: Online | null = null
    for (const agent of this.#online.values()) {
      if (agent.name !== name || agent.lost || tried.has(agent.id)) continue
      if (least === null || agent.streams < least.streams) least = agent
    }
    return least
  }
}
