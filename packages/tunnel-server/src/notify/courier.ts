import { setTimeout as delay } from 'node:timers/promises'
import type { NotifierDocument } from '@hoop/contracts'
import type { Logger } from 'pino'
import type { Documents } from '../documents/documents.ts'
import type { ChangeFeed } from '../store/change-feed.ts'
import type { Store } from '../store/database.ts'
import {
  forgetNotificationsBefore,
  postponeNotification,
  readReceipt,
  type StoredNotification,
  settleNotification,
  takeNotifications,
} from '../store/notifications.ts'
import { Notice } from './notice.ts'
import type { Way } from './way.ts'

export type WayName = 'webhook' | 'slack' | 'mail'

/** Counts what was told. */
export interface NotificationMeter {
  notified(way: WayName, result: 'delivered' | 'failed' | 'given up'): void
}

/** Milliseconds. A gateway that was killed has its own tried by another one after `lease`. */
const limits = { patience: 20_000, lease: 60_000, life: 24 * 3600_000, keep: 30 * 24 * 3600_000, look: 5000, forget: 3600_000 }
/** Under way at once, and for one Notifier: one that answers slowly holds up nobody else. */
const most = { atOnce: 64, each: 8 }
/** Taken at a time. */
const handful = 4

interface Parts {
  readonly store: Store
  readonly feed: Pick<ChangeFeed, 'on'>
  readonly documents: Pick<Documents, 'current'>
  readonly ways: Readonly<Record<WayName, Way>>
  readonly meter: NotificationMeter
  readonly log: Logger
  /** Milliseconds before it is tried for the second time, then twice as many, and so on up to `most`. */
  readonly pause?: { readonly first: number; readonly most: number }
}

/** Delivers what the outbox holds, together with the other gateways: each notice by one of them, until it is taken or too old. */
export class Courier {
  readonly #parts: Parts
  readonly #pause: { readonly first: number; readonly most: number }
  readonly #stop = new AbortController()
  readonly #underWay = new Map<Promise<void>, string>()
  #woken = Promise.withResolvers<void>()
  #forgotten = 0
  #running: Promise<void> = Promise.resolve()

  private constructor(parts: Parts) {
    this.#parts = parts
    this.#pause = parts.pause ?? { first: 5000, most: 600_000 }
  }

  static start(parts: Parts): Courier {
    const courier = new Courier(parts)
    const unsubscribe = parts.feed.on('notifications', () => courier.#woken.resolve())
    courier.#stop.signal.addEventListener('abort', unsubscribe)
    courier.#running = courier.#run()
    return courier
  }

  /** What is being sent is given up, and tried again by whoever comes next. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#woken.resolve()
    await this.#running
    await Promise.all(this.#underWay.keys())
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      this.#woken = Promise.withResolvers()
      try {
        await this.#takeDue()
      } catch (error) {
        this.#parts.log.warn({ err: error }, 'what people are to be told cannot be read')
      }
      await Promise.race([this.#woken.promise, delay(Math.min(limits.look, this.#pause.first), undefined, { ref: false })])
    }
  }

  async #takeDue(): Promise<void> {
    const { store } = this.#parts
    while (this.#underWay.size < most.atOnce && !this.#stop.signal.aborted) {
      const until = new Date(Date.now() + limits.lease)
      const taken = await store.transaction((db) => takeNotifications(db, { until, limit: handful, not: this.#busy() }))
      if (taken.length === 0) break
      for (const each of taken) {
        const work = this.#deliver(each).finally(() => {
          this.#underWay.delete(work)
          this.#woken.resolve()
        })
        this.#underWay.set(work, each.notifier)
      }
    }
    if (Date.now() - this.#forgotten < limits.forget) return
    this.#forgotten = Date.now()
    await store.run((db) => forgetNotificationsBefore(db, new Date(Date.now() - limits.keep)))
  }

  /** Notifiers that are not given more for now. */
  #busy(): string[] {
    const counts = new Map<string, number>()
    for (const notifier of this.#underWay.values()) counts.set(notifier, (counts.get(notifier) ?? 0) + 1)
    return [...counts].flatMap(([notifier, count]) => (count > most.each - handful ? [notifier] : []))
  }

  async #deliver(taken: StoredNotification): Promise<void> {
    const { store, documents, ways, meter, log } = this.#parts
    const about = { notification: taken.id, notifier: taken.notifier, event: taken.event, subject: taken.subject }
    let way: WayName | null = null
    try {
      const notifier = find(documents, taken.notifier)
      way = wayOf(notifier)
      // One that was removed, or is another one now, tells nothing more.
      if (notifier === null || way === null) return await store.transaction((db) => settleNotification(db, taken.order, null))
      const notice = Notice.parse(taken.notice)
      const before = await store.run((db) => readReceipt(db, taken.notifier, taken.subject))
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(limits.patience)])
      const receipt = await ways[way].deliver({ id: taken.id, notifier, notice, receipt: before }, signal)
      await store.transaction((db) => settleNotification(db, taken.order, receipt))
      meter.notified(way, 'delivered')
    } catch (error) {
      await this.#failed(taken, way, error).catch((again: unknown) => {
        log.warn({ err: again, ...about }, 'it is tried again when another gateway may take it')
      })
    }
  }

  async #failed(taken: StoredNotification, way: WayName | null, error: unknown): Promise<void> {
    const { store, meter, log } = this.#parts
    const { id, order, notifier, event, subject, attempts } = taken
    const next = Date.now() + Math.min(this.#pause.first * 2 ** Math.min(attempts - 1, 20), this.#pause.most)
    const over = next > endOf(taken)
    if (way !== null) meter.notified(way, over ? 'given up' : 'failed')
    const reason = error instanceof Error ? error.message : 'unknown'
    const about = { notification: id, notifier, event, subject, attempts, reason }
    log.warn(about, over ? 'people are not told of this: it cannot be delivered' : 'people could not be told yet; trying again')
    await store.transaction((db) =>
      over ? settleNotification(db, order, null) : postponeNotification(db, order, new Date(next)),
    )
  }
}

function find(documents: Pick<Documents, 'current'>, name: string): NotifierDocument | null {
  const found = documents.current().documents.find((document) => document.kind === 'Notifier' && document.name === name)
  return found?.kind === 'Notifier' ? found : null
}

function wayOf(notifier: NotifierDocument | null): WayName | null {
  if (notifier?.webhook !== undefined) return 'webhook'
  if (notifier?.slack !== undefined) return 'slack'
  return notifier?.mail === undefined ? null : 'mail'
}

/** What asks for a decision is of no use once nobody can decide. */
function endOf({ event, notice, createdAt }: StoredNotification): number {
  const end = createdAt.getTime() + limits.life
  if (event !== 'operation.held' && event !== 'access.requested') return end
  const known = Notice.safeParse(notice)
  return known.success ? Math.min(end, new Date(known.data.expiresAt).getTime()) : end
}
