import { setTimeout as delay } from 'node:timers/promises'
import { HoopError } from '@hoop/contracts'
import type { Granted, RuleSet } from '@hoop/policy'
import type { Logger } from 'pino'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Store } from '../store/database.ts'
import { readActiveGrants } from '../store/grants.ts'

const againAfter = 1000

/** Access that was granted and may still be used, read again whenever some is granted or withdrawn. */
export class ActiveGrants {
  readonly #store: Store
  readonly #log: Logger
  readonly #listeners = new Set<() => void>()
  readonly #stop = new AbortController()
  /** Null: it could not be read. */
  #granted: readonly Granted[] | null = null
  #reading: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  private constructor(parts: { store: Store; log: Logger }) {
    this.#store = parts.store
    this.#log = parts.log
  }

  static async open(parts: { store: Store; feed: ChangeFeed; log: Logger }): Promise<ActiveGrants> {
    const grants = new ActiveGrants(parts)
    const unsubscribe = parts.feed.on('grants', () => void grants.reload())
    grants.#stop.signal.addEventListener('abort', unsubscribe)
    await grants.reload()
    return grants
  }

  /** Some may have come to their end since they were read. @throws HoopError `unavailable` when it is not known what was granted */
  current(): readonly Granted[] {
    if (this.#granted !== null) return this.#granted
    throw new HoopError('unavailable', 'The gateway cannot tell at the moment what access was granted.')
  }

  /** Calls the listener after each change; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads them now; those who call while that goes on share one further reading. */
  reload(): Promise<void> {
    this.#next ??= this.#reading.then(() => {
      this.#next = null
      this.#reading = this.#read()
      return this.#reading
    })
    return this.#next
  }

  close(): void {
    this.#stop.abort()
  }

  async #read(): Promise<void> {
    try {
      const rows = await this.#store.run((db) => readActiveGrants(db, new Date()))
      this.#granted = rows.flatMap(({ id, access, connection, requesterId, endsAt }) =>
        endsAt === null ? [] : [{ id, access, connection, identity: requesterId, endsAt }],
      )
    } catch (error) {
      this.#granted = null
      if (this.#stop.signal.aborted) return
      this.#log.error({ err: error }, 'granted access cannot be read')
      delay(againAfter, undefined, { ref: false, signal: this.#stop.signal }).then(
        () => this.reload(),
        () => {},
      )
    }
    for (const listener of this.#listeners) listener()
  }
}

/** The rules in force, which know what was granted and what time it is. */
export function rulesWithGrants(rules: () => RuleSet, grants: Pick<ActiveGrants, 'current'>): () => RuleSet {
  const known = new WeakMap<RuleSet, RuleSet>()
  return () => {
    const inForce = rules()
    let joined = known.get(inForce)
    if (joined === undefined) {
      joined = {
        ...inForce,
        mayUse: (identity, connection) => inForce.mayUse(identity, connection, { now: new Date(), granted: grants.current() }),
      }
      known.set(inForce, joined)
    }
    return joined
  }
}
