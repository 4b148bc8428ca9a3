import { bytesOf, HoopError, type Identity, type LimitDocument, seconds } from '@hoop/contracts'
import type { Words } from './refusals.ts'

/** What was used of one limit. */
interface Usage {
  rows: number
  bytes: number
  /** Operations that may begin at this moment. */
  tokens: number
  /** When that was: milliseconds. */
  at: number
}

interface Counted {
  readonly limit: LimitDocument
  readonly usage: Usage
}

const day = 86_400_000
/** Identities that are counted at a time: more are no people and no programs at work. */
const mostCounted = 100_000

/** What identities used today, of this gateway. */
export class IdentityUsage {
  #day = 0
  #used = new Map<string, Usage>()

  of(identity: Identity, limit: LimitDocument, now: number): Usage {
    const today = Math.floor(now / day)
    if (today !== this.#day || this.#used.size > mostCounted) {
      this.#day = today
      this.#used = new Map()
    }
    return usageIn(this.#used, `${limit.name} ${identity.id}`, limit, now)
  }
}

/** The limits of one session: asked before an operation is judged, and told what its results come to. */
export class Limits {
  readonly #identity: Identity
  readonly #identities: IdentityUsage
  readonly #session = new Map<string, Usage>()

  constructor(identity: Identity, identities: IdentityUsage) {
    this.#identity = identity
    this.#identities = identities
  }

  /** Counts an operation; words for one that is too many, or comes after a limit is used up. */
  refusal(limits: readonly LimitDocument[], now = Date.now()): Words | null {
    for (const limit of limits) {
      if (limit.per === 'operation') continue
      const usage = this.#usage(limit, now)
      const used = exceeded(limit, usage, 1)
      if (used !== null)
        return refused(
          limit,
          used,
          limit.per === 'session' ? 'An admin can say whether the limit fits what you do.' : 'Go on tomorrow, or ask an admin.',
        )
      const { operationsPerMinute } = limit
      if (operationsPerMinute === undefined) continue
      usage.tokens = Math.min(operationsPerMinute, usage.tokens + ((now - usage.at) * operationsPerMinute) / 60_000)
      usage.at = now
      if (usage.tokens < 1) {
        const wait = Math.ceil(((1 - usage.tokens) * 60) / operationsPerMinute)
        return refused(limit, `${operationsPerMinute} operations a minute`, `Send it again in ${wait} s.`)
      }
      usage.tokens--
    }
    return null
  }

  /** Null: nothing limits it. */
  meter(limits: readonly LimitDocument[]): OperationMeter | null {
    if (limits.length === 0) return null
    const now = Date.now()
    const counted = limits.map((limit) => ({ limit, usage: this.#usage(limit, now) }))
    return new OperationMeter(counted)
  }

  #usage(limit: LimitDocument, now: number): Usage {
    if (limit.per === 'operation') return unused(limit, now)
    if (limit.per === 'identity') return this.#identities.of(this.#identity, limit, now)
    return usageIn(this.#session, limit.name, limit, now)
  }
}

/** One operation under way, counted for all the limits that it is under. */
export class OperationMeter {
  readonly #counted: readonly Counted[]
  #rows = 0
  #over: HoopError | null = null
  #timer: NodeJS.Timeout | undefined = undefined

  constructor(counted: readonly Counted[]) {
    this.#counted = counted
  }

  /** The limit that ended it; null: none. */
  get over(): HoopError | null {
    return this.#over
  }

  /** It leaves for the backend; `end` is called when its time is up. */
  begin(end: (reason: HoopError) => void): void {
    const timed = this.#counted.flatMap(({ limit }) =>
      limit.operationTime === undefined ? [] : [{ limit, time: seconds(limit.operationTime) }],
    )
    const [first] = timed.toSorted((a, b) => a.time - b.time)
    if (first === undefined) return
    this.#timer = setTimeout(() => {
      this.#over ??= ended(first.limit, `${first.limit.operationTime} for an operation`)
      end(this.#over)
    }, first.time * 1000).unref()
  }

  /** `rows`: of the whole operation so far. The answer is the limit that is exceeded now, or was before. */
  count(rows: number, bytes: number): HoopError | null {
    const more = Math.max(0, rows - this.#rows)
    this.#rows += more
    for (const { limit, usage } of this.#counted) {
      usage.rows += more
      usage.bytes += bytes
      const used = exceeded(limit, usage, 0)
      if (used !== null) this.#over ??= ended(limit, used)
    }
    return this.#over
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

function usageIn(used: Map<string, Usage>, key: string, limit: LimitDocument, now: number): Usage {
  let usage = used.get(key)
  if (usage === undefined) {
    usage = unused(limit, now)
    used.set(key, usage)
  }
  return usage
}

function unused({ operationsPerMinute = 0 }: LimitDocument, now: number): Usage {
  return { rows: 0, bytes: 0, tokens: operationsPerMinute, at: now }
}

/** What the limit allows, where so much more than was used is beyond it. */
function exceeded({ rows, bytes, per }: LimitDocument, used: Usage, more: number): string | null {
  const of = { operation: 'of an operation', session: 'in a session', identity: 'in a day' }[per]
  if (rows !== undefined && used.rows + more > rows) return `${rows} rows ${of}`
  if (bytes !== undefined && used.bytes + more > bytesOf(bytes)) return `${bytes} ${of}`
  return null
}

function refused({ name }: LimitDocument, allowed: string, hint: string): Words {
  const rule = `Limit/${name}`
  return { code: 'policy_denied', rule, message: `refused: ${rule} allows ${allowed}`, detail: 'It was not run.', hint }
}

function ended({ name }: LimitDocument, allowed: string): HoopError {
  return new HoopError('too_many_requests', `ended: Limit/${name} allows ${allowed}`, {
    hint: 'Ask for less at a time, or ask an admin about the limit. An open transaction is rolled back.',
  })
}
