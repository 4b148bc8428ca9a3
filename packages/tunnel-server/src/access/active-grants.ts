import { HoopError } from '@hoop/contracts'
import type { Granted, RuleSet } from '@hoop/policy'
import type { Logger } from 'pino'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Store } from '../store/database.ts'
import { Followed } from '../store/followed.ts'
import { readActiveGrants } from '../store/grants.ts'

/** Access that was granted and may still be used, read again whenever some is granted or withdrawn. */
export class ActiveGrants {
  readonly #granted: Followed<readonly Granted[]>

  private constructor(granted: Followed<readonly Granted[]>) {
    this.#granted = granted
  }

  static async open({ store, feed, log }: { store: Store; feed: ChangeFeed; log: Logger }): Promise<ActiveGrants> {
    const unreadable = (cause: unknown) => {
      log.error({ err: cause }, 'granted access cannot be read')
      return new HoopError('unavailable', 'The gateway cannot tell at the moment what access was granted.', { cause })
    }
    return new ActiveGrants(await Followed.open({ feed, topic: 'grants', read: () => readGranted(store), unreadable }))
  }

  /** Some may have come to their end since they were read. @throws HoopError `unavailable` when it is not known what was granted */
  current(): readonly Granted[] {
    return this.#granted.current()
  }

  /** Calls the listener after each change; the answer ends that. */
  onChange(listener: () => void): () => void {
    return this.#granted.onChange(listener)
  }

  /** Reads them now. */
  reload(): Promise<void> {
    return this.#granted.reload()
  }

  close(): void {
    this.#granted.close()
  }
}

async function readGranted(store: Store): Promise<readonly Granted[]> {
  const rows = await store.run((db) => readActiveGrants(db, new Date()))
  return rows.flatMap(({ id, access, connection, requesterId, endsAt }) =>
    endsAt === null ? [] : [{ id, access, connection, identity: requesterId, endsAt }],
  )
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
