import type { Entry, Last } from '@hoop/recording'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { SessionMeter } from '../sessions/types.ts'

/** What is counted where it is, and asked for when somebody wants to know. Each may be called at any time. */
export interface Gauges {
  readonly sessions: () => number
  readonly streams: () => number
  readonly tunnels: () => number
  readonly agents: () => number
  readonly agentStreams: () => number
  /** Null: without TLS. */
  readonly tlsExpiresAt: () => Date | null
  readonly tlsProblem: () => boolean
  /** Whether the gateway is ready, by check. */
  readonly checks: () => ReadonlyMap<string, boolean>
}

/** Seconds. */
const storeBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** Milliseconds from which on writing an entry is slow: it takes some microseconds. */
const slowWrite = 10

/** What is counted for each statement: plain numbers, handed to prom-client when somebody asks. */
class Tally {
  permit = 0
  refuse = 0
  hold = 0
  catalogueReads = 0
  failed = 0
  masked = 0
  streams = 0
  up = 0
  down = 0

  end({ kind, masked }: Last['outcome']): void {
    if (kind === 'error') this.failed++
    for (const mask in masked) this.masked += masked[mask] ?? 0
  }
}
const verdicts = ['permit', 'refuse', 'hold'] as const
const ways = ['up', 'down'] as const
const decisions = ['approved', 'denied', 'timed-out', 'withdrawn', 'void'] as const

/** What a gateway tells Prometheus. No label has values of people, statements or names of documents: only short lists that are in the code. */
export class Metrics implements SessionMeter {
  readonly registry = new Registry()
  readonly #registers = [this.registry]
  readonly #tallies = new Map<string, Tally>()
  readonly #decided = { approved: 0, denied: 0, 'timed-out': 0, withdrawn: 0, void: 0 }
  #holds = 0
  #recordWrites = 0
  #recordWriteTime = 0
  #slowWrites = 0
  #recordFailures = 0

