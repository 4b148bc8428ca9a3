import type { Decision } from '../sessions/types.ts'
import type { StoredApproval } from '../store/approvals.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import { decisionOf } from './decision.ts'

/** One held operation, and how its row is read and ended. */
export interface Wait {
  readonly id: string
  readonly expiresAt: Date
  /** Milliseconds after which it is a ticket and not waited for; null: it is waited for until its time runs out. */
  readonly ticketAfter: number | null
  readonly signal: AbortSignal
  readonly feed: ChangeFeed
  read(): Promise<StoredApproval | null>
  end(state: 'timed-out' | 'withdrawn'): Promise<StoredApproval | null>
  /** Null: it is decided. */
  ticket(): Promise<StoredApproval | null>
}

/** Node's timers count milliseconds in 31 bits. */
const longestTimer = 2 ** 31 - 1

/** Milliseconds until a row that could not be read is read again. */
const againAfter = 1000

/**
 * Waits until the row says that it is decided, its time runs out, it becomes a ticket, or the signal aborts. The row is always right: a
 * time-out and a withdrawal are written to it first, and a person who was faster wins. It listens from the first moment on; `start` is for
 * when the row is there. A store that is gone for a moment is waited for; one that cannot take the end rejects: never an approval. The time
 * of a ticket runs on here.
 */
export function waitForDecision(wait: Wait): { decision: Promise<Decision>; start(): void; release(): void } {
  const { promise: decision, resolve, reject } = Promise.withResolvers<Decision>()
  // Whoever holds it may be told before they listen.
  decision.catch(() => {})
  let expiry: NodeJS.Timeout | undefined
  let again: NodeJS.Timeout | undefined
  let ticket: NodeJS.Timeout | undefined
  let released = false
  const release = () => {
    released = true
    unsubscribe()
    clearTimeout(expiry)
    clearTimeout(again)
    clearTimeout(ticket)
    wait.signal.removeEventListener('abort', withdraw)
  }
  const settle = (row: StoredApproval | null) => {
    const outcome = row === null ? null : decisionOf(row)
    if (outcome === null) return
    release()
    resolve(outcome)
  }
  const fail = (error: unknown) => {
    release()
    reject(error)
  }
  const look = () => {
    wait.read().then(settle, () => {
      if (released) return
      clearTimeout(again)
      again = setTimeout(look, againAfter)
    })
  }
  const finish = (state: 'timed-out' | 'withdrawn') => {
    const ended = wait.end(state).then(async (row) => row ?? (await wait.read()))
    ended.then(settle, fail)
  }
  const withdraw = () => finish('withdrawn')
  const becomeTicket = () => {
    wait.ticket().then((row) => {
      if (row === null) return look()
      wait.signal.removeEventListener('abort', withdraw)
      expiry?.unref()
      resolve({ decision: 'ticket', by: null, reason: null })
    }, fail)
  }
  const countDown = () => {
    const left = wait.expiresAt.getTime() - Date.now()
    expiry = left <= longestTimer ? setTimeout(() => finish('timed-out'), Math.max(0, left)) : setTimeout(countDown, longestTimer)
  }
  const start = () => {
    if (wait.signal.aborted) return withdraw()
    wait.signal.addEventListener('abort', withdraw, { once: true })
    countDown()
    if (wait.ticketAfter !== null) ticket = setTimeout(becomeTicket, wait.ticketAfter)
  }
  const unsubscribe = wait.feed.on('approvals', (id) => {
    if (id === null || id === wait.id) look()
  })
  return { decision, start, release }
}
