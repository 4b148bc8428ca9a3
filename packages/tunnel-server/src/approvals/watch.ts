import type { Approval } from '@hoop/contracts'
import type { Caller } from '../identity/access-tokens.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Approvals } from './approvals.ts'

/**
 * Approvals that concern the caller: those held now, then each that changes, until the signal aborts. A reader that is slow gets the
 * latest state of each, not every state in between.
 */
export async function* watchApprovals(
  { approvals, feed }: { approvals: Approvals; feed: ChangeFeed },
  caller: Caller,
  signal: AbortSignal,
): AsyncIterable<Approval> {
  const changed = new Set<string | null>()
  let wake = () => {}
  const unsubscribe = feed.on('approvals', (id) => {
    changed.add(id)
    wake()
  })
  const onAbort = () => wake()
  signal.addEventListener('abort', onAbort)
  /** Shown as held: asked for again after changes may have been missed. */
  const held = new Set<string>()
  try {
    changed.add(null)
    while (!signal.aborted) {
      const [next] = changed
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      changed.delete(next)
      if (next === null) {
        const now = await approvals.list(caller, 'held')
        for (const id of held) changed.add(id)
        for (const approval of now) changed.add(approval.id)
        continue
      }
      const approval = await approvals.find(caller, next)
      if (approval === null) continue
      if (approval.state === 'held') held.add(next)
      else held.delete(next)
      yield approval
    }
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', onAbort)
  }
}
