import type { LocalEndpoint, ProtocolFacts } from '../local-endpoint.ts'

/** Whole packets: SSLRequest and GSSENCRequest. https://www.postgresql.org/docs/current/protocol-message-formats.html */
const requests = { ssl: '0000000804d2162f', gssenc: '0000000804d21630' } as const

/** What a command line needs to know of PostgreSQL: nothing is loaded here. */
export const facts = {
  /** First port tried for a name's stable local port. */
  defaultPort: 5432,
  socketName: ({ port }: { port: number }): string => `.s.PGSQL.${port}`,
  /**
   * The answer to what a program asks before it says who it is, where it needs no gateway: whether the port has encryption. Null: what came is
   * not just that.
   */
  answerAtOnce(first: Uint8Array, tls: boolean): Uint8Array | null {
    if (first.length !== 8) return null
    const packet = Array.from(first, (byte) => byte.toString(16).padStart(2, '0')).join('')
    return packet === requests.gssenc || (packet === requests.ssl && !tls) ? Uint8Array.of(0x4e) : null
  },
  /** The URL that tools take; the password only where it is asked for. */
  connectionString(endpoint: LocalEndpoint, options: { showPassword: boolean }): string {
    const { host, port, database, user, password, rootCertificate } = endpoint
    const secret = options.showPassword ? `:${encodeURIComponent(password)}` : ''
    const socket = host.startsWith('/')
    const parameters = {
      ...(socket ? { host, port: String(port) } : {}),
      ...(rootCertificate === null ? {} : { sslmode: 'verify-full', sslrootcert: rootCertificate }),
    }
    const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%2F', '/')}`)
    const where = socket ? '' : `${host}:${port}`
    const query = pairs.length === 0 ? '' : `?${pairs.join('&')}`
    return `postgresql://${encodeURIComponent(user)}${secret}@${where}/${encodeURIComponent(database)}${query}`
  },
  /**
   * What libpq and most drivers read; undefined: what must not be there. PGREQUIREAUTH: a false listener on the port learns nothing.
   * https://www.postgresql.org/docs/current/libpq-envars.html
   */
  environment(endpoint: LocalEndpoint): Record<string, string | undefined> {
    return {
      // These win over PGHOST: the program would go past the gateway.
      PGHOSTADDR: undefined,
      PGSERVICE: undefined,
      // These ask for TLS in ways that a command may not be meant for here.
      PGCHANNELBINDING: undefined,
      PGSSLNEGOTIATION: undefined,
      // A certificate of the user's own is not for us.
      PGSSLCERT: undefined,
      PGSSLKEY: undefined,
      PGSSLCRL: undefined,
      PGSSLCRLDIR: undefined,
      PGHOST: endpoint.host,
      PGPORT: String(endpoint.port),
      PGDATABASE: endpoint.database,
      PGUSER: endpoint.user,
      PGPASSWORD: endpoint.password,
      PGREQUIREAUTH: 'scram-sha-256',
      PGSSLMODE: endpoint.rootCertificate === null ? 'disable' : 'verify-full',
      PGSSLROOTCERT: endpoint.rootCertificate ?? undefined,
      PGGSSENCMODE: 'disable',
      DATABASE_URL: facts.connectionString(endpoint, { showPassword: true }),
    }
  },
} as const satisfies ProtocolFacts
