import type { LocalEndpoint, ProtocolFacts } from '../local-endpoint.ts'

/** What a command line needs to know of a service that speaks HTTP: nothing is loaded here. */
export const facts = {
  /** First port tried for a name's stable local port. */
  defaultPort: 8080,
  socketName: ({ connection }: { connection: string }): string => `${connection}.sock`,
  answerAtOnce: (): null => null,
  /** The URL of the service; the password only where it is asked for. */
  connectionString({ host, port, user, password, rootCertificate }: LocalEndpoint, options: { showPassword: boolean }): string {
    const secret = options.showPassword ? `${user}:${encodeURIComponent(password)}@` : ''
    if (host.startsWith('/')) return `http://${secret}localhost`
    return `${rootCertificate === null ? 'http' : 'https'}://${secret}${host}:${port}`
  },
  /** `BILLING_API_URL` and `BILLING_API_TOKEN` for the connection billing-api, and where it is a Unix socket `BILLING_API_SOCKET`. */
  environment(endpoint: LocalEndpoint): Record<string, string | undefined> {
    const name = endpoint.connection.toUpperCase().replaceAll('-', '_')
    return {
      [`${name}_URL`]: facts.connectionString(endpoint, { showPassword: false }),
      [`${name}_TOKEN`]: endpoint.password,
      [`${name}_SOCKET`]: endpoint.host.startsWith('/') ? `${endpoint.host}/${facts.socketName(endpoint)}` : undefined,
      // A proxy would stand between the program and the local port.
      NO_PROXY: 'localhost,127.0.0.1,::1',
      no_proxy: 'localhost,127.0.0.1,::1',
      ...(endpoint.rootCertificate !== null && {
        NODE_EXTRA_CA_CERTS: endpoint.rootCertificate,
        SSL_CERT_FILE: endpoint.rootCertificate,
        REQUESTS_CA_BUNDLE: endpoint.rootCertificate,
        CURL_CA_BUNDLE: endpoint.rootCertificate,
      }),
    }
  },
} as const satisfies ProtocolFacts