  readonly #logins = new Counter({
    name: 'hoop_logins_total',
    help: 'logins and renewals',
    labelNames: ['kind', 'result'],
    registers: this.#registers,
  })
  readonly #requests = new Counter({
    name: 'hoop_http_requests_total',
    help: 'answers of the API',
    labelNames: ['route', 'status'],
    registers: this.#registers,
  })
  readonly #store = new Histogram({
    name: 'hoop_store_seconds',
    help: 'until the store had answered',
    buckets: storeBuckets,
    registers: this.#registers,
  })
  readonly #notifications = new Counter({
    name: 'hoop_notifications_total',
    help: 'tries to tell people outside of hoop',
    labelNames: ['way', 'result'],
    registers: this.#registers,
  })
  readonly #storeFailures = new Counter({
    name: 'hoop_store_failures_total',
    help: 'look-ups and changes that the store did not answer',
    registers: this.#registers,
  })

  constructor({ version }: { readonly version: string }) {
    collectDefaultMetrics({ register: this.registry })
    this.#asked('build_info', 'always 1', ['version', 'node'], (set) => set({ version, node: process.version }, 1))
    this.#counted('operations', 'operations that callers asked for', ['protocol', 'verdict'], (set) => {
      for (const [protocol, tally] of this.#tallies) for (const verdict of verdicts) set({ protocol, verdict }, tally[verdict])
    })
    this.#perProtocol('operations_failed', 'operations that ended in an error', ({ failed }) => failed)
    this.#perProtocol('catalogue_reads', "statements of the gateway's own", ({ catalogueReads }) => catalogueReads)
    this.#perProtocol('masked_values', 'values that were masked', ({ masked }) => masked)
    this.#perProtocol('streams', 'connections of programs that were opened', ({ streams }) => streams)
    this.#counted('recorded_traffic_bytes', 'bytes of operations and results on the record', ['protocol', 'way'], (set) => {
      for (const [protocol, tally] of this.#tallies) for (const way of ways) set({ protocol, way }, tally[way])
    })
    this.#asked('holds_open', 'operations that wait for a person', [], (set) => set({}, this.#holds))
    this.#counted('holds_decided', 'decisions about held operations', ['decision'], (set) => {
      for (const decision of decisions) set({ decision }, this.#decided[decision])
    })
    this.#counted('record_writes', 'writes to records', [], (set) => set({}, this.#recordWrites))
    this.#counted('record_write_seconds', 'time that they took', [], (set) => set({}, this.#recordWriteTime / 1000))
    this.#counted('record_writes_slow', 'those that took more than 10 ms', [], (set) => set({}, this.#slowWrites))
    this.#counted('record_failures', 'sessions whose record could not be written', [], (set) => set({}, this.#recordFailures))
  }

  /** Asks these whenever somebody wants to know. Called once. */
  watch(gauges: Gauges): void {
    const single = (name: string, help: string, value: () => number) => this.#asked(name, help, [], (set) => set({}, value()))
    single('sessions_open', 'sessions that are open', gauges.sessions)
    single('streams_open', 'connections of programs that are open', gauges.streams)
    single('tunnels_open', 'tunnels of callers', gauges.tunnels)
    single('agents_online', 'agents whose tunnel ends here', gauges.agents)
    single('agent_streams_open', 'connections through agents', gauges.agentStreams)
    single('tls_expiry_timestamp_seconds', 'when the certificate expires; 0 without TLS', () => {
      return (gauges.tlsExpiresAt()?.getTime() ?? 0) / 1000
    })
    single('tls_files_refused', '1: the files hold a certificate that is not used', () => (gauges.tlsProblem() ? 1 : 0))
    this.#asked('ready', 'whether each check of readiness held when it was last looked at', ['check'], (set) => {
      for (const [check, holds] of gauges.checks()) set({ check }, holds ? 1 : 0)
    })
  }

  wrote(milliseconds: number): void {
    this.#recordWrites++
    this.#recordWriteTime += milliseconds
    if (milliseconds > slowWrite) this.#slowWrites++
  }

  recorded(protocol: string, entries: readonly Entry[]): void {
    const tally = this.#tallies.get(protocol) ?? this.#tallyOf(protocol)
    for (const entry of entries) {
      switch (entry.type) {
        case 'operation':
          tally[entry.by === 'hoop' ? 'catalogueReads' : entry.verdict]++
          break
        case 'outcome':
          tally.end(entry)
          break
        case 'last':
          for (const { length } of entry.pieces) tally.down += length
          tally.end(entry.outcome)
          break
        case 'chunk':
          for (const { length } of entry.pieces) tally[entry.way] += length
          break
        case 'stream.opened':
          tally.streams++
          break
        case 'held':
          this.#holds++
          break
        case 'decided':
          // One that is void was decided before.
          if (entry.decision !== 'void') this.#holds--
          this.#decided[entry.decision]++
          break
      }
    }
  }

  unrecorded(): void {
    this.#recordFailures++
  }

  /** A person or a machine has logged in, or renewed a login, or could not. */
  login(kind: 'login' | 'renewal', result: 'ok' | 'refused'): void {
    this.#logins.inc({ kind, result })
  }

  /** The API has answered on one of its routes; `route` is its pattern, and null where there is none. */
  answered(route: string | null, status: number): void {
    this.#requests.inc({ route: route ?? 'none', status: `${Math.floor(status / 100)}xx` })
  }

  /** People were told outside of hoop, or not yet, or are not. */
  notified(way: 'webhook' | 'slack' | 'mail', result: 'delivered' | 'failed' | 'given up'): void {
    this.#notifications.inc({ way, result })
  }

  /** The store has answered, or not. */
  stored(milliseconds: number, answered: boolean): void {
    this.#store.observe(milliseconds / 1000)
    if (!answered) this.#storeFailures.inc()
  }

  #tallyOf(protocol: string): Tally {
    const tally = new Tally()
    this.#tallies.set(protocol, tally)
    return tally
  }

  #perProtocol(name: string, help: string, value: (tally: Tally) => number): void {
    this.#counted(name, help, ['protocol'], (set) => {
      for (const [protocol, tally] of this.#tallies) set({ protocol }, value(tally))
    })
  }

  /** A counter whose value is kept elsewhere. */
  #counted<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    tell: (set: Set<Label>) => void,
  ): void {
    const counter: Counter<Label> = new Counter({
      name: `hoop_${name}_total`,
      help,
      labelNames,
      registers: this.#registers,
      collect: () => {
        counter.reset()
        tell((labels, value) => counter.inc(labels, value))
      },
    })
  }

  #asked<Label extends string>(name: string, help: string, labelNames: readonly Label[], tell: (set: Set<Label>) => void): void {
    const gauge: Gauge<Label> = new Gauge({
      name: `hoop_${name}`,
      help,
      labelNames,
      registers: this.#registers,
      collect: () => tell((labels, value) => gauge.set(labels, value)),
    })
  }
}

type Set<Label extends string> = (labels: Partial<Record<Label, string>>, value: number) => void
