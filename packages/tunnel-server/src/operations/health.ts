import { randomBytes } from 'node:crypto'
import { open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { HoopError } from '@hoop/contracts'
import type { Logger } from 'pino'

/** Milliseconds that an answer holds for whoever asks next. */
const freshFor = 2000
const answerWithin = 3000
/** Room for the records that are written while somebody makes more: four segments of a record. */
const leastFree = 256 * 1024 * 1024

/** Resolves when it holds; rejects with why not. */
export type Check = () => Promise<void> | void

/** Whether this gateway should be given callers. */
export class Health {
  readonly #checks: ReadonlyMap<string, Check>
  readonly #log: Logger
  #results: ReadonlyMap<string, string | null> = new Map()
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | null = null
  #stopping = false

  constructor(checks: Readonly<Record<string, Check>>, log: Logger) {
    this.#checks = new Map(Object.entries(checks))
    this.#log = log
  }

  /** From now on it is not ready, whatever holds. */
  stop(): void {
    this.#stopping = true
  }

  /** For strangers: all that holds, or not. Several who ask share one look. */
  async ready(): Promise<boolean> {
    if (this.#stopping) return false
    if (performance.now() - this.#lookedAt > freshFor) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null
      })
      await this.#looking
    }
    return !this.#stopping && [...this.#results.values()].every((why) => why === null)
  }

  /** What each check said when it was last looked at: null where it held, else why not. */
  get details(): ReadonlyMap<string, string | null> {
    return this.#stopping ? new Map([...this.#results, ['stopping', 'The gateway is stopping.']]) : this.#results
  }

  async #look(): Promise<void> {
    const results = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await failureOf(check)] satisfies [string, string | null]),
    )
    for (const [name, why] of results) {
      const before = this.#results.get(name) ?? null
      if (why !== null && why !== before) this.#log.error({ check: name, why }, 'the gateway is not ready')
      if (why === null && before !== null) this.#log.info({ check: name }, 'the check holds again')
    }
    this.#results = new Map(results)
    this.#lookedAt = performance.now()
  }
}

async function failureOf(check: Check): Promise<string | null> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${answerWithin / 1000} s`)), answerWithin)
  try {
    await Promise.race([check(), late])
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
  }
}

/** Holds while records can be written: the folder takes a file to the disk, and there is room for more. */
export function recordsWritable(folder: string): Check {
  return async () => {
    const { bavail, bsize } = await statfs(folder)
    const free = bavail * bsize
    if (free < leastFree) {
      throw new HoopError(
        'unavailable',
        `${folder} has ${Math.floor(free / 1024 / 1024)} MiB left, and needs ${leastFree / 1024 / 1024}.`,
      )
    }
    const file = join(folder, `.probe-${randomBytes(6).toString('hex')}`)
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile('x')
      await handle.sync()
    } finally {
      await handle.close()
      await rm(file, { force: true })
    }
  }
}

/**
 * Holds once the provider has answered. One that is gone later is no reason to send callers away from every gateway at once: sessions go on
 * without it until their account is to be checked, and logins fail with words. It is asked again at most every half minute.
 */
export function providerKnown(metadata: () => Promise<unknown>): Check {
  let known = false
  let failure: { readonly error: unknown; readonly at: number } | null = null
  return async () => {
    if (known) return
    if (failure !== null && performance.now() - failure.at < 30_000) throw failure.error
    try {
      await metadata()
      known = true
    } catch (error) {
      failure = { error, at: performance.now() }
      throw error
    }
  }
}
