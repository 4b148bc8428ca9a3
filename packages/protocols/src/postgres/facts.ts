/** What a command line needs to know of PostgreSQL: nothing is imported here. */
export interface LocalEndpoint {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string
}

export const facts = {
  /** First port tried for a name's stable local port. */
  defaultPort: 5432,
  /** The URL that tools take; the password only where it is asked for. */
  connectionString({ host, port, database, user, password }: LocalEndpoint, options: { showPassword: boolean }): string {
    const secret = options.showPassword ? `:${encodeURIComponent(password)}` : ''
    return `postgresql://${encodeURIComponent(user)}${secret}@${host}:${port}/${encodeURIComponent(database)}`
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
      // These ask for TLS, which the local port has not.
      PGCHANNELBINDING: undefined,
      PGSSLNEGOTIATION: undefined,
      PGHOST: endpoint.host,
      PGPORT: String(endpoint.port),
      PGDATABASE: endpoint.database,
      PGUSER: endpoint.user,
      PGPASSWORD: endpoint.password,
      PGREQUIREAUTH: 'scram-sha-256',
      PGSSLMODE: 'disable',
      PGGSSENCMODE: 'disable',
      DATABASE_URL: facts.connectionString(endpoint, { showPassword: true }),
    }
  },
} as const
