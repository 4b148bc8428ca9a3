import { once } from 'node:events'
import pg from 'pg'
import { actAt, median } from './moments.ts'
import type { Random } from './random.ts'
import { type Work, works } from './works.ts'

const beforehand = 6
const lately = 9

/** Where a kill fell. */
export interface Strike {
  readonly work: string
  /** Since the first byte of the work that was under way, of the time that the same work took before. */
  readonly moment: number
}

/** Connections that ask one thing after the other until they are cut off. */
export class Load {
  readonly #url: string
  readonly #round: number
  readonly #clients: pg.Client[] = []
  readonly #running: Promise<void>[] = []
  readonly #acknowledged = new Set<string>()
  #struck = false

  constructor(url: string, round: number) {
    this.#url = url
    this.#round = round
  }

  /** Marks of what was answered to its end. */
  get acknowledged(): ReadonlySet<string> {
    return this.#acknowledged
  }

  /** Keeps so many connections busy with all works in any order. */
  async start(count: number, random: Random): Promise<void> {
    const clients = await Promise.all(Array.from({ length: count }, () => this.#connect()))
    for (const [index, client] of clients.entries()) {
      const endless = async () => {
        for (let n = 0; ; n++) await this.#run(client, works[random.below(works.length)] as Work, `${index}_${n}`)
      }
      const running = endless().catch((error: unknown) => {
        // Cut off is how it must end; before that, everything must go well.
        if (!this.#struck) throw error
      })
      running.catch(() => undefined)
      this.#running.push(running)
    }
  }

  /** Does one work again and again, and strikes once it is at this fraction of its usual duration. */
  async strikeDuring(work: Work, fraction: number, strike: () => void): Promise<Strike> {
    const client = await this.#connect()
    const durations: number[] = []
    for (let n = 0; ; n++) {
      const usual = median(durations.slice(-lately))
      const ended = new AbortController()
      const began = performance.now()
      const running = this.#run(client, work, `victim_${n}`)
      let moment: number | null = null
      const act = () => {
        this.#struck = true
        strike()
        moment = (performance.now() - began) / usual
      }
      const acting = n < beforehand ? null : actAt(began + fraction * usual, act, ended.signal)
      const cut = await running.then(
        () => null,
        (error: unknown) => ({ error }),
      )
      durations.push(performance.now() - began)
      ended.abort()
      await acting
      if (moment !== null) return { work: work.name, moment }
      if (cut !== null) throw cut.error
    }
  }

  /** Waits until every connection is cut off. Rejects with what failed before the strike. */
  async end(): Promise<void> {
    await Promise.all(this.#running)
    await Promise.all(this.#clients.map((client) => client.end().catch(() => undefined)))
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client(this.#url)
    client.on('error', () => undefined)
    await client.connect()
    this.#clients.push(client)
    return client
  }

  async #run(client: pg.Client, work: Work, name: string): Promise<void> {
    const mark = `mark_${this.#round}_${name}_`
    const cut = new AbortController()
    // A COPY that waits for its turn to write does not notice the end of its connection.
    const gone = once(client, 'end', { signal: cut.signal }).then(() => {
      throw new Error('the connection was cut off')
    })
    gone.catch(() => undefined)
    try {
      await Promise.race([work.run(client, mark), gone])
      this.#acknowledged.add(mark)
    } finally {
      cut.abort()
    }
  }
}
