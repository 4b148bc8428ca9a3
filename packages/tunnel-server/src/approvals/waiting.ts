import type { Decision } from '../sessions/types.ts'
import type { StoredApproval } from '../store/approvals.ts'
import type { ChangeFeed } from '../store/change-feed.ts'

/** One held operation, and how its row is read and ended. */
export interface Wait {
  readonly id: string
  readonly expiresAt: Date
  readonly signal: AbortSignal
  readonly feed: ChangeFeed
  read(): Promise<StoredApproval | null>
  end(state: 'timed-out' | 'withdrawn'): Promise<StoredApproval | null>
}

/** Node's timers count milliseconds in 31 bits. */
const longestTimer = 2 ** 31 - 1

/**
 * Waits until the row says that it is decided, its time runs out, or the signal aborts. The row is always right: a time-out and a
 * withdrawal are written to it first, and a person who was faster wins. It listens from the first moment on; `start` is for when
 * the row is there. A store that fails rejects: never an approval.
 */
export function waitForDecision(wait: Wait): { decision: Promise<Decision>; start(): void; release(): void } {
  const { promise: decision, resolve, reject } = Promise.withResolvers<Decision>()
  // Whoever holds it may be told before they listen.
  decision.catch(() => {})
  let timer: NodeJS.Timeout | undefined
  const unsubscribe = wait.feed.on('approvals', (id) => {
    if (id === null || id === wait.id) settleWith(wait.read())
  })
  const release = () => {
    unsubscribe()
    clearTimeout(timer)
    wait.signal.removeEventListener('abort', withdraw)
  }
  const settleWith = (reading: Promise<StoredApproval | null>) => {
    reading.then(
      (row) => {
        const outcome = row === null ? null : outcomeOf(row)
        if (outcome === null) return
        release()
        resolve(outcome)
      },
      (error: unknown) => {
        release()
        reject(error)
      },
    )
  }
  const finish = (state: 'timed-out' | 'withdrawn') => settleWith(wait.end(state).then(async (row) => row ?? (await wait.read())))
  const withdraw = () => finish('withdrawn')
  const start = () => {
    if (wait.signal.aborted) return withdraw()
    wait.signal.addEventListener('abort', withdraw, { once: true })
    const left = wait.expiresAt.getTime() - Date.now()
    timer = left <= longestTimer ? setTimeout(() => finish('timed-out'), Math.max(0, left)) : setTimeout(start, longestTimer)
  }
  return { decision, start, release }
}

/** Null: it is still held. A void one was never approved, whatever it was before. */
function outcomeOf(row: StoredApproval): Decision | null {
  const { decidedBy: by, decisionReason: reason } = row
  switch (row.state) {
    case 'held':
      return null
    case 'void':
      return { decision: 'withdrawn', by: null, reason: row.voidedBecause }
    default:
      return { decision: row.state, by, reason }
  }
}
