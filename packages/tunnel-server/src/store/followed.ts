import { setTimeout as delay } from 'node:timers/promises'
import { HoopError } from '@hoop/contracts'
import type { ChangeFeed } from './change-feed.ts'
import type { Topic } from './database.ts'

/** Milliseconds after which it is read again when it could not be. */
const againAfter = 1000

interface FollowedParts<T> {
  readonly feed: Pick<ChangeFeed, 'on'>
  readonly topic: Topic
  readonly read: () => Promise<T>
  /** What those are told who ask while it cannot be read. */
  readonly unreadable: (error: unknown) => HoopError
}

/** What the store has of a topic, kept at hand: read again at each change, and after a failure until it can be read. */
export class Followed<T> {
  readonly #parts: FollowedParts<T>
  readonly #listeners = new Set<() => void>()
  readonly #stop = new AbortController()
  #state: { readonly value: T } | HoopError = new HoopError('unavailable', 'It has not been read from the store yet.')
  #reading: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  private constructor(parts: FollowedParts<T>) {
    this.#parts = parts
  }

  /** Resolves when it was read, or could not be. */
  static async open<T>(parts: FollowedParts<T>): Promise<Followed<T>> {
    const followed = new Followed(parts)
    const unsubscribe = parts.feed.on(parts.topic, () => void followed.reload())
    followed.#stop.signal.addEventListener('abort', unsubscribe)
    await followed.reload()
    return followed
  }

  /** @throws HoopError what `unreadable` made of the failure */
  current(): T {
    if (this.#state instanceof HoopError) throw this.#state
    return this.#state.value
  }

  /** Calls the listener after each reading, also one that failed; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads it now; those who call while that goes on share one further reading, which sees what they know of. */
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
    const { signal } = this.#stop
    try {
      this.#state = { value: await this.#parts.read() }
    } catch (error) {
      if (signal.aborted) return
      this.#state = this.#parts.unreadable(error)
      delay(againAfter, undefined, { ref: false, signal }).then(
        () => this.reload(),
        () => {},
      )
    }
    for (const listener of this.#listeners) listener()
  }
}
