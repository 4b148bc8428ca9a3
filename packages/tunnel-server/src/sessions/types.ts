import type { KeyObject } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type {
  ConnectionDocument,
  Effect,
  Identity,
  ObjectAccess,
  OpenSessionRequest,
  OpenSessionResponse,
  Operation,
  Parameter,
  ProtocolName,
  SessionSetting,
  SessionSummary,
} from '@hoop/contracts'
import type { RuleSet } from '@hoop/policy'
import type { LocalTls, Upstreams } from '@hoop/protocols'
import type { Entry } from '@hoop/recording'
import type { Logger } from 'pino'
import type { Caller } from '../identity/access-tokens.ts'
import type { Dialling } from '../tunnels/dial.ts'
import type { Turns } from '../turns.ts'

/** What the API and the tunnels may ask of sessions. Every method throws a HoopError for what a person can act on. */
export interface EventsOptions {
  /** The number of the event behind which to begin; -1: at the first. */
  readonly after: number
  /** Waits for more. */
  readonly follow: boolean
  /** Only what a person can follow, and counts of the rest. */
  readonly live: boolean
  /** Only those of this operation, with the bytes that they name; null: all, without. */
  readonly bytesOf: string | null
  readonly signal: AbortSignal
}

export interface Sessions {
  /** Checks access, opens the record and the row in the index. */
  open(caller: Caller, request: OpenSessionRequest, address: string): Promise<OpenSessionResponse>
  /** Serves one stream that came through this tunnel; rejects at once when the session is not open, or was not opened for this tunnel. */
  serveStream(tunnel: string, session: string, client: Duplex): Promise<void>
  /** Ends a session: its streams get the words in their own protocol, its record is closed. Ending an ended session does nothing. */
  end(session: string, words: string): Promise<void>
  /**
   * A tunnel of this login is up; the login may open sessions under its id until it is closed, and they end with it. Throws `conflict` if the
   * id is taken, `too_many_requests` if the identity has too many.
   */
  tunnelOpened(caller: Caller, tunnel: string): void
  tunnelClosed(tunnel: string, words: string): Promise<void>
  /**
   * The caller goes on with a tunnel whose network connection was lost: sessions that they may not use any more end. Throws `not_found` unless
   * the tunnel is one of this login, and of this device.
   */
  tunnelResumed(caller: Caller, tunnel: string): void
  /** Ends each stream when nothing of it is under way; resolves when all have ended, or after so many milliseconds. Nothing new is opened. */
  drain(words: string, milliseconds: number): Promise<void>
  /** How many there are now. */
  readonly counts: { readonly sessions: number; readonly streams: number; readonly tunnels: number }
  list(filter: SessionFilter): Promise<SessionSummary[]>
  get(session: string): Promise<SessionSummary>
  /** Lines of the record as on disk, one or several joined by newlines at a time, from `after` (exclusive; -1: from the first); `follow` waits for more until the session ends. */
  events(session: string, options: EventsOptions): AsyncIterable<string>
  /** Puts on the session's record who read it; for an ended session in the gateway's own audit log. */
  noteRead(session: string, by: Identity, what: string): Promise<void>
  /** Ends all sessions; after it nothing is served. */
  close(words: string): Promise<void>
}
export interface SessionFilter {
  /** With what was done on its behalf. */
  readonly identity: string | null
  readonly connection: string | null
  readonly state: 'open' | 'closed' | null
  readonly limit: number
}

/** The index of sessions in the store. */
export interface SessionIndex {
  insert(session: {
    id: string
    identity: Identity
    connection: string
    via: string
    reason: string | null
    openedAt: Date
  }): Promise<void>
  /** Sets state, words, time and the count of operations. */
  close(id: string, words: string, operations: number): Promise<void>
  list(filter: SessionFilter): Promise<SessionSummary[]>
  get(id: string): Promise<SessionSummary | null>
  /** Sessions still open in the index: at start, those that a killed gateway left. */
  open(): Promise<SessionSummary[]>
}

