import type { Duplex } from 'node:stream'
import type { Gate, Identity, ScramVerifier } from '@hoop/contracts'

/** How to reach the backend's own cancel path: our key, given to the caller, and what to do when it comes back. */
export interface Cancels {
  /** Registers a callback under a new random key; `key` is what the caller is given. */
  register(cancel: () => void): CancelHandle
  /** Runs the callback of this key, if it is known and the try is within limits. */
  cancel(processId: number, secret: Buffer): void
}
export interface CancelHandle {
  readonly processId: number
  readonly secret: Buffer
  release(): void
}

/** How the backend's certificate is checked. */
export interface BackendTls {
  readonly serverName: string
  /** PEM; null: the system's roots. */
  readonly ca: string | null
}

/** The account and transport of the backend, decrypted for one dial. */
export interface Upstream {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** Null: plain, which only a backend on loopback may be. */
  readonly tls: BackendTls | null
  /** What the caller may choose among; the first is the default. */
  readonly databases: readonly string[]
}

/** One stream inside a session, as a protocol sees it. */
export interface ServeContext {
  readonly client: Duplex
  /** The stream's number within its session. */
  readonly stream: number
  readonly sessionId: string
  readonly connection: string
  readonly identity: Identity
  /** The backend's account, its secret resolved for this use. Rejects with a HoopError. */
  upstream(): Promise<Upstream>
  readonly localSecret: ScramVerifier
  readonly gate: Gate
  readonly cancels: Cancels
  /** Aborts when the session ends: killed, expired, gateway stopping; the reason is a HoopError with words for the caller. */
  readonly signal: AbortSignal
  /** Opens a raw byte stream to the backend. May be called again. Rejects with a HoopError. */
  dial(upstream: Upstream, signal?: AbortSignal): Promise<Duplex>
  /** Puts what a login found on the record; throws if it cannot be recorded. */
  loggedIn(login: { user: string; database: string; application: string | null; backend: string | null }): void
  /** Puts a statement of our own (a catalogue read) on the record before it runs; throws if it cannot be recorded. */
  own(text: string): void
  /** Things of one connection that are worth keeping between streams (catalogues). The key must name whatever the value depends on. */
  readonly shared: SharedValues
}
export interface SharedValues {
  get<T>(key: string, make: () => T): T
  delete(key: string): void
}

/** What the product knows of a wire protocol. */
export interface Protocol {
  /** Serves one local connection until it ends. Rejects only with our own faults; the caller has been answered in its protocol before. */
  serve(context: ServeContext): Promise<void>
}
