import type { LocalEndpoint, ProtocolFacts } from '../local-endpoint.ts'

/** What a command line needs to know of Kubernetes: nothing is loaded here. */
export const facts = {
  defaultPort: 6443,
  socketName: (): null => null,
  answerAtOnce: (): null => null,
  connectionString: ({ host, port }: LocalEndpoint): string => `https://${host}:${port}`,
  /** kubectl, helm and client-go read KUBECONFIG; what runs in a pod of another cluster would go there. */
  environment: ({ configuration }: LocalEndpoint): Record<string, string | undefined> => ({
    KUBECONFIG: configuration ?? undefined,
    KUBERNETES_SERVICE_HOST: undefined,
    KUBERNETES_SERVICE_PORT: undefined,
    NO_PROXY: 'localhost,127.0.0.1,::1',
    no_proxy: 'localhost,127.0.0.1,::1',
  }),
  /** A kubeconfig with one context. YAML is a superset of JSON. */
  configuration(endpoint: LocalEndpoint): { readonly fileName: string; readonly text: string } {
    const { connection, password, rootCertificate } = endpoint
    const name = `hoop-${connection}`
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name,
          cluster: {
            server: facts.connectionString(endpoint),
            ...(rootCertificate !== null && { 'certificate-authority': rootCertificate }),
          },
        },
      ],
      users: [{ name, user: { token: password } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    }
    return { fileName: `${connection}.kubeconfig`, text: `${JSON.stringify(config, null, 2)}\n` }
  },
} as const satisfies ProtocolFacts
