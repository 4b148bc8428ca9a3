import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { changesChannel, type Topic } from './database.ts'

/** `id` names what changed; null: changes may have been missed, read everything again. */
export type ChangeListener = (id: string | null) => void

const heartbeat = 2000
const answerWithin = 3000
/** Milliseconds after which what was read before may no longer be relied on. */
const freshFor = heartbeat + answerWithin + 1000

/** Changes in the store, by LISTEN on a connection of its own that is made again whenever it is lost. */
export class ChangeFeed {
  readonly #url: string
  readonly #log: Logger
  readonly #listeners = new Map<Topic, Set<ChangeListener>>()
  readonly #stop = new AbortController()
  #client: pg.Client | null = null
  #heard = 0
  #running: Promise<void> = Promise.resolve()

  private constructor(url: string, log: Logger) {
    this.#url = url
    this.#log = log
  }

  /** Listens when it resolves. */
  static async open(url: string, log: Logger): Promise<ChangeFeed> {
    const feed = new ChangeFeed(url, log)
    const client = await feed.#connect()
    feed.#running = feed.#keepListening(client)
    return feed
  }

  /** Whether changes arrive: without them nobody knows whether an access or a login has ended. */
  get fresh(): boolean {
    return performance.now() - this.#heard < freshFor
  }

  /** Calls the listener for each change of the topic; the answer ends that. */
  on(topic: Topic, listener: ChangeListener): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set()
    this.#listeners.set(topic, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#client?.end()
    await this.#running
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'hoop changes',
      connectionTimeoutMillis: answerWithin,
      query_timeout: answerWithin,
      keepAlive: true,
    })
    client.on('error', (error) => this.#log.warn({ err: error }, 'the connection for changes was lost'))
    client.on('notification', ({ payload }) => this.#deliver(payload ?? ''))
    this.#client = client
    try {
      await client.connect()
      await client.query(`listen ${changesChannel}`)
      this.#heard = performance.now()
      return client
    } catch (error) {
      await client.end()
      throw error
    }
  }

  async #keepListening(first: pg.Client): Promise<void> {
    let client: pg.Client | null = first
    let pause = 100
    while (!this.#stop.signal.aborted) {
      try {
        if (client === null) {
          client = await this.#connect()
          for (const listeners of this.#listeners.values()) for (const listener of listeners) listener(null)
        }
        pause = 100
        await beat(client, this.#stop.signal, () => {
          this.#heard = performance.now()
        })
      } catch (error) {
        if (this.#stop.signal.aborted) return
        this.#log.warn({ err: error }, 'changes in the store are not heard; connecting again')
        await client?.end()
        client = null
        await delay(pause, undefined, { signal: this.#stop.signal }).catch(() => {})
        pause = Math.min(pause * 2, 2000)
      }
    }
  }

  #deliver(payload: string): void {
    const space = payload.indexOf(' ')
    const listeners = this.#listeners.get(payload.slice(0, space) as Topic)
    for (const listener of listeners ?? []) listener(payload.slice(space + 1))
  }
}

/** Asks again and again whether the connection lives; rejects when it does not. */
async function beat(client: pg.Client, signal: AbortSignal, heard: () => void): Promise<void> {
  const lost = new AbortController()
  const onEnd = () => lost.abort()
  client.once('end', onEnd)
  try {
    for (;;) {
      await delay(heartbeat, undefined, { ref: false, signal: AbortSignal.any([signal, lost.signal]) })
      await client.query('select 1')
      heard()
    }
  } finally {
    client.off('end', onEnd)
  }
}
