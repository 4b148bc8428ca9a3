import type { FieldPath } from './patches.ts'

const metadata = [
  ['metadata', 'name'],
  ['metadata', 'creationTimestamp'],
] as const

/** What `-o wide` shows of the pods that something makes. */
const template: readonly FieldPath[] = [
  ['spec', 'selector'],
  ['spec', 'template', 'spec', 'containers', 0, 'name'],
  ['spec', 'template', 'spec', 'containers', 0, 'image'],
]

/** Which places of the object the cells of its table are made of, all columns of `-o wide` included; null: that is not known. */
export function cellPaths(kind: string): readonly FieldPath[] | null {
  const own = cells[kind]
  return own === undefined ? null : [...metadata, ...own]
}

/**
 * https://github.com/kubernetes/kubernetes/blob/v1.35.0/pkg/printers/internalversion/printers.go; of Secrets and ConfigMaps it shows how many
 * entries they have.
 */
const cells: Readonly<Record<string, readonly FieldPath[]>> = {
  secrets: [['type']],
  configmaps: [],
  namespaces: [['status', 'phase']],
  serviceaccounts: [['secrets']],
  pods: [['status'], ['spec', 'nodeName'], ['spec', 'readinessGates'], ['metadata', 'deletionTimestamp']],
  nodes: [['status'], ['spec', 'unschedulable'], ['metadata', 'labels']],
  services: [
    ['spec', 'type'],
    ['spec', 'clusterIP'],
    ['spec', 'externalIPs'],
    ['spec', 'externalName'],
    ['spec', 'ports'],
    ['spec', 'selector'],
    ['status', 'loadBalancer'],
  ],
  'deployments.apps': [['status'], ['spec', 'replicas'], ...template],
  'statefulsets.apps': [['status'], ['spec', 'replicas'], ...template],
  'daemonsets.apps': [['status'], ['spec', 'template', 'spec', 'nodeSelector'], ...template],
  'replicasets.apps': [['status'], ['spec', 'replicas'], ...template],
}
