/** What the cluster holds before anybody asks: objects by the path that they are made at, in this order. */
export interface Made {
  readonly path: string
  readonly object: object
  /** What a controller or kubelet would report. */
  readonly status?: object
}

/** The namespace of all that the suite does. */
export const namespace = 'shop'
export const pod = 'web-0'
export const container = 'app'
/** May do anything in `namespace`: `hoop:engineering` by a client certificate or by impersonation, and nobody else. */
export const engineers = 'hoop:engineering'
/** What a gateway is at the cluster: by token, or by a client certificate. */
export const gateway = { namespace: 'hoop', serviceAccount: 'gateway', user: 'hoop-gateway' } as const

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const roleRef = (kind: 'Role' | 'ClusterRole', name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name })
const named = (name: string, more: object = {}) => ({ name, ...more })
const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }

/** A running container's status, as a kubelet reports it. */
export function runningStatus(name: string): object {
  const state = { running: { startedAt: '2026-01-01T00:00:00Z' } }
  return { name, image: 'web:1', imageID: 'web@1', containerID: 'test://1', ready: true, restartCount: 0, state }
}

export function podOf(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: named(name, { labels: { app: 'web' } }),
    // No scheduler places it.
    spec: { nodeName: 'node-1', containers: [{ name: container, image: 'web:1', stdin: true }] },
  }
}

/** What a kubelet tells of a pod that it started; of `uid`, for that is what `kubectl describe` looks for. */
export function startedEvent(name: string, uid: string): object {
  const at = '2026-01-01T00:00:00Z'
  return {
    metadata: named(`${name}.started`),
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
    type: 'Normal',
    reason: 'Started',
    message: `Started container ${container}`,
    ...{ firstTimestamp: at, lastTimestamp: at, count: 1, source: { component: 'kubelet' } },
  }
}

export const runningPod = { phase: 'Running', conditions: [ready], containerStatuses: [runningStatus(container)] }

export function objectsOf(kubeletPort: number): readonly Made[] {
  const inNamespace = `/api/v1/namespaces/${namespace}`
  return [
    {
      path: '/api/v1/nodes',
      object: { apiVersion: 'v1', kind: 'Node', metadata: named('node-1') },
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
        conditions: [ready],
      },
    },
    ...[namespace, gateway.namespace].map((name) => ({
      path: '/api/v1/namespaces',
      object: { apiVersion: 'v1', kind: 'Namespace', metadata: named(name) },
    })),
    {
      path: `/api/v1/namespaces/${gateway.namespace}/serviceaccounts`,
      object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: named(gateway.serviceAccount) },
    },
    {
      path: `${rbac}/clusterroles`,
      object: {
        metadata: named('impersonator'),
        rules: [
          { apiGroups: [''], resources: ['users', 'groups'], verbs: ['impersonate'] },
          { apiGroups: ['authentication.k8s.io'], resources: ['userextras/hoop-identity'], verbs: ['impersonate'] },
        ],
      },
    },
    {
      path: `${rbac}/clusterrolebindings`,
      object: {
        metadata: named('gateway'),
        roleRef: roleRef('ClusterRole', 'impersonator'),
        subjects: [
          { kind: 'ServiceAccount', name: gateway.serviceAccount, namespace: gateway.namespace },
          { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: gateway.user },
        ],
      },
    },
    {
      path: `${rbac}/namespaces/${namespace}/roles`,
      object: { metadata: named('everything'), rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
    },
    {
      path: `${rbac}/namespaces/${namespace}/rolebindings`,
      object: {
        metadata: named('engineers'),
        roleRef: roleRef('Role', 'everything'),
        subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: engineers }],
      },
    },
    {
      path: `${inNamespace}/configmaps`,
      object: { metadata: named('settings'), data: { colour: 'green' } },
    },
    {
      path: `${inNamespace}/secrets`,
      object: { metadata: named('card-key'), type: 'Opaque', stringData: { key: 'correct horse' } },
    },
    {
      path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
      object: {
        metadata: named('web'),
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: container, image: 'web:1' }] } },
        },
      },
    },
  ]
}
