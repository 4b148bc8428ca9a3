import { type ConnectionDocument, type DialTarget, HoopError } from '@hoop/contracts'
import type { AgentsElsewhere } from './elsewhere.ts'
import type { Carried, Lost, OnlineAgents } from './online.ts'
import type { Peers } from './peers.ts'
import { AgentLost, GatewayUnreachable } from './reach.ts'

/** Milliseconds that a dial waits for an agent that is just coming back. */
const comesBackWithin = 2000

export interface ReachableParts {
  readonly online: Pick<OnlineAgents, 'has' | 'dial' | 'onChange'>
  readonly elsewhere: Pick<AgentsElsewhere, 'has' | 'of' | 'without' | 'onChange'>
  readonly peers: Pick<Peers, 'dial'>
}

/** For whom an agent dials, and which. */
export type Behind = Pick<ConnectionDocument, 'name'> & { readonly agent: string }

/** All agents that can dial now: those whose tunnels end here, and where there is none of a name, those of other gateways. */
export class ReachableAgents {
  readonly #parts: ReachableParts

  constructor(parts: ReachableParts) {
    this.#parts = parts
  }

  /** Whether one of this name could dial now; without what is just lost, where something is. */
  has(name: string, lost?: Lost): boolean {
    return this.#parts.online.has(name, lost) || this.#parts.elsewhere.has(name, lost)
  }

  /**
   * Has an agent of this name dial; waits for a moment where none is online.
   * @throws HoopError `connection_unavailable`; the signal's reason
   */
  async dial({ name: connection, agent }: Behind, target: DialTarget, signal: AbortSignal): Promise<Carried> {
    const late = AbortSignal.any([signal, AbortSignal.timeout(comesBackWithin)])
    const tried = new Set<string>()
    const why = new Map<string, string>()
    for (;;) {
      const changed = this.#nextChange(late)
      const carried =
        (await this.#parts.online.dial(agent, target, signal, tried)) ??
        (await this.#dialElsewhere({ connection, agent, target }, signal, why))
      if (carried !== null) return carried
      signal.throwIfAborted()
      if (late.aborted) throw nobody(agent, why)
      await changed
    }
  }

  async #dialElsewhere(
    header: Parameters<Peers['dial']>[1],
    signal: AbortSignal,
    why: Map<string, string>,
  ): Promise<Carried | null> {
    const gateways = new Set((await this.#parts.elsewhere.of(header.agent)).map(({ gateway }) => gateway))
    for (const gateway of shuffled([...gateways])) {
      try {
        return await this.#parts.peers.dial(gateway, header, signal)
      } catch (error) {
        if (!(error instanceof AgentLost)) throw error
        if (error instanceof GatewayUnreachable) why.set(gateway, error.message)
        this.#parts.elsewhere.without(gateway)
      }
    }
    return null
  }

  /** Resolves when an agent may have come online, here or elsewhere, or the signal aborts. */
  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const stops = [this.#parts.online, this.#parts.elsewhere].map((each) => each.onChange(() => settle()))
      const settle = () => {
        for (const stop of stops) stop()
        signal.removeEventListener('abort', settle)
        resolve()
      }
      signal.addEventListener('abort', settle, { once: true })
      if (signal.aborted) settle()
    })
  }
}

/** Gateways have like shares where several have agents of one name. */
function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ value }) => value)
}

function nobody(name: string, why: ReadonlyMap<string, string>): HoopError {
  if (why.size > 0) {
    const reasons = [...new Set(why.values())].join('; ')
    return new HoopError(
      'connection_unavailable',
      `The backend cannot be reached: the agent ${name} is online at another gateway only, and ${reasons}.`,
      {
        hint: 'Try again in a moment; if it stays so, an admin sees to HOOP_ADVERTISE_URL of the gateways.',
      },
    )
  }
  return new HoopError('connection_unavailable', `The backend cannot be reached: no agent ${name} is online.`, {
    hint: 'Try again in a moment; if it stays so, an admin sees to the agent: hoop agents ls',
  })
}
