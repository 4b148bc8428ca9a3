import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'
import type {
  Gate,
  HttpOperation,
  Identity,
  LoadBalance,
  Profile,
  ProtocolName,
  ScramVerifier,
  TargetSessionAttrs,
} from '@hoop/contracts'

/** How to reach the backend's own cancel path: our key, given to the caller, and what to do when it comes back. */
export interface Cancels {
  /** Registers a callback under a new random key of so many bytes, which the caller is given. */
  register(cancel: () => void, secretLength: number): CancelHandle
  /** Runs the callback of this key, if it is known and the try is within limits. */
  cancel(processId: number, secret: Buffer): void
}
export interface CancelHandle {
  readonly processId: number
  readonly secret: Buffer
  release(): void
}

/** How the backend's certificate is checked, and how TLS begins. */
export interface BackendTls {
  readonly serverName: string
  /** PEM; null: the system's roots. */
  readonly ca: string | null
  /** `direct`: TLS from the first byte, in place of the protocol's own request for it. */
  readonly negotiation: 'postgres' | 'direct'
}

/** One place where the backend listens. */
export interface BackendHost {
  /** A name or an address; one that begins with `/` is the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  /** Null: plain, which only a backend on this machine may be. */
  readonly tls: BackendTls | null
}

/** What the gateway shows of itself in TLS, as PEM: a chain that begins with its own certificate, and that one's key. */
export interface ClientCertificate {
  readonly certificate: string
  readonly key: string
}

/** TLS on the caller's leg, which ends in the gateway: a certificate for localhost. */
export interface LocalTls {
  readonly context: SecureContext
  /** Channel binding of the type tls-server-end-point (RFC 5929, section 4): the hash of that certificate. */
  readonly endPoint: Buffer
}

/** The transport of a backend, decrypted for one dial. */
export interface Upstream {
  /** In the order in which they are tried. */
  readonly hosts: readonly BackendHost[]
  /** Milliseconds that one host may take from the dial to the end of the login. */
  readonly connectTimeout: number
  readonly certificate: ClientCertificate | null
}

export interface PostgresUpstream extends Upstream {
  readonly loadBalance: LoadBalance
  readonly targetSessionAttrs: TargetSessionAttrs
  readonly user: string
  /** Null: the backend asks for none. */
  readonly password: string | null
  /** What the caller may choose among; the first is the default. */
  readonly databases: readonly string[]
}

/** A header: its name in lower case. */
export type Header = readonly [name: string, value: string]

export interface HttpUpstream extends Upstream {
  /** What the service is called by: `Host`. */
  readonly authority: string
  /**
   * Headers by which the gateway shows who it is, made anew as often as they must be, and good for a second more. `refused`: those that the service
   * did not take; where no others can be had, they are given again. Rejects with a HoopError `connection_unavailable`.
   */
  credentials(refused?: readonly Header[]): Promise<readonly Header[]>
}
export interface HttpServiceUpstream extends HttpUpstream {
  /** `/base`, or empty: goes before each path. */
  readonly basePath: string
  readonly operations: readonly HttpOperation[]
  /** Requests that fit none of them are refused. */
  readonly onlyListed: boolean
}
export interface KubernetesUpstream extends HttpUpstream {
  /** Null: the cluster sees the gateway's account only. */
  readonly impersonate: { readonly userPrefix: string; readonly groupPrefix: string } | null
}

/** What it takes to reach the backend of each protocol. */
export interface Upstreams {
  readonly postgres: PostgresUpstream
  readonly http: HttpServiceUpstream
  readonly kubernetes: KubernetesUpstream
}

/** What a login found out. */
export interface BackendLogin {
  readonly user: string
  readonly database: string
  readonly application: string | null
  /** The backend's own id of this connection. */
  readonly backend: string | null
  /** Which of the connection's hosts answered, as `host:port`. */
  readonly host: string
}

/** One stream inside a session, as a protocol sees it. */
export interface ServeContext<U extends Upstream = Upstream> {
  readonly client: Duplex
  /** The stream's number within its session. */
  readonly stream: number
  readonly sessionId: string
  readonly connection: string
  readonly identity: Identity
  /** The backend's account, its secret resolved for this use. Rejects with a HoopError. */
  upstream(): Promise<U>
  readonly localSecret: ScramVerifier
  /** Null: callers are told that there is no TLS on this leg. */
  readonly localTls: LocalTls | null
  /** `transparent`: what cannot be read is forwarded and recorded so, and nothing is pinned or refused but messages that cannot be. */
  readonly profile: Profile
  readonly gate: Gate
  readonly cancels: Cancels
  /** Aborts when the session ends: killed, expired, gateway stopping; the reason is a HoopError with words for the caller. */
  readonly signal: AbortSignal
  /** Opens a raw byte stream to the backend. May be called again. Rejects with a HoopError. */
  dial(host: BackendHost, signal?: AbortSignal): Promise<Duplex>
  /** Why a stream to the backend ended, where what carried it was lost: words for the caller. Null: the backend ended it. */
  loss?(): string | null
  /** All that the caller asked is answered, and nothing is left open: no transaction, and nothing under way. */
  rested?(): void
  /** Puts what a login found on the record; throws if it cannot be recorded. */
  loggedIn(login: BackendLogin): void
  /** Words for the gateway's log: what an admin must know, and a caller need not. */
  warn(words: string, cause?: unknown): void
  /** Puts a statement of our own (a catalogue read) on the record before it runs; throws if it cannot be recorded. */
  own(text: string): void
  /**
   * Hands on what follows from entries of the record: does `work` once all that was put there so far is in its files, which may be later in this
   * turn of the event loop, and tells it whether that could be done. What could not be recorded must not leave.
   */
  leave(work: (recorded: boolean) => void): void
  /** Things of one connection that are worth keeping between streams (catalogues). The key must name whatever the value depends on. */
  readonly shared: SharedValues
}
export interface SharedValues {
  get<T>(key: string, make: () => T): T
  delete(key: string): void
}

export type PostgresContext = ServeContext<PostgresUpstream>

/** What the product knows of a wire protocol. */
export interface Protocol<U extends Upstream> {
  /** Serves one local connection until it ends. Rejects only with our own faults; the caller has been answered in its protocol before. */
  serve(context: ServeContext<U>): Promise<void>
}
export type Protocols = { readonly [P in ProtocolName]: Protocol<Upstreams[P]> }
