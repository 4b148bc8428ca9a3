import { open } from 'node:fs/promises'

/** What can be brought to the disk. */
export interface Syncable {
  /** Resolves when everything written before the call is on the disk. */
  sync(): Promise<void>
}

/** The entries of a folder: a new file survives a loss of power only once its folder is synced too. */
export function folderEntries(path: string): Syncable {
  return {
    async sync() {
      // Windows opens no folders; NTFS keeps their entries in its journal.
      if (process.platform === 'win32') return
      const handle = await open(path, 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    },
  }
}

/** Milliseconds that written bytes wait for others to share a sync with; the sync itself is to end within 50. */
const window = 25

/**
 * Syncs in groups: one that begins after a write serves everyone who waits for that write, and only one runs at a time.
 * After a failure nothing is tried again, for the system may have dropped the bytes that it could not write.
 */
export class GroupSync {
  readonly #onFailure: (error: unknown) => void
  #dirty = new Set<Syncable>()
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  #busy = false

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
  }

  /** Whether everything noted is on the disk. */
  get settled(): boolean {
    return this.#dirty.size === 0 && !this.#busy
  }

  /** Notes that there are new bytes, and syncs them soon. */
  note(written: Syncable): void {
    this.#dirty.add(written)
    this.#timer ??= setTimeout(() => {
      this.settle().catch(() => {}) // told to onFailure
    }, window).unref()
  }

  /** Resolves when everything noted before the call is on the disk; rejects with the system's error. */
  settle(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = null
      this.#running = this.#run()
      return this.#running
    })
    return this.#next
  }

  /** Syncs no more of its own accord. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  async #run(): Promise<void> {
    this.stop()
    const group = this.#dirty
    this.#dirty = new Set()
    this.#busy = true
    // All of them, for a descriptor must not be closed under a sync that still runs.
    const results = await Promise.allSettled(Array.from(group, (written) => written.sync()))
    const failure = results.find((result) => result.status === 'rejected')
    if (failure !== undefined) {
      this.#onFailure(failure.reason)
      throw failure.reason
    }
    this.#busy = false
  }
}
