import { serveHttp } from '../http/session.ts'
import type { KubernetesUpstream, Protocol } from '../protocol.ts'
import { kubernetesDialect } from './dialect.ts'

/** The API of Kubernetes. https://kubernetes.io/docs/reference/using-api/api-concepts/ */
export const kubernetes: Protocol<KubernetesUpstream> = {
  serve: (context) => serveHttp(context, (upstream) => kubernetesDialect(upstream)),
}
