/** Where a program finds a connection on its own machine. */
export interface LocalEndpoint {
  /** The name of the connection. */
  readonly connection: string
  /** An address; or the folder of a Unix socket, which begins with `/`. */
  readonly host: string
  readonly port: number
  /** Of a protocol that has none: the user's name. */
  readonly database: string
  readonly user: string
  readonly password: string
  /** Path of the authority to trust; null: no TLS. */
  readonly rootCertificate: string | null
  /** Path of the file that `configuration` made; null: there is none. */
  readonly configuration: string | null
}

/** What a command line needs to know of a protocol. */
export interface ProtocolFacts {
  /** First port tried for a name's stable local port. */
  readonly defaultPort: number
  /** The file of a Unix socket in place of a port; null: programs of this protocol cannot use one. */
  socketName(place: { readonly connection: string; readonly port: number }): string | null
  /**
   * The answer to what a program asks before it says who it is, where it needs no gateway: whether the port has encryption. Null: what came is
   * not just that.
   */
  answerAtOnce(first: Uint8Array, tls: boolean): Uint8Array | null
  /** The URL that tools take; the password only where it is asked for. */
  connectionString(endpoint: LocalEndpoint, options: { showPassword: boolean }): string
  /** What programs read; undefined: what must not be there. */
  environment(endpoint: LocalEndpoint): Record<string, string | undefined>
  /** A file that programs of this protocol are configured by, the password in it; absent: they need none. */
  configuration?(endpoint: LocalEndpoint): { readonly fileName: string; readonly text: string }
}
