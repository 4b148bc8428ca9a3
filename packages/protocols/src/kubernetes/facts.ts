import type { LocalEndpoint, ProtocolFacts } from '../local-endpoint.ts'

/** What wins over a kubeconfig: a program would go past the gateway, or as somebody else. helm, client-go in a pod, Terraform, Ansible. */
const winning = [
  ...['HELM_KUBEAPISERVER', 'HELM_KUBECONTEXT', 'HELM_KUBETOKEN', 'HELM_KUBECAFILE', 'HELM_KUBEASUSER', 'HELM_KUBEASGROUPS'],
  ...['HELM_KUBEINSECURE_SKIP_TLS_VERIFY', 'HELM_KUBETLS_SERVER_NAME', 'KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT'],
  ...['KUBE_CONFIG_PATHS', 'KUBE_HOST', 'KUBE_TOKEN', 'KUBE_USER', 'KUBE_PASSWORD', 'KUBE_CTX', 'KUBE_CLIENT_CERT_DATA'],
  ...['K8S_AUTH_HOST', 'K8S_AUTH_API_KEY', 'K8S_AUTH_CONTEXT', 'K8S_AUTH_USERNAME', 'K8S_AUTH_PASSWORD'],
] as const

/** What a command line needs to know of Kubernetes: nothing is loaded here. */
export const facts = {
  defaultPort: 6443,
  socketName: (): null => null,
  answerAtOnce: (): null => null,
  connectionString: ({ host, port }: LocalEndpoint): string => `https://${host}:${port}`,
  /** kubectl, helm and client-go read KUBECONFIG, Terraform and Ansible variables of their own. */
  environment: ({ configuration }: LocalEndpoint): Record<string, string | undefined> => ({
    ...Object.fromEntries(winning.map((name) => [name, undefined])),
    KUBECONFIG: configuration ?? undefined,
    KUBE_CONFIG_PATH: configuration ?? undefined,
    K8S_AUTH_KUBECONFIG: configuration ?? undefined,
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