/** A held operation, as approvers will see it: text and parameters are in their recorded (masked) form already. */
export interface HoldRequest {
  readonly session: string
  readonly operationId: string
  readonly connection: string
  readonly requester: Identity
  readonly reason: string | null
  readonly rule: string
  readonly message: string
  readonly approverGroups: readonly string[]
  /** Seconds. */
  readonly timeout: number
  readonly text: string
  readonly parameters: readonly Pick<Parameter, 'type' | 'value'>[]
  readonly effects: readonly Effect[]
  readonly objects: readonly ObjectAccess[]
  /** How many must say yes. */
  readonly count: number
  /** `ticket`: after a while nobody waits for it, and the same operation passes once it is approved. */
  readonly onHold: 'wait' | 'ticket'
  readonly database: string | null
  /** Of the database, that it runs under. */
  readonly role: string | null
  /** What its session has set for itself, as on the record; null: nobody knows. */
  readonly settings: readonly SessionSetting[] | null
  readonly inTransaction: boolean
  /** Operations of the session before it, as on the record, the last one last. */
  readonly before: readonly string[]
  /** Null: nobody may look at it. */
  readonly original: Pick<Operation, 'text' | 'parameters'> | null
  readonly bound: Bound
}
/** Everything that an approval holds for; kept as keyed digests only. */
export interface Bound {
  /** For this very operation; null where nobody can tell which that is. */
  readonly exact: readonly unknown[] | null
  /** For those like it; null where nobody can tell which are. */
  readonly like: readonly unknown[] | null
}
export interface Decision {
  /** `ticket`: nobody has decided it yet, and it is not waited for any more. */
  readonly decision: 'approved' | 'denied' | 'timed-out' | 'withdrawn' | 'ticket'
  /** Who decided it; where several approved it, the last of them. */
  readonly by: Identity | null
  readonly reason: string | null
  /** The others who approved it. */
  readonly also?: readonly Identity[]
  /** Nobody was asked for this very operation. */
  readonly through?: 'ticket' | 'batch' | 'break-glass'
}
/** One question and its answer. */
export interface Asked {
  readonly approval: string
  readonly decision: Decision
}
/** What the gate may ask of approvals. */
export interface Holds {
  /**
   * Stores the held operation and tells approvers; `id` is known before the promise of the decision settles.
   * Aborting the signal withdraws. A store that fails rejects `decision`: never an approval.
   */
  hold(request: HoldRequest, signal: AbortSignal): Promise<{ id: string; decision: Promise<Decision> }>
  /** What was answered, or is asked already, and counts for this one, too: a ticket, or a batch. */
  standing(request: HoldRequest): Promise<Asked | null>
  /** Counts one use of each, all or none; false when one of them does not hold any more. */
  use(ids: readonly string[]): Promise<boolean>
  /** An approval that is not used now waits for its ticket. */
  keep(id: string): Promise<void>
  /** Locks that the transaction of a held one has, for its approvers. */
  locked(id: string, locks: readonly string[]): Promise<void>
  /** Marks an approved one as void (judged again before release, and not the same any more). */
  void(id: string, words: string): Promise<void>
}

/** Registered connections, with what it takes to dial them. */
export interface Connections {
  get(name: string): ConnectionDocument | null
  /** Resolves the secret and the address, for one dial; rejects with a HoopError `connection_unavailable`. */
  upstream<P extends ProtocolName>(name: string, protocol: P): Promise<Upstreams[P]>
}

/** What lasts only as long as a login and an access do. */
export interface Standing {
  readonly signal: AbortSignal
  release(): void
}

/** TLS for the local ports of one identity, and the authority (PEM) that its programs must trust for it. */
export interface LocalCertificate {
  readonly authority: string
  readonly tls: LocalTls
}

/** Counts what sessions do. Never throws, and costs next to nothing. */
export interface SessionMeter {
  /** These entries were put on the record of a session of this protocol. */
  recorded(protocol: string, entries: readonly Entry[]): void
  /** What was put on a record was written, which took so long. */
  wrote(milliseconds: number): void
  /** A record could not be written. */
  unrecorded(): void
}

export interface SessionsDependencies {
  readonly meter: SessionMeter
  readonly turns: Turns
  readonly index: SessionIndex
  /** The compiled documents in force now. */
  readonly rules: () => RuleSet
  readonly holds: Holds
  readonly connections: Connections
  readonly dialling: Dialling
  /** Aborts, with the reason, as soon as the caller's login ends or the connection may not be used any more; until `release`. */
  readonly hold: (caller: Caller, connection: string) => Standing
  /** Rejects with a HoopError when there can be none now. */
  readonly localCertificate: (identity: Identity) => Promise<LocalCertificate>
  /** Folder of all records; one folder per session inside. */
  readonly records: string
  /** Keys the digests in the record. */
  readonly digestKey: KeyObject
  readonly log: Logger
}
